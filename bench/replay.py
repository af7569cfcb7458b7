"""What `hptwin replay` takes: days of one emulated heat pump, a frame a minute."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import MICROSECONDS, Clock, ManualClock
from heatpump_twin.drivers.plant.devices.plant import Plant
from heatpump_twin.plant.past import device_looks
from heatpump_twin.runtime.assembly import Assembly, assemble
from heatpump_twin.safekeeping.history_replay import Replay
from heatpump_twin.twin_engine.historian.database.database_access import database_url
from heatpump_twin.twin_engine.historian.historian import Historian

_START = 1_768_432_500 * MICROSECONDS
_MINUTE = 60 * MICROSECONDS
_DAYS = 3
_END = _START + _DAYS * 1440 * _MINUTE


def run(console: Console) -> None:
    """Print what a year takes."""
    table = Table(title="A replayed year of one heat pump, a frame a minute")
    table.add_column("what")
    table.add_column("CPU, s", justify="right")
    year = asyncio.run(_measured()) * 365.0 / _DAYS
    table.add_row("hptwin replay: read, judge, derive, predict, rules, record", f"{year:.0f}")
    console.print(table)


async def _measured() -> float:
    """Return the CPU time of a replay. [s]"""
    site, clock = load_site("default", environment={}), ManualClock(_START)
    assembly = assemble(site, None)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        source = await _historian(stack, site, assembly, folder / "source", clock)
        await _record(site, assembly, source, clock)
        clock.set(_START)
        target = await _historian(stack, site, assembly, folder / "target", clock)
        replay = Replay(site, assembly, source, target, clock, lambda _: None)
        begin = time.process_time()
        await replay.run(_START, _END, lambda _: None)
        return time.process_time() - begin


async def _historian(
    stack: AsyncExitStack, site: Site, assembly: Assembly, folder: Path, clock: Clock
) -> Historian:
    url = database_url(site.historian, DataDirectory.open(folder))
    historian = Historian(assembly.table, url, site.historian, clock)
    await historian.start()
    stack.push_async_callback(historian.stop)
    return historian


async def _record(site: Site, assembly: Assembly, historian: Historian, clock: ManualClock) -> None:
    """Record what the devices of an emulated plant report."""
    plant = Plant(site, clock)
    looks = device_looks(site, plant, assembly.plans, assembly.table)
    for now in range(_START, _END, _MINUTE):
        clock.set(now)
        plant.advance()
        for look in looks:
            historian.append(look(now, True))
    # The historian writes in a thread, which tells nobody.
    while historian.health.queue_rows:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
