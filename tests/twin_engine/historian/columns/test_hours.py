"""Processed reads of a database use statistics of hours, and say what all samples would."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from sqlalchemy import URL, func, select, update

from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, UNCERTAIN
from heatpump_twin.twin_engine.aggregates.aggregate_records import BY_NAME, RECORDS
from heatpump_twin.twin_engine.aggregates.periods.intervals import Range
from heatpump_twin.twin_engine.aggregates.processed_reading import ProcessedReading
from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.database.tables import BLOCK, HOURS
from heatpump_twin.twin_engine.historian.sample_store import SampleStore
from heatpump_twin.twin_engine.historian.stored_history import StoredHistory
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.hourly_statistics import HOUR, NO_HOURS, Hourly

START = 1_767_225_600_000_000
KEYS = ["a", "b"]
PACE = 30_000_000
DAY = 24 * HOUR


class Samplewise(StoredHistory):
    """The same history, read sample by sample."""

    async def read_hours(self, key: str, start: int, end: int) -> Hourly:
        del key, start, end
        return NO_HOURS


@pytest.fixture
def store(database: URL) -> Iterator[SampleStore]:
    store = SampleStore(open_engine(database))
    store.prepare(KEYS)
    yield store
    store.close()


def record(store: SampleStore, start: int, end: int, *, offset: float = 0.0) -> None:
    """Record both points every half minute, from hour to hour, and seal it."""
    rows = store.prepare(KEYS)
    time = np.arange(START + start, START + end, PACE)
    value = np.round(20 * np.sin(time / DAY * 7) + offset, 1)
    for key in KEYS:
        store.write(Frame.of(np.full(len(time), rows[key]), value, 0, time + rows[key] * 1000))
    store.seal_all()


async def read(history: StoredHistory, name: str, asked: Range) -> Samples:
    reading = ProcessedReading("a", BY_NAME[name], asked, Rules())
    found, first = [], 0
    while first < len(asked):
        found.append(await reading.part(history, first, 10_000))
        first += len(found[-1])
    return Samples.concat(found)


async def asked(database: URL, name: str, asked: Range) -> Samples:
    history = StoredHistory(database)
    await history.start()
    found = await read(history, name, asked)
    await history.stop()
    return found


async def assert_same(database: URL, asked: Range) -> None:
    fast, slow = StoredHistory(database), Samplewise(database)
    for history in (fast, slow):
        await history.start()
    for aggregate in RECORDS:
        found, expected = [await read(one, aggregate.name, asked) for one in (fast, slow)]
        np.testing.assert_array_equal(found.status, expected.status, aggregate.name)
        np.testing.assert_array_equal(found.time, expected.time, aggregate.name)
        np.testing.assert_allclose(found.value, expected.value, 1e-9, 1e-9, err_msg=aggregate.name)
    for history in (fast, slow):
        await history.stop()


async def hours(database: URL, key: str = "a") -> list[int]:
    history = StoredHistory(database)
    await history.start()
    found = await history.read_hours(key, START - DAY, START + 100 * DAY)
    await history.stop()
    return (found["hour"] - START // HOUR).tolist()


async def test_hours_have_statistics_once_they_are_over(store: SampleStore, database: URL) -> None:
    record(store, 0, 5 * HOUR // 2)
    assert await hours(database) == [0, 1]
    record(store, 5 * HOUR // 2, 4 * HOUR)
    # Passes that end with the hour, and begin with the next one, leave nothing out.
    record(store, 4 * HOUR, 6 * HOUR)
    assert await hours(database) == await hours(database, "b") == [0, 1, 2, 3, 4]
    await assert_same(database, Range.of(START - HOUR, START + 7 * HOUR, 2 * HOUR))


async def test_hours_are_read_instead_of_blocks(store: SampleStore, database: URL) -> None:
    record(store, 0, 8 * DAY)
    last = START + 8 * DAY - HOUR
    with store._engine.begin() as connection:
        # Whoever decodes a block but the last fails.
        newest = select(func.max(BLOCK.c.first)).group_by(BLOCK.c.point_id)
        connection.execute(
            update(BLOCK).where(BLOCK.c.first.not_in(newest)).values(data=b"damaged")
        )
        assert connection.scalar(select(func.count()).select_from(BLOCK)) > 4
    found = await asked(database, "Count", Range.of(START, last, HOUR))
    assert found.value.tolist() == [120.0] * 191


async def test_corrections_and_late_samples_are_seen_at_once_and_sealed(
    store: SampleStore, database: URL
) -> None:
    record(store, 0, DAY)
    row = store.prepare(KEYS)["a"]
    two, nine = START + 2 * HOUR, START + 9 * HOUR
    changes = Frame.of([row, row, row], [99.0, -99.0, 5.0], [0, 0, UNCERTAIN],
                       [two + row * 1000, two + 1, nine + 7])  # fmt: skip
    store.write(changes)
    day = Range.of(START, START + DAY, HOUR)
    for seal in (lambda: None, store.seal_all):
        seal()
        most = await asked(database, "Maximum", day)
        count = await asked(database, "Count", day)
        assert most.value[2] == 99.0
        assert count.value[2] == 121.0
        assert count.status[9] != 0  # an hour of two qualities has no statistics
        await assert_same(database, day)
    assert await hours(database) == [hour for hour in range(23) if hour != 9]


async def test_an_outage_is_in_the_statistics(store: SampleStore, database: URL) -> None:
    record(store, 0, 4 * HOUR)
    row = store.prepare(KEYS)["a"]
    time = START + 4 * HOUR + np.arange(600) * PACE
    store.write(Frame.of(np.full(600, row), np.nan, BAD_NO_COMMUNICATION, time))
    store.seal_all()
    record(store, 12 * HOUR, 14 * HOUR)
    found = await hours(database)
    assert [hour for hour in found if 4 <= hour < 9] == [4, 5, 6, 7, 8]
    await assert_same(database, Range.of(START, START + 14 * HOUR, HOUR))
    await assert_same(database, Range.of(START + 14 * HOUR, START, 7 * HOUR))


async def test_hours_go_with_their_blocks(store: SampleStore, database: URL) -> None:
    for day in range(20):
        record(store, day * DAY, (day + 1) * DAY)
    rows = store.prepare(KEYS)
    assert store.prune([rows["a"]], START + 12 * DAY, 1_000) > 0
    oldest = store.read(rows["a"], -(2**62), 2**62, 1)
    assert min(await hours(database)) * HOUR + START > int(oldest.time[0])
    assert min(await hours(database, "b")) == 0
    await assert_same(database, Range.of(START, START + 20 * DAY, 5 * DAY))
    store.prune([rows["a"]], START + 100 * DAY, 1_000)
    with store._engine.connect() as connection:
        left = connection.scalars(select(HOURS.c.id // 2**20).distinct()).all()
    assert left == [rows["b"]]
