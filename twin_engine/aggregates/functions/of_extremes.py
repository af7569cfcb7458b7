"""Minimum, Maximum and Range of the samples of an interval (OPC 10000-13, 5.4.3.10 to 5.4.3.14)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Statuses, Times, Values
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD, UNCERTAIN_DATA_SUB_NORMAL
from heatpump_twin.twin_engine.aggregates.functions.of_values import Aggregate
from heatpump_twin.twin_engine.aggregates.functions.reduce import number_set, reduced, spread
from heatpump_twin.twin_engine.aggregates.functions.result import (
    CALCULATED,
    MULTIPLE,
    Outcome,
    bits,
)
from heatpump_twin.twin_engine.aggregates.periods.intervals import Flags, Intervals
from heatpump_twin.twin_engine.aggregates.series.series import BAD_LEVEL, Indexes, Series


@dataclass(frozen=True, slots=True, eq=False)
class Extreme:
    """The least or the greatest value of each interval: arrays of shape (m,)."""

    value: Values
    """NaN where there is none."""
    place: Indexes
    """Where it is found first."""
    number: np.ndarray
    """How often it is there."""


def extreme(operation: np.ufunc, value: Values, first: Indexes, behind: Indexes) -> Extreme:
    """Return the extreme of ``np.fmin`` or ``np.fmax`` of each part; NaN is no value."""
    best = reduced(operation, value, first, behind, np.nan)
    equal = np.zeros(len(value), dtype=bool)
    if len(first):
        inner = slice(int(first[0]), int(behind[-1]))
        equal[inner] = value[inner] == spread(best, first, behind)
    places = np.append(np.flatnonzero(equal), len(value))
    return Extreme(best, places[np.searchsorted(places, first)], number_set(equal, first, behind))


def extreme_sample(operation: np.ufunc, *, actual_time: bool) -> Aggregate:
    """Return the aggregate of the least or the greatest Good sample, at its time or at the begin.

    A greater Uncertain sample does not make the maximum Uncertain, as in the example of Historian 5
    (A.9); the definition says the contrary.
    """

    def found(series: Series, intervals: Intervals) -> Outcome:
        one = extreme(operation, series.good.value, *series.good.within(intervals))
        some = one.number > 0
        time = _time_at(series.good, one.place, intervals)
        status = _status(series, intervals, some)
        information = bits(one.number > 1, MULTIPLE)
        if actual_time:
            return Outcome(one.value, status, information, np.where(some, time, intervals.begin))
        doubtful = status == np.uint32(UNCERTAIN_DATA_SUB_NORMAL)
        information |= bits((time != intervals.begin) | doubtful, CALCULATED)
        return Outcome(one.value, status, information)

    return found


def span(series: Series, intervals: Intervals) -> Outcome:
    """Return the difference between the greatest and the least Good sample (5.4.3.14)."""
    parts = series.good.within(intervals)
    least = extreme(np.fmin, series.good.value, *parts)
    most = extreme(np.fmax, series.good.value, *parts)
    some = least.number > 0
    return Outcome(
        most.value - least.value, _status(series, intervals, some), bits(some, CALCULATED)
    )


def _status(series: Series, intervals: Intervals, some: Flags) -> Statuses:
    bad = number_set(series.level == BAD_LEVEL, *series.within(intervals))
    status = np.where(bad > 0, np.uint32(UNCERTAIN_DATA_SUB_NORMAL), np.uint32(GOOD))
    return np.where(some, status, np.uint32(BAD_NO_DATA)).astype(np.uint32)


def _time_at(series: Series, place: Indexes, intervals: Intervals) -> Times:
    """Return the times of samples; the begin of the interval where there is none."""
    time = np.append(series.time, np.int64(0))[np.minimum(place, len(series))]
    return np.where(place < len(series), time, intervals.begin)
