"""Aggregates from statistics of whole hours are those of all samples, whatever happened."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, BAD_NO_DATA, GOOD, UNCERTAIN
from heatpump_twin.twin_engine.aggregates.aggregate_records import RECORDS
from heatpump_twin.twin_engine.aggregates.periods.intervals import Intervals, Range
from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.aggregates.series.series import Series
from heatpump_twin.twin_engine.aggregates.series.whole_hours import (
    MOST_SPANS,
    condensed,
    holes,
    usable,
)
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.hourly_statistics import HOUR, LEAST, Hourly, hourly_statistics

MIDNIGHT = 490_000 * HOUR
SECOND = 1_000_000
SUMS = {"Average", "TimeAverage", "TimeAverage2", "Total", "Total2", "StandardDeviationSample",
        "StandardDeviationPopulation", "VarianceSample", "VariancePopulation"}  # fmt: skip
CODES = (GOOD, UNCERTAIN, UNCERTAIN | 0xA4_0000, BAD_NO_COMMUNICATION, BAD_NO_DATA)


@st.composite
def archives(draw: st.DrawFn) -> Samples:
    """Half a day or so, in which the quality changes some times; values repeat, and are zero."""
    noise = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(1, 900))
    pace = draw(st.sampled_from([7, 60, 120, 400]))
    begin = MIDNIGHT + draw(st.integers(0, 3600)) * SECOND
    time = begin + np.cumsum(noise.integers(1, 2 * pace, count)) * SECOND
    time += noise.integers(0, 900, count) * draw(st.sampled_from([0, 1_000]))
    value = np.round(noise.normal(0, draw(st.sampled_from([0.3, 3.0, 3e5])), count))
    status = np.full(count, draw(st.sampled_from([GOOD, UNCERTAIN])), dtype=np.uint32)
    for code in draw(st.lists(st.sampled_from(CODES), max_size=4)):
        first, last = np.sort(noise.integers(0, count, 2))
        status[first : last + 1] = code
    value[(status >= 0x8000_0000) & (noise.random(count) < 0.9)] = np.nan
    return Samples(value, status, time)


@st.composite
def divisions(draw: st.DrawFn) -> tuple[int, int, int]:
    """How long before and behind the archive a range goes, and how long its intervals are."""
    edge = st.sampled_from([0, 2 * HOUR, -HOUR, HOUR // 3, -5 * HOUR - SECOND])
    return draw(edge), draw(edge), draw(st.sampled_from([HOUR, 2 * HOUR, 5 * HOUR // 2, 24 * HOUR]))


RULES = st.builds(
    Rules,
    stepped=st.booleans(),
    treat_uncertain_as_bad=st.booleans(),
    percent_bad=st.sampled_from([50, 100]),
    percent_good=st.sampled_from([60, 100]),
)


def split(samples: Samples, intervals: Intervals) -> tuple[Samples, Hourly]:
    """Return what is read as samples, and what as hours."""
    hours = usable(hourly_statistics(samples.time, samples.value, samples.status), intervals)
    alone = ~np.isin(samples.time // HOUR, hours["hour"])
    return samples[alone], hours


@given(archives(), divisions(), RULES, st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_each_aggregate_is_the_same(samples, division, rules, begins, backwards) -> None:
    before, behind, length = division
    low = int(samples.time[0]) // HOUR * HOUR - before
    high = max((int(samples.time[-1]) // HOUR + 1) * HOUR + behind, low + 1)
    ends = (high, low) if backwards else (low, high)
    intervals = Range.of(*ends, length).part(0, 1_000)
    whole = Series.of(samples, rules, begins=begins, ends=True)
    joined, inner = condensed(*split(samples, intervals))
    short = Series.of(joined, rules, begins=begins, ends=True, inner=inner)
    for record in RECORDS:
        expected, found = record.of(whole, intervals), record.of(short, intervals)
        np.testing.assert_array_equal(found.status, expected.status, record.name)
        np.testing.assert_array_equal(found.time, expected.time, record.name)
        if record.name in SUMS:
            scale = float(np.nanmax(np.abs(np.append(expected.value, 0.0))))
            np.testing.assert_allclose(
                found.value, expected.value, rtol=1e-9, atol=1e-9 * scale, err_msg=record.name
            )
        else:
            np.testing.assert_allclose(found.value, expected.value, rtol=1e-14, err_msg=record.name)


def regular(hours: int, pace: int = 60) -> Samples:
    time = MIDNIGHT + np.arange(hours * 3600 // pace) * pace * SECOND
    return Samples(np.cos(np.arange(len(time))), np.zeros(len(time), dtype=np.uint32), time)


def test_hours_of_one_quality_have_statistics_and_others_have_none() -> None:
    samples = regular(5)
    samples.status[70] = UNCERTAIN  # of the second hour
    samples.status[120:180] = BAD_NO_COMMUNICATION
    samples.value[200] = np.nan  # Good, and no number: the fourth
    found = hourly_statistics(samples.time, samples.value, samples.status)
    assert (found["hour"] - MIDNIGHT // HOUR).tolist() == [0, 2, 4]
    few = regular(1, 3600 // (LEAST - 1))
    assert len(hourly_statistics(few.time, few.value, few.status)) == 0


@pytest.mark.parametrize(
    ("start", "length", "backwards", "used"),
    [
        (0, 2 * HOUR, False, [0, 1, 2, 3, 4, 5]),
        (HOUR // 2, 2 * HOUR, False, [1, 3, 5]),  # the others lie in two intervals
        (0, HOUR // 2, False, []),
        # A sample at the edge of an hour belongs to the interval before.
        (0, 6 * HOUR, True, [1, 2, 3, 4, 5]),
    ],
)
def test_an_hour_is_used_where_it_lies_in_one_interval(start, length, backwards, used) -> None:
    samples = regular(6)
    ends = (MIDNIGHT + start, MIDNIGHT + 6 * HOUR + start)
    intervals = Range.of(*(reversed(ends) if backwards else ends), length).part(0, 100)
    rest, hours = split(samples, intervals)
    assert (hours["hour"] - MIDNIGHT // HOUR).tolist() == used
    assert len(rest) == (6 - len(used)) * 60


def test_of_hours_with_too_many_holes_the_longest_runs_are_used() -> None:
    samples = regular(6 * MOST_SPANS)
    found = hourly_statistics(samples.time, samples.value, samples.status)
    single = (found["hour"] % 2 == 0) & (np.arange(len(found)) < len(found) - 40)
    intervals = Range.of(MIDNIGHT, MIDNIGHT + 6 * MOST_SPANS * HOUR, 24 * HOUR).part(0, 10_000)
    used = usable(found[~single], intervals)
    low, high = int(intervals.early[0]), int(intervals.late[-1])
    assert len(used) > 40
    assert len(holes(used, low, high)) <= MOST_SPANS
    assert used["hour"][-40:].tolist() == found["hour"][-40:].tolist()
