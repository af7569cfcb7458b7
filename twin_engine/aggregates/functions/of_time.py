"""Aggregates that weigh by time (OPC 10000-13, 5.4.3)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Statuses, Values
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD, UNCERTAIN_DATA_SUB_NORMAL
from heatpump_twin.twin_engine.aggregates.functions.bounding import interpolated_bounds
from heatpump_twin.twin_engine.aggregates.functions.of_values import Aggregate
from heatpump_twin.twin_engine.aggregates.functions.reduce import number_set, reduced
from heatpump_twin.twin_engine.aggregates.functions.regions import (
    SECOND,
    Regions,
    edges,
    simple_regions,
    standing,
    straight_regions,
)
from heatpump_twin.twin_engine.aggregates.functions.result import CALCULATED, Outcome, bits
from heatpump_twin.twin_engine.aggregates.periods.intervals import Intervals
from heatpump_twin.twin_engine.aggregates.series.series import BAD_LEVEL, GOOD_LEVEL, Series

MILLISECONDS = 1e-3
"""One microsecond. [ms]"""


def straight(*, total: bool) -> Aggregate:
    """Return TimeAverage or Total: straight lines between all that is not Bad (5.4.3.6, 5.4.3.8).

    Lines are sloped even where values are stepped. The average is over the time for which there are
    values, as in the examples of A.4; the total is the area over that time.
    """

    def found(series: Series, intervals: Intervals) -> Outcome:
        at = edges(intervals)
        bounds = interpolated_bounds(series, at, stepped=False)
        regions = straight_regions(series, intervals, bounds)
        skipped = number_set(series.level == BAD_LEVEL, *series.within(intervals)) > 0
        doubtful = skipped | (regions.total(regions.level != GOOD_LEVEL) > 0)
        status = np.where(doubtful, np.uint32(UNCERTAIN_DATA_SUB_NORMAL), np.uint32(GOOD))
        area = regions.area() + _of_hours(series.usable, intervals, "sloped")
        return _weighed(regions, area, status.astype(np.uint32), total=total)

    return found


def simple(*, total: bool) -> Aggregate:
    """Return TimeAverage2 or Total2: with simple bounds, without Bad regions (5.4.3.7, 5.4.3.9)."""

    def found(series: Series, intervals: Intervals) -> Outcome:
        regions = simple_regions(series, intervals)
        way = "stepped" if series.rules.stepped else "sloped"
        area = regions.area() + _of_hours(series.usable, intervals, way)
        return _weighed(regions, area, regions.status(series.rules), total=total)

    return found


def lasting(level: int, *, percent: bool = False) -> Aggregate:
    """Return the aggregate of how long data are Good or Bad [ms], or of its share [%].

    The share is of the time for which there are data (5.4.3.31 to 5.4.3.34, A.31).
    """

    def found(series: Series, intervals: Intervals) -> Outcome:
        regions = standing(series, intervals)
        time = regions.lasting(level).astype(np.float64)
        whole = regions.total(regions.duration)
        value = 100.0 * time / np.maximum(whole, 1) if percent else time * MILLISECONDS
        return _calculated(value, np.full(len(value), GOOD, dtype=np.uint32))

    return found


def in_state(*, zero: bool) -> Aggregate:
    """Return the aggregate of how long Good values are zero, or are not [ms] (5.4.3.22, .23)."""

    def found(series: Series, intervals: Intervals) -> Outcome:
        regions = standing(series, intervals)
        counts = (regions.level == GOOD_LEVEL) & ((regions.start == 0.0) == zero)
        time = regions.total(np.where(counts, regions.duration, 0))
        more = _of_hours(series.good, intervals, "zero")
        time = time + (more if zero else -more)
        return _calculated(time * MILLISECONDS, regions.status(series.rules))

    return found


def _of_hours(series: Series, intervals: Intervals, name: str) -> NDArray[Any]:
    """Return by interval what whole hours add to what the samples that represent them say."""
    inner = series.inner
    if inner is None or not len(inner.hours):
        return np.zeros(len(intervals), dtype=np.int64)
    value, duration = series.value, np.diff(series.time, append=0)
    if name == "zero":
        own: NDArray[Any] = np.where(value == 0.0, duration, 0)
    else:
        mean = value if name == "stepped" else (value + np.append(value[1:], 0.0)) / 2
        own = mean * duration * SECOND
    first, behind = (np.searchsorted(inner.first, edge) for edge in series.within(intervals))
    return reduced(np.add, inner.more(own, name), first, behind, 0)


def _weighed(regions: Regions, area: Values, status: Statuses, *, total: bool) -> Outcome:
    known = regions.known()
    value = area if total else area / (np.maximum(known, 1) * SECOND)
    return _calculated(value, np.where(known == 0, np.uint32(BAD_NO_DATA), status))


def _calculated(value: Values, status: Statuses) -> Outcome:
    return Outcome(value, status.astype(np.uint32), bits(np.ones(len(value), bool), CALCULATED))
