"""Aggregates that count the samples of an interval (OPC 10000-13, 5.4.3)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from heatpump_twin.drivers.frame import Statuses
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD, UNCERTAIN_DATA_SUB_NORMAL
from heatpump_twin.twin_engine.aggregates.functions.reduce import number_set, reduced, spread
from heatpump_twin.twin_engine.aggregates.functions.result import (
    CALCULATED,
    Outcome,
    bits,
    share_status,
)
from heatpump_twin.twin_engine.aggregates.periods.intervals import Flags, Intervals
from heatpump_twin.twin_engine.aggregates.series.series import (
    BAD_LEVEL,
    GOOD_LEVEL,
    Indexes,
    Series,
)

Aggregate = Callable[[Series, Intervals], Outcome]


def average(series: Series, intervals: Intervals) -> Outcome:
    """Return the mean of the Good samples (5.4.3.5)."""
    first, behind = series.good.within(intervals)
    count = reduced(np.add, series.good.count, first, behind, 0)
    total = reduced(np.add, series.good.total, first, behind, 0.0)
    status = np.where(count == 0, np.uint32(BAD_NO_DATA), _by_count(series, intervals))
    mean = total / np.maximum(count, 1)
    return Outcome(mean, status, bits(count > 0, CALCULATED), has_partial=False)


def good_count(series: Series, intervals: Intervals) -> Outcome:
    """Return the number of Good samples (5.4.3.20)."""
    count = reduced(np.add, series.good.count, *series.good.within(intervals), 0)
    return _calculated(count.astype(np.float64), _by_count(series, intervals))


def transitions(series: Series, intervals: Intervals) -> Outcome:
    """Return how often a value that is not Bad differs from the one before (5.4.3.24)."""
    value = series.usable.value
    # The first of all has none before: that is a transition, too.
    changed = np.ones(len(value), dtype=bool)
    changed[1:] = value[1:] != value[:-1]
    number = changed.astype(np.int64)
    inner = series.usable.inner
    if inner is not None:
        # Between two samples that represent an hour, all others of it lie.
        number[~inner.alone] = inner.spread(number, "transitions")[~inner.alone]
        number[inner.first] += changed[inner.first]
    number = reduced(np.add, number, *series.usable.within(intervals), 0)
    return _calculated(number.astype(np.float64), _by_count(series, intervals))


def variance(*, sample: bool) -> Aggregate:
    """Return the aggregate of the variance of the Good samples (5.4.3.38, 5.4.3.40)."""

    def computed(series: Series, intervals: Intervals) -> Outcome:
        good = series.good
        first, behind = good.within(intervals)
        number = reduced(np.add, good.count, first, behind, 0)
        mean = reduced(np.add, good.total, first, behind, 0.0) / np.maximum(number, 1)
        # Twice through the data: the difference of two large sums would lose all digits.
        inside = slice(first[0], behind[-1]) if len(first) else slice(0)
        own = good.total[inside] / np.maximum(good.count[inside], 1)
        squares = np.zeros(len(good))
        squares[inside] = good.count[inside] * (own - spread(mean, first, behind)) ** 2
        if good.inner is not None:
            squares += good.inner.spread(np.zeros(len(good)), "square")
        total = reduced(np.add, squares, first, behind, 0.0)
        found = total / np.maximum(number - 1 if sample else number, 1)
        return _calculated(found, _all_good(series, intervals, number > 0))

    return computed


def deviation(*, sample: bool) -> Aggregate:
    """Return the aggregate of the standard deviation of the Good samples (5.4.3.37, 5.4.3.39)."""
    square = variance(sample=sample)

    def computed(series: Series, intervals: Intervals) -> Outcome:
        found = square(series, intervals)
        return _calculated(np.sqrt(found.value), found.status)

    return computed


def one_sample(*, last: bool) -> Aggregate:
    """Return the aggregate of the first or the last sample, as it is (5.4.3.25, 5.4.3.26)."""

    def found(series: Series, intervals: Intervals) -> Outcome:
        first, behind = series.within(intervals)
        empty, place = behind == first, _place(series, behind - 1 if last else first)
        samples = series.samples
        if not len(samples):
            return _nothing(intervals)
        status = np.where(empty, np.uint32(BAD_NO_DATA), samples.status[place])
        time = np.where(empty, intervals.begin, samples.time[place])
        return Outcome(samples.value[place], status, bits(empty, 0), time)

    return found


def delta(series: Series, intervals: Intervals) -> Outcome:
    """Return what lies between the first Good sample and the last one (5.4.3.27)."""
    if not len(series.good):
        return _nothing(intervals)
    first, behind = series.good.within(intervals)
    start, end = _place(series.good, first), _place(series.good, behind - 1)
    outer, outer_behind = series.within(intervals)
    # Uncertain, if others were skipped on the way to the first or to the last.
    skipped = (series.level[_place(series, outer)] != GOOD_LEVEL) | (
        series.level[_place(series, outer_behind - 1)] != GOOD_LEVEL
    )
    value = series.good.value[end] - series.good.value[start]
    return _calculated(value, _status(skipped, behind == first))


def _calculated(value: np.ndarray, status: Statuses) -> Outcome:
    return Outcome(value, status, bits(np.ones(len(value), dtype=bool), CALCULATED))


def _nothing(intervals: Intervals) -> Outcome:
    number = len(intervals)
    return Outcome(
        np.full(number, np.nan),
        np.full(number, BAD_NO_DATA, dtype=np.uint32),
        np.zeros(number, dtype=np.uint32),
    )


def _place(series: Series, index: Indexes) -> Indexes:
    """Return indexes that exist, also where an interval is empty."""
    return np.clip(index, 0, len(series) - 1)


def _status(doubtful: Flags, empty: Flags) -> Statuses:
    status = np.where(doubtful, np.uint32(UNCERTAIN_DATA_SUB_NORMAL), np.uint32(GOOD))
    return np.where(empty, np.uint32(BAD_NO_DATA), status).astype(np.uint32)


def _all_good(series: Series, intervals: Intervals, some: Flags) -> Statuses:
    """Return Good where all samples are, Uncertain where others are among them."""
    others = number_set(series.level != GOOD_LEVEL, *series.within(intervals))
    return _status(others > 0, ~some)


def _by_count(series: Series, intervals: Intervals) -> Statuses:
    """Return the status by how many samples are Good and how many Bad."""
    first, behind = series.within(intervals)
    good, bad, total = (
        reduced(np.add, np.where(which, series.count, 0), first, behind, 0)
        for which in (series.level == GOOD_LEVEL, series.level == BAD_LEVEL, True)
    )
    return share_status(good, bad, total, series.rules)
