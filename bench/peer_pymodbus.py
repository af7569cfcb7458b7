"""Plain pymodbus: read blocks of many devices and convert every value. Run as a process.

Arguments are blocks and ports as JSON, period, warm-up and duration [s]; prints figures as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from pymodbus.client import AsyncModbusTcpClient

Value = tuple[int, int, str, str]
"""First register in the block, the one behind the last, type, word order."""
Block = tuple[str, int, int, list[Value]]
"""Which of the client's reads, address, count, values."""


class Device:
    """One device, polled with what pymodbus offers."""

    def __init__(self, port: int, blocks: list[Block], pause: float = 0.0) -> None:
        self.values = 0
        self.missed = 0
        self._client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=0.5)
        self._pause = pause
        kinds = self._client.DATATYPE
        self._blocks = [
            (
                getattr(self._client, f"read_{table}"),
                address,
                count,
                [(slice(start, end), kinds[kind], order) for start, end, kind, order in values],
            )
            for table, address, count, values in blocks
        ]

    async def connect(self) -> None:
        """Connect, and stay connected."""
        if not await self._client.connect():
            raise RuntimeError("the emulated device is not there")

    def close(self) -> None:
        """Disconnect."""
        self._client.close()

    async def scan(self) -> list[Any]:
        """Read every block once and return all values."""
        found: list[Any] = []
        convert = self._client.convert_from_registers
        for read, address, count, values in self._blocks:
            response = await read(address, count=count, device_id=1)
            if response.isError():
                raise RuntimeError(f"{address}: {response}")
            if response.registers:
                registers = response.registers
                found += [convert(registers[part], kind, order) for part, kind, order in values]
            else:
                found += [response.bits[part.start] for part, _, _ in values]
            if self._pause:
                await asyncio.sleep(self._pause)
        return found

    async def run(self, start: float, period: float, until: float) -> None:
        """Scan at ``start + k · period``."""
        loop = asyncio.get_running_loop()
        await self.connect()
        due = start
        while due < until:
            await asyncio.sleep(due - loop.time())
            self.values += len(await self.scan())
            due += period
            while due < loop.time():
                due += period
                self.missed += 1
        self.close()


async def main(
    blocks: list[Block], ports: list[int], period: float, warm_up: float, seconds: float
) -> None:
    """Poll all devices and print the figures of the time after the warm-up."""
    devices = [Device(port, blocks) for port in ports]
    start = asyncio.get_running_loop().time()

    def done() -> tuple[int, int]:
        return sum(device.values for device in devices), sum(device.missed for device in devices)

    async with asyncio.TaskGroup() as group:
        for i, device in enumerate(devices):
            phase = i / len(devices) * period
            group.create_task(device.run(start + phase, period, start + warm_up + seconds + period))
        await asyncio.sleep(warm_up)
        (values, missed), begin, cpu = done(), time.monotonic(), time.process_time()
        await asyncio.sleep(seconds)
        figures = {
            "cpu": time.process_time() - cpu,
            "begin": begin,
            "end": time.monotonic(),
            "values": done()[0] - values,
            "missed": done()[1] - missed,
            "lateness": [],
        }
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1]), json.loads(sys.argv[2]), *map(float, sys.argv[3:])))
