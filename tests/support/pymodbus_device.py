"""A Modbus TCP device played by pymodbus: its codec and framing share nothing with ours."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import ports
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


@dataclass
class PymodbusDevice:
    """Registers, all four tables in one, and what was written to them."""

    port: int
    writes: list[tuple[int, int, list[int]]] = field(default_factory=list)
    """Function code, address, words."""
    reads: list[tuple[int, int]] = field(default_factory=list)
    """Address and count."""
    held: dict[int, int] = field(default_factory=dict)
    """What the registers hold now."""

    async def note(
        self,
        function: int,
        start: int,
        address: int,
        count: int,
        registers: list[int],
        words: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Take note of a request, and of what the registers hold."""
        for place, word in self.held.items():
            if start <= place < start + len(registers):
                registers[place - start] = word
        if words is None:
            self.reads.append((address, count))
            # A device takes its time, in which others could come between.
            await asyncio.sleep(0.005)
            return None
        self.writes.append((function, address, [int(word) for word in words]))
        self.held.update(zip(range(address, address + count), self.writes[-1][2], strict=False))
        return None


@contextlib.asynccontextmanager
async def pymodbus_device(registers: Mapping[int, int]) -> AsyncIterator[PymodbusDevice]:
    """Serve registers; addresses that are not given are refused with exception 2."""
    device = PymodbusDevice(ports.claim(), held=dict(registers))
    data = [
        SimData(address, values=word, datatype=DataType.REGISTERS)
        for address, word in sorted(registers.items())
    ]
    server = ModbusTcpServer(
        SimDevice(1, simdata=data, action=device.note), address=("127.0.0.1", device.port)
    )
    await server.serve_forever(background=True)
    try:
        yield device
    finally:
        await server.shutdown()
