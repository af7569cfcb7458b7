"""Corrections of recorded samples: wherever these lie, what is read is what was corrected last."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import URL
from stored_samples import emptied, prepared, rows

from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD, UNCERTAIN
from heatpump_twin.twin_engine.aggregates.aggregate_records import RECORDS
from heatpump_twin.twin_engine.aggregates.periods.intervals import Range
from heatpump_twin.twin_engine.aggregates.processed_reading import ProcessedReading
from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.correction import Change, Correction, ModifiedSamples
from heatpump_twin.twin_engine.errors import DatabaseAway
from heatpump_twin.twin_engine.historian.columns import sealer
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.historian.sample_store import SampleStore
from heatpump_twin.twin_engine.historian.stored_history import StoredHistory
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.hourly_statistics import HOUR, NO_HOURS, Hourly

START = 1_767_225_600_000_000
S = 1_000_000
EVER = 2**62
KEY = "hp1.supply_temperature"
WHEN = START + 86_400 * S


def samples(found: dict[int, tuple[float, int]]) -> Samples:
    times = sorted(found)
    return Samples(
        np.array([found[time][0] for time in times]),
        np.array([found[time][1] for time in times], np.uint32),
        np.array(times, np.int64),
    )


def changes(found: ModifiedSamples) -> list[tuple[float, float, int, str]]:
    seconds = ((found.samples.time - START) / S).tolist()
    return list(
        zip(seconds, found.samples.value.tolist(), found.change.tolist(), found.user, strict=True)
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("corrections") / "historian.sqlite", ["a", "b"])


some = st.dictionaries(
    st.integers(0, 30).map(lambda second: START + second * S),
    st.tuples(st.integers(0, 99).map(float), st.sampled_from([GOOD, UNCERTAIN])),
    min_size=1,
    max_size=12,
)
step = st.one_of(
    st.tuples(st.just("write"), st.integers(1, 2), some),
    st.tuples(st.sampled_from(list(Change)), st.integers(1, 2), some),
    st.sampled_from([("seal", 0, {}), ("seal a little", 0, {}), ("start again", 0, {})]),
)


@settings(max_examples=60)
@given(st.lists(step, max_size=14), st.sampled_from([4, 500]))
def test_what_is_read_is_what_was_corrected_last(file: Path, steps, full: int) -> None:
    model: dict[int, dict[int, tuple[float, int]]] = {1: {}, 2: {}}
    kept: dict[int, list[tuple[int, float, int]]] = {1: [], 2: []}
    with pytest.MonkeyPatch.context() as patch, emptied(file) as again:
        store = again()
        patch.setattr(sealer, "FULL", full)
        patch.setattr(sealer, "_POINTS", 1)
        for what, point, found in steps:
            if what == "seal":
                store.seal_all()
            elif what == "seal a little":
                store._sealer.seal(0.0)
            elif what == "start again":
                store = again()
            elif what == "write":
                new = samples(found)
                store.write(Frame.of(np.full(len(new), point), new.value, new.status, new.time))
                model[point] |= found
            else:
                there = {time: model[point][time] for time in found if time in model[point]}
                made = store.correct(
                    point, Correction("a", Change(what), samples(found), "erik", WHEN)
                )
                assert made.there.tolist() == [time in there for time in sorted(found)]
                if what is Change.DELETE:
                    gone, fresh = there, {}
                    for time in there:
                        del model[point][time]
                else:
                    gone = {} if what is Change.INSERT else there
                    fresh = {t: v for t, v in found.items() if t not in there}
                    fresh = {} if what is Change.REPLACE else fresh
                    model[point] |= {t: found[t] for t in [*gone, *fresh]}
                assert rows(made.old) == rows(samples(gone))
                kept[point] += [(t, v, int(Change.INSERT)) for t, (v, _) in fresh.items()]
                kept[point] += [(t, v, int(what)) for t, (v, _) in gone.items()]
        for point in (1, 2):
            found = store.read(point, -EVER, EVER, 999)
            assert rows(found) == rows(samples(model[point]))
            # The hot runs are not all that says so.
            store.close()
            assert rows(store.read(point, -EVER, EVER, 999)) == rows(samples(model[point]))
            modified = store.read_modified(point, -EVER, EVER)
            assert sorted(kept[point]) == sorted(
                zip(
                    modified.samples.time.tolist(), modified.samples.value.tolist(),
                    modified.change.tolist(), strict=True,
                )
            )  # fmt: skip


class Samplewise(StoredHistory):
    """The same history, read sample by sample."""

    async def read_hours(self, key: str, start: int, end: int) -> Hourly:
        del key, start, end
        return NO_HOURS


async def aggregate(history: StoredHistory, name, span: Range) -> Samples:
    return await ProcessedReading(KEY, name, span, Rules()).part(history, 0, 10_000)


async def test_aggregates_of_corrected_hours_are_those_of_their_samples(database: URL) -> None:
    store = SampleStore(open_engine(database))
    point = store.prepare([KEY])[KEY]
    time = START + np.arange(8 * 240) * 15 * S
    store.write(Frame.of(np.full(len(time), point), np.arange(len(time)) % 50, GOOD, time))
    store.seal_all()
    gone = time[(time >= START + HOUR // 2) & (time < START + 5 * HOUR // 2)]
    store.correct(point, Correction.deletion(KEY, gone, "erik", WHEN))
    most = samples({int(time[1000]): (999.0, GOOD), int(time[1000]) + 1: (-5.0, BAD_NO_DATA)})
    store.correct(point, Correction(KEY, Change.UPDATE, most, "erik", WHEN))
    for seal in (lambda: None, store.seal_all):
        seal()
        fast, slow = StoredHistory(database), Samplewise(database)
        for history in (fast, slow):
            await history.start()
        whole = await fast.read_hours(KEY, START, START + 9 * HOUR)
        # The second hour of three is empty now; the last one of a change has none until it is
        # sealed again.
        assert set(whole["hour"] - START // HOUR) <= {0, 3, 4, 5, 6}
        assert {0, 3, 5, 6} <= set(whole["hour"] - START // HOUR)
        for span in (
            Range.of(START, START + 8 * HOUR, HOUR),
            Range.of(START - HOUR, START + 9 * HOUR, 2 * HOUR),
        ):
            for record in RECORDS:
                found, right = [await aggregate(one, record, span) for one in (fast, slow)]
                np.testing.assert_array_equal(found.status, right.status, record.name)
                np.testing.assert_allclose(
                    found.value, right.value, 1e-9, 1e-9, err_msg=record.name
                )
        count = await aggregate(fast, next(r for r in RECORDS if r.name == "Count"), span)
        assert count.value[0] == 120.0
        for history in (fast, slow):
            await history.stop()
    store.close()


@asynccontextmanager
async def recording(table, url, clock, flush: float = 3600.0):
    historian = Historian(table, url, HistorianSettings(flush=flush), clock)
    await historian.start()
    try:
        yield historian
    finally:
        await historian.stop()
        await historian.run()


async def test_a_correction_comes_after_what_waits_to_be_written(database, table, clock) -> None:
    async with recording(table, database, clock) as historian:
        for second in range(4):
            historian.append(Frame.of(0, 20.0 + second, GOOD, START + second * S))
        # Nothing is written for an hour, and the correction meets what waits.
        replaced = samples({START + S: (99.0, GOOD), START + 9 * S: (1.0, GOOD)})
        made = await historian.correct(Correction(KEY, Change.REPLACE, replaced, "erik", WHEN))
        assert made.there.tolist() == [True, False]
        gone = np.array([START + 2 * S])
        await historian.correct(Correction.deletion(KEY, gone, "olga", WHEN))
        found = await historian.stored.read_raw(KEY, START, START + 9 * S, limit=9)
        assert found.value.tolist() == [20.0, 99.0, 23.0]
        assert historian.has_modified(KEY)
        assert not historian.has_modified("hp2.supply_temperature")
        modified = await historian.read_modified(KEY, START, START + 9 * S)
        assert changes(modified) == [(1, 21.0, Change.REPLACE, "erik"), (2, 22.0, 4, "olga")]
        assert modified.moment.tolist() == [WHEN, WHEN]
    async with recording(table, database, clock) as historian:
        assert historian.has_modified(KEY)
        assert await historian.forget_modified(KEY, START, START + 2 * S) == 1
        assert changes(await historian.read_modified(KEY, 0, EVER)) == [(2, 22.0, 4, "olga")]


async def test_of_one_time_the_newest_correction_comes_first(database, table, clock) -> None:
    async with recording(table, database, clock) as historian:
        for change, value in ((Change.INSERT, 1.0), (Change.UPDATE, 2.0), (Change.REPLACE, 3.0)):
            wanted = samples({START: (value, GOOD)})
            await historian.correct(Correction(KEY, change, wanted, f"u{value:g}", WHEN))
        found = changes(await historian.read_modified(KEY, START, START + 1))
    assert found == [(0, 2.0, 2, "u3"), (0, 1.0, 3, "u2"), (0, 1.0, 1, "u1")]


async def test_what_no_database_takes_is_refused_and_not_waited_for(
    tmp_path, table, clock, eventually
) -> None:
    url = f"sqlite:///{tmp_path / 'no directory' / 'historian.sqlite'}"
    async with recording(table, url, clock, 0.02) as historian:
        wanted = Correction(KEY, Change.INSERT, samples({START: (1.0, GOOD)}), "erik", WHEN)
        with pytest.raises(DatabaseAway, match="nothing was corrected"):
            await historian.correct(wanted)
        with pytest.raises(DatabaseAway):
            await historian.read_modified(KEY, START, EVER)
        (tmp_path / "no directory").mkdir()
        await eventually(lambda: historian.health.connected)
        assert (await historian.correct(wanted)).there.tolist() == [False]
    with pytest.raises(DatabaseAway, match="stopping"):
        await asyncio.wait_for(historian.correct(wanted), 60)


async def test_what_was_corrected_goes_with_the_rest(database: URL) -> None:
    store = SampleStore(open_engine(database))
    point = store.prepare([KEY])[KEY]
    for day in (0, 40):
        wanted = samples({START + day * 24 * HOUR: (1.0, GOOD)})
        store.correct(point, Correction(KEY, Change.INSERT, wanted, "erik", WHEN))
    store.seal_all()
    store.prune([point], START + 20 * 24 * HOUR, 100)
    left = store.read_modified(point, -EVER, EVER).samples
    assert left.time.tolist() == [START + 40 * 24 * HOUR]
    store.close()
