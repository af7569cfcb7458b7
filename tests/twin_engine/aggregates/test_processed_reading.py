"""Reading what an aggregate needs: pages, and the samples around them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, BAD_NO_DATA
from heatpump_twin.twin_engine.aggregates.aggregate_records import BY_NAME
from heatpump_twin.twin_engine.aggregates.at_times import AtTimes
from heatpump_twin.twin_engine.aggregates.periods.intervals import Range
from heatpump_twin.twin_engine.aggregates.processed_reading import ProcessedReading
from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.aggregates.series.series import Series
from heatpump_twin.twin_engine.errors import TooManySamples
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.hourly_statistics import NO_HOURS, Hourly

SECOND = 1_000_000


@dataclass
class Recorded:
    """An archive over arrays, which counts the rows that are read of it."""

    samples: Samples
    rows: int = field(default=0)

    async def read_raw(
        self, key: str, start: int, end: int, *, limit: int, reverse: bool = False
    ) -> Samples:
        time = self.samples.time
        rows = np.flatnonzero((time >= start) & (time < end))
        rows = (rows[::-1] if reverse else rows)[:limit]
        self.rows += len(rows)
        return Samples(self.samples.value[rows], self.samples.status[rows], time[rows])

    async def before(self, key: str, time: int) -> Samples:
        return await self.read_raw(key, -(1 << 62), time + 1, limit=1, reverse=True)

    async def after(self, key: str, time: int) -> Samples:
        return await self.read_raw(key, time, 1 << 62, limit=1)

    async def read_hours(self, key: str, start: int, end: int) -> Hourly:
        del key, start, end
        return NO_HOURS


def recorded(count: int, bad: range | None = None, code: int = BAD_NO_COMMUNICATION) -> Recorded:
    value = np.arange(count, dtype=np.float64)
    status = np.zeros(count, dtype=np.uint32)
    if bad is not None:
        status[bad], value[bad] = code, np.nan
    return Recorded(Samples(value, status, np.arange(count, dtype=np.int64) * SECOND))


def reading(
    name: str, start: int, end: int, length: int, *, most: int = 5_000_000
) -> ProcessedReading:
    asked = Range.of(start * SECOND, end * SECOND, length * SECOND)
    return ProcessedReading("hp1.x", BY_NAME[name], asked, Rules(), most)


async def test_an_interval_with_too_many_samples_is_refused() -> None:
    with pytest.raises(TooManySamples, match=r"hp1\.x"):
        await reading("Count", 0, 40_000, 0, most=20_000).part(recorded(50_000), 0, 10)


@pytest.mark.parametrize("name", ["Interpolative", "TimeAverage2", "Minimum2", "Count", "End"])
@pytest.mark.parametrize(("start", "end"), [(700, 900), (900, 700), (950, 1_100), (-50, 60)])
async def test_a_part_is_what_the_whole_archive_gives(name: str, start: int, end: int) -> None:
    archive = recorded(1_000, range(680, 820))
    asked = reading(name, start, end, 7)
    found = await asked.part(archive, 0, 100)
    series = Series.of(archive.samples, Rules(), begins=True, ends=True)
    whole = asked.record.of(series, asked.asked.part(0, 100))
    np.testing.assert_array_equal(found.value, whole.value)
    np.testing.assert_array_equal(found.status, whole.status)
    np.testing.assert_array_equal(found.time, whole.time)


async def test_a_sample_that_is_not_bad_is_looked_for_not_for_ever() -> None:
    archive = recorded(100_000, range(1, 99_999))
    found = await reading("Interpolative", 10, 11, 1).part(archive, 0, 1)
    # Behind it there are more Bad ones than anybody looks through; before it there is one.
    assert archive.rows < 25_000
    assert found.value.tolist() == [0.0]
    found = await reading("Interpolative", 50_000, 50_001, 1).part(archive, 0, 1)
    assert found.status.tolist() == [BAD_NO_DATA]


async def test_a_gap_within_an_archive_is_bad_and_not_bridged() -> None:
    # What a stop leaves is BadNoData: nothing is known until the next sample.
    archive = recorded(100, range(50, 51), BAD_NO_DATA)
    found = await reading("TimeAverage2", 49, 52, 0).part(archive, 0, 1)
    assert found.value.tolist() == [(49.0 + 51.5) / 2]
    found = await reading("DurationBad", 49, 52, 0).part(archive, 0, 1)
    assert found.value.tolist() == [1000.0]


async def test_an_empty_archive_has_no_data() -> None:
    for name in BY_NAME:
        found = await reading(name, 0, 10, 5).part(recorded(0), 0, 10)
        assert found.status.tolist() == [BAD_NO_DATA] * 2, name
    at = AtTimes("hp1.x", Rules(), simple=False)
    found = await at.values(recorded(0), np.array([5, 3]) * SECOND)
    assert found.status.tolist() == [BAD_NO_DATA] * 2
