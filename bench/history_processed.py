"""Processed reads of years: hours, and hundreds of intervals of a day, cold, from the file.

A year of one point at 1 s is recorded and sealed, and copied for the other points within the
database. Each reading opens the database anew, so that nothing is in memory but what the kernel
keeps of the file.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from bench.recorded_plant import START
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.twin_engine.aggregates.aggregate_records import BY_NAME
from heatpump_twin.twin_engine.aggregates.periods.intervals import Range
from heatpump_twin.twin_engine.aggregates.processed_reading import ProcessedReading
from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore
from heatpump_twin.twin_engine.historian.stored_history import StoredHistory
from heatpump_twin.twin_engine.hourly_statistics import HOUR, NO_HOURS, Hourly

POINTS = 30
DAYS = 365
DAY = 24 * HOUR
_PIECE = 5
"""Days that are sealed at a time."""
_ROUNDS = 5
_AGGREGATES = ("Minimum", "Maximum", "Average", "TimeAverage2")


class _Samplewise(StoredHistory):
    async def read_hours(self, key: str, start: int, end: int) -> Hourly:
        del key, start, end
        return NO_HOURS


def measure(console: Console, path: Path) -> None:
    """Print how long processed reads take."""
    _fill(path)
    year, day = Range.of(START, START + DAYS * DAY, HOUR), Range.of(START, START + DAY, DAY // 500)
    table = Table(title="Processed reads of points at 1 s, cold: ms of wall time, of CPU time")
    for name in ("", *_AGGREGATES):
        table.add_column(name, justify="right" if name else "left")
    for title, history, points, asked in (
        ("a year by hours, sample by sample", _Samplewise, 1, year),
        ("a year by hours", StoredHistory, 1, year),
        (f"{POINTS} points, a year by hours", StoredHistory, POINTS, year),
        ("20 points, a day in 500 intervals", StoredHistory, 20, day),
    ):
        rounds = 1 if history is _Samplewise else _ROUNDS
        cells = [
            _best(
                lambda n=name, h=history, p=points, a=asked: _read(h(_url(path)), n, p, a), rounds
            )
            for name in _AGGREGATES
        ]
        table.add_row(title, *cells)
    console.print(table)


def _best(work: Callable[[], Coroutine[None, None, None]], rounds: int) -> str:
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        asyncio.run(work())
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return f"{1e3 * min(walls):.0f}, {1e3 * min(cpus):.0f}"


async def _read(history: StoredHistory, name: str, points: int, asked: Range) -> None:
    await history.start()
    for point in range(points):
        reading = ProcessedReading(f"p{point}", BY_NAME[name], asked, Rules())
        done = 0
        while done < len(asked):
            done += len(await reading.part(history, done, len(asked)))
    await history.stop()


def _url(path: Path) -> str:
    return f"sqlite:///{path}"


def _fill(path: Path) -> None:
    store = SampleStore(open_engine(_url(path)))
    rows = store.prepare([f"p{number}" for number in range(POINTS)])
    noise = np.random.default_rng(1)
    count = _PIECE * 86_400
    for first in range(0, DAYS, _PIECE):
        value = np.round(40 + np.cumsum(noise.normal(0, 0.05, count)) % 20, 1)
        times = START + first * DAY + np.arange(count) * MICROSECONDS
        times += noise.integers(0, 40, count) * 1000
        store.write(Frame.of(np.full(count, rows["p0"]), value, 0, times))
        store.seal_all()
    columns = (
        "first, last, count, minimum, maximum, stepped, sloped, good, sloped_time, last_status, "
        "data"
    )
    copies = (
        f"INSERT INTO block (point_id, {columns}) "
        f"SELECT :point, {columns} FROM block WHERE point_id = :first",
        "INSERT INTO hour_statistics (id, data) SELECT id + ((:point - :first) << 20), data "
        "FROM hour_statistics WHERE id >> 20 = :first",
    )
    with store._engine.begin() as connection:  # noqa: SLF001 (no other way to copy a year at once)
        for point in list(rows.values())[1:]:
            for copy in copies:
                connection.execute(text(copy), {"point": point, "first": rows["p0"]})
    store.close()
