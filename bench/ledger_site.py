"""What a pass of the ledger costs on a large site, and what it keeps from polls and clients.

A winter's day of the emulated plant, read once a minute, is the day of each heat pump of the site;
then the ledger counts, again and again, beside a loop that looks how long it has to wait.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from heatpump_twin.config.catalogue import SITE, TWIN, PointRole, PointTable
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HistorianSettings, Site
from heatpump_twin.drivers.clock import MICROSECONDS, ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import SHORT_WARM_UP, EmulatedHeatPump
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.twin_engine.engine import Engine
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.historian.recording.deadband import Deadband
from heatpump_twin.twin_engine.historian.recording.resolution import Resolution
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.ledger.ledger import PERIOD, Ledger

PUMPS = 250
_PASSES = 6
"""In the first ones the day before is counted as well."""
_START = round(datetime(2026, 1, 12, 22, 30, tzinfo=UTC).timestamp()) * MICROSECONDS
_HOURS = 20
_EVERY = 60.0
"""[s]"""
_MOST = 200_000
"""So many samples may wait for the historian."""


def run(console: Console, pumps: int = PUMPS) -> None:
    """Print what each pass took."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(console, Path(folder), pumps))


async def _measure(console: Console, folder: Path, pumps: int) -> None:
    one = load_site("default", environment={})
    site = one.model_copy(
        update={
            "heat_pumps": [
                one.heat_pumps[0].model_copy(update={"id": f"hp{i + 1}"}) for i in range(pumps)
            ]
        }
    )
    table, clock = assemble(site, None).table, ManualClock(_START)
    day = _day(one, clock)
    image, url = Image(table, clock.now()), f"sqlite:///{folder / 'history.sqlite'}"
    async with _recording(image, url, clock) as history:
        await _bring(history, day, assemble(one, None).table, table)
        ledger = Ledger(image, site, history, clock)
        report = Table(title=f"Passes of the ledger, {pumps} heat pumps, {len(day)} samples each")
        for title in ("days left", "CPU [s]", "of the loop [s]", "longest of it [ms]", "+MB"):
            report.add_column(title)
        for _ in range(_PASSES):
            report.add_row(*await _pass(ledger))
            clock.advance(PERIOD)
    console.print(report)


def _day(site: Site, clock: ManualClock) -> Frame:
    """Return what a heat pump records in a day; the clock has passed it then."""
    pump, table = site.heat_pumps[0], assemble(site, None).table
    deadband = [point.spec.deadband for point in table]
    resolution, filtered, kept = Resolution(deadband), Deadband(deadband, 900.0), []
    engine = Engine(
        site, table, clock, lambda frame: kept.append(filtered.keep(resolution.of(frame)))
    )
    plant = EmulatedHeatPump(pump, site.site, 1, clock.now(), step=10.0, warm_up=SHORT_WARM_UP)
    roles = (PointRole.MEASURED, PointRole.SETPOINT)
    read = {p.index: p.id for p in table.by_asset[pump.id].values() if p.spec.role in roles}
    for _ in range(round(_HOURS * 3600 / _EVERY)):
        clock.advance(_EVERY)
        plant.advance(clock.now())
        shown = {index: plant.read(point) for index, point in read.items()}
        there = {index: value for index, value in shown.items() if value is not None}
        engine.take(Frame.of(list(there), list(there.values()), GOOD, clock.now()))
    return Frame.concat(kept)


@asynccontextmanager
async def _recording(image: Image, url: str, clock: ManualClock) -> AsyncIterator[Historian]:
    history = Historian(image.table, url, HistorianSettings(flush=1.0), clock)
    await history.start()
    image.subscribe(history.append)
    try:
        yield history
    finally:
        await history.stop()


async def _bring(history: Historian, day: Frame, of: PointTable, table: PointTable) -> None:
    """Record a day of the one heat pump of a table as that of each heat pump of another."""
    (pump,) = set(of.by_asset) - {SITE, TWIN}
    own = [point.id if point.key == f"{pump}.{point.id}" else "" for point in of]
    for asset, points in table.by_asset.items():
        if asset in (SITE, TWIN):
            continue
        place = np.array([points[id_].index if id_ else -1 for id_ in own])
        p = place[day.point]
        there = p >= 0
        history.take(
            Frame(p[there].astype(np.int32), *(c[there] for c in (day.value, day.status, day.time)))
        )
        await _written(history, _MOST)
    await _written(history, 0)


async def _written(history: Historian, most: int) -> None:
    while history.health.queue_rows > most:  # noqa: ASYNC110 (it writes in a thread)
        await asyncio.sleep(0.05)


async def _pass(ledger: Ledger) -> tuple[str, ...]:
    """Let the ledger count; return what it took."""
    blocks: list[float] = []

    async def watch() -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.005)
            blocks.append(time.thread_time() - before)

    watching = asyncio.create_task(watch())
    memory = psutil.Process().memory_info().rss
    cpu, loop = time.process_time(), time.thread_time()
    await ledger.bring_up_to_date()
    cpu, loop = time.process_time() - cpu, time.thread_time() - loop
    watching.cancel()
    more = (psutil.Process().memory_info().rss - memory) / 1e6
    return (
        str(ledger.behind), f"{cpu:.1f}", f"{loop:.1f}", f"{1e3 * max(blocks):.0f}", f"{more:.0f}"
    )  # fmt: skip
