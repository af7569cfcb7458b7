"""Modbus requests: as few as each packaged profile's limits permit, and what that saves.

The peer is what one writes first: a loop that reads every point with pymodbus. Both read the same
emulated device, take turns, and leave it the pause that its profile states. An emulated device
answers at once; a real one takes 5 to 50 ms for each request, so that the ratio of requests is what
is left of the ratio of times.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from bench.modbus_fleet import drivers_of, for_pymodbus, serving
from bench.peer_pymodbus import Device
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.driver.driver import ModbusDriver
from heatpump_twin.drivers.modbus.profile.poll_plan import ReadBlock, lone_blocks
from heatpump_twin.drivers.modbus.profile.profile import Profile
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile, packaged_profiles
from heatpump_twin.drivers.status import GOOD
from tests.support.fewest_requests import fewest_requests

_SCANS = 30
_LONGEST = 4.0
"""Scans of one profile end after this time, and three of each. [s]"""


class Result(NamedTuple):
    """One row of the table; times in seconds."""

    profile: str
    points: int
    fewest: int
    ours: int
    loop: int
    our_time: float
    loop_time: float


async def measure(name: str, port: int, driver: ModbusDriver) -> Result:
    """Read one device both ways, in turns."""
    profile = load_profile(name)
    frames: list[Frame] = []
    await driver.poll(frames.append)
    requests = driver.link.requests
    await driver.poll(frames.append)
    if any(len(f) != len(profile.samples) or (f.status != GOOD).any() for f in frames):
        raise RuntimeError(f"{name}: not every point was read")
    requests = driver.link.requests - requests
    loop = Device(port, for_pymodbus(profile, _one_by_one(profile)), profile.pause)
    await loop.connect()
    ours, theirs = [], []
    end = time.monotonic() + _LONGEST
    while len(ours) < 3 or (len(ours) < _SCANS and time.monotonic() < end):
        ours.append(await _time(lambda: driver.poll(frames.append)))
        theirs.append(await _time(loop.scan))
    loop.close()
    await driver.close()
    one_by_one = len(profile.samples)
    fewest = fewest_requests(profile, {point.point for point in profile.samples})
    return Result(
        name, one_by_one, fewest, requests, one_by_one, median(ours), median(theirs)
    )  # fmt: skip


def _one_by_one(profile: Profile) -> list[ReadBlock]:
    return [block for point in profile.samples for block in lone_blocks(point)]


async def _time(work: Callable[[], Awaitable[object]]) -> float:
    begin = time.perf_counter()
    await work()
    return time.perf_counter() - begin


async def _measure_all() -> list[Result]:
    names = packaged_profiles()
    with serving(names) as fleet:
        drivers = drivers_of(names, fleet.ports, 1.0)
        return [
            await measure(name, port, driver)
            for name, port, driver in zip(names, fleet.ports, drivers, strict=True)
        ]


def run(console: Console) -> None:
    """Measure every packaged profile and print the table."""
    table = Table(title="Modbus: requests of one scan, and how long it takes", box=box.SIMPLE)
    table.add_column("profile", no_wrap=True)
    for column in ("points", "fewest", "ours", "loop", "loop, ms", "ours, ms", "ratio"):
        table.add_column(column, justify="right")
    results = asyncio.run(_measure_all())
    for r in results:
        table.add_row(
            r.profile, str(r.points), str(r.fewest), str(r.ours), str(r.loop),
            f"{r.loop_time * 1e3:.2f}", f"{r.our_time * 1e3:.2f}",
            f"{r.our_time / r.loop_time:.2f}",
            style=None if r.ours == r.fewest else "red",
        )  # fmt: skip
    console.print(table)
    console.print(
        "fewest: found by trying all; loop: pymodbus, point by point. Both pause as profiles say."
    )
