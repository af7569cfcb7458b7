"""What came late or was corrected is noted until what was computed of it is done again."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import URL

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD
from heatpump_twin.twin_engine.correction import Change, Correction
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.historian.recording.spool import Spool
from heatpump_twin.twin_engine.historian.sample_store import SampleStore
from heatpump_twin.twin_engine.history import Samples

START = 1_767_225_600_000_000
MINUTE = 60_000_000
HOUR = 60 * MINUTE
POINTS = ("electrical_energy", "heat_energy", "electricity_month")
TABLE = PointTable.build(("hp1", name, CATALOGUE["heat_pump"][name], None) for name in POINTS)
SETTINGS = HistorianSettings(flush=0.05)


def frame(point: int, *hours: float) -> Frame:
    time = np.array([START + round(hour * HOUR) for hour in hours])
    return Frame.of(np.full(len(hours), point), np.arange(len(hours)) + 1.0, GOOD, time)


@pytest.fixture
async def history(database: URL):
    made = Historian(TABLE, database, SETTINGS, ManualClock(START + 10 * HOUR))
    await made.start()
    yield made
    await made.stop()


async def noted(history: Historian) -> list[tuple[str, float, float]]:
    """Return what is noted, in hours, once all is written that was queued before."""
    marker = Samples(np.array([1.0]), np.zeros(1, np.uint32), np.array([START - HOUR]))
    await history.correct(Correction("hp1.electricity_month", Change.UPDATE, marker, "", START))
    return [
        (span.key, (span.first - START) / HOUR, (span.last - START) / HOUR)
        for span in await history.late()
        if span.key != "hp1.electricity_month"
    ]


async def test_what_comes_in_its_time_is_not_noted_and_what_comes_late_is(history, eventually):
    history.append(frame(0, 9.9, 10.0))
    history.take(frame(1, 9.8))
    assert await noted(history) == []
    history.take(Frame.concat([frame(0, 3.0, 2.0, 4.5), frame(1, 9.0, 9.9)]))
    assert await noted(history) == [("hp1.electrical_energy", 2, 4.5), ("hp1.heat_energy", 9, 9)]
    # The begin of a month is long ago, and a row of a table is never late.
    history.take(frame(2, -700.0))
    assert len(await noted(history)) == 2
    history.settle([one for one in await history.late() if one.key == "hp1.electrical_energy"])
    # It is forgotten after what was queued before is written.
    history.take(frame(2, -600.0))

    async def is_forgotten() -> bool:
        return [key for key, _, _ in await noted(history)] == ["hp1.heat_energy"]

    await eventually(is_forgotten)


async def test_corrections_are_noted_in_their_own_transaction(history):
    history.append(frame(0, 9.9))
    times = np.array([START + HOUR, START + 2 * HOUR])
    values = Samples(np.array([5.0, 6.0]), np.zeros(2, np.uint32), times)
    key = "hp1.electrical_energy"
    await history.correct(Correction(key, Change.INSERT, values, "anna", START))
    assert await noted(history) == [(key, 1, 2)]
    await history.correct(Correction.deletion(key, times[:1], "anna", START))
    assert (await noted(history))[-1] == (key, 1, 1)
    # Nothing was there to be deleted.
    await history.correct(Correction.deletion(key, times[:1], "anna", START))
    assert len(await noted(history)) == 2


async def test_a_point_of_which_all_is_deleted_has_nothing_left(history):
    hours = np.arange(0, 9.5, 0.01)
    history.take(frame(1, *hours))
    await noted(history)
    found = await history.read_raw("hp1.heat_energy", START, START + 20 * HOUR, limit=10_000)
    assert len(found) == len(hours)
    await history.correct(Correction.deletion("hp1.heat_energy", found.time, "anna", START))
    left = await history.read_raw("hp1.heat_energy", START, START + 20 * HOUR, limit=10_000)
    assert len(left) == 0


def test_an_import_and_a_spool_are_late_and_no_gap_is_marked_behind_a_table(
    database: URL, tmp_path
):
    store = SampleStore(open_engine(database))
    rows = store.prepare([point.key for point in TABLE])
    numbers = [rows[point.key] for point in TABLE]
    imported = frame(0, 1.0, 5.0)
    store.put_into_blocks(
        Frame(np.full(2, numbers[0], np.int32), imported.value, imported.status, imported.time)
    )
    store.write(Frame.of([numbers[2]], [100.0], GOOD, START))
    (span,) = store.late()
    assert (span.key, span.first, span.last) == (TABLE[0].key, START + HOUR, START + 5 * HOUR)
    store.forget_late([span.number])
    assert store.late() == []
    assert store.close_gaps(START + 10 * HOUR, besides=[numbers[2]]) == 1
    assert store.read(numbers[0], 0, 2**62, 9).status.tolist() == [GOOD, GOOD, BAD_NO_DATA]
    assert store.read(numbers[2], 0, 2**62, 9).status.tolist() == [GOOD]
    store.close()
    spool = Spool(tmp_path / "spool")
    spool.put([point.key for point in TABLE], frame(1, 2.0, 3.0))

    async def started() -> list[tuple[str, float, float]]:
        clock = ManualClock(START + 10 * HOUR)
        history = Historian(TABLE, database, SETTINGS, clock, spool=spool)
        await history.start()
        try:
            return await noted(history)
        finally:
            await history.stop()

    import asyncio

    assert asyncio.run(started()) == [("hp1.heat_energy", 2, 3)]
