"""The twin's drivers and nothing behind them: poll many devices. Run as a process.

Arguments are profile, ports as JSON, period, warm-up and duration [s]; prints figures as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import structlog

from bench.modbus_fleet import drivers_of
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.driver.driver import ModbusDriver
from heatpump_twin.drivers.protocol import FrameSink
from heatpump_twin.drivers.status import GOOD


class Tally:
    """What the drivers have delivered."""

    def __init__(self) -> None:
        self.good = 0
        self.bad = 0
        self.lateness: list[float] = []

    def sink(self, driver: ModbusDriver) -> FrameSink:
        """Return where the frames of one driver go."""

        metrics = driver.metrics  # looked up once: to add them up is no part of polling

        def take(frame: Frame) -> None:
            good = int((frame.status == GOOD).sum())
            self.good += good
            self.bad += len(frame) - good
            self.lateness.append(metrics.lateness)

        return take

    def clear(self) -> None:
        """Begin to measure."""
        self.good = self.bad = 0
        self.lateness.clear()


async def main(
    profile: str, ports: list[int], period: float, warm_up: float, seconds: float
) -> None:
    """Poll all devices and print the figures of the time after the warm-up."""
    drivers = drivers_of([profile] * len(ports), ports, period)
    tally = Tally()

    def missed() -> int:
        return sum(driver.metrics.missed + driver.metrics.failed_polls for driver in drivers)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(driver.run(tally.sink(driver))) for driver in drivers]
        await asyncio.sleep(warm_up)
        tally.clear()
        missed_before, begin, cpu = missed(), time.monotonic(), time.process_time()
        await asyncio.sleep(seconds)
        figures = {
            "cpu": time.process_time() - cpu,
            "begin": begin,
            "end": time.monotonic(),
            "missed": missed() - missed_before,
            "values": tally.good,
            "bad": tally.bad,
            "lateness": tally.lateness,
        }
        for task in tasks:
            task.cancel()
    print(json.dumps(figures))


if __name__ == "__main__":
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger("warning"),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    asyncio.run(main(sys.argv[1], json.loads(sys.argv[2]), *map(float, sys.argv[3:])))
