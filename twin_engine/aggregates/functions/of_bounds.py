"""Aggregates of the values at the edges of an interval (OPC 10000-13, 5.4.3)."""

from __future__ import annotations

import numpy as np

from heatpump_twin.drivers.frame import Statuses
from heatpump_twin.drivers.status import BAD_NO_DATA
from heatpump_twin.twin_engine.aggregates.functions.bounding import (
    Bounds,
    interpolated_bounds,
    simple_bounds,
)
from heatpump_twin.twin_engine.aggregates.functions.of_values import Aggregate
from heatpump_twin.twin_engine.aggregates.functions.result import (
    CALCULATED,
    INTERPOLATED,
    Bits,
    Outcome,
    bits,
    codes,
)
from heatpump_twin.twin_engine.aggregates.periods.intervals import Intervals
from heatpump_twin.twin_engine.aggregates.series.series import BAD_LEVEL, Series


def interpolative(series: Series, intervals: Intervals) -> Outcome:
    """Return the value at the begin of the interval, from the samples around it (5.4.3.4)."""
    bounds = interpolated_bounds(series, intervals.begin, stepped=series.rules.stepped)
    status, origin = status_of(series, bounds), origin_of(bounds)
    return Outcome(bounds.value, status, origin, has_partial=False, extrapolated=True)


def bound(*, at_end: bool) -> Aggregate:
    """Return the aggregate of the value at the begin or the end (5.4.3.28, 5.4.3.29)."""

    def found(series: Series, intervals: Intervals) -> Outcome:
        early = at_end == intervals.backwards
        bounds = simple_bounds(series, intervals.early if early else intervals.late)
        information = origin_of(bounds)
        if at_end:
            information = bits(bounds.level != BAD_LEVEL, CALCULATED)
        return Outcome(bounds.value, status_of(series, bounds), information)

    return found


def bound_delta(series: Series, intervals: Intervals) -> Outcome:
    """Return how much the value at the end exceeds that at the begin (5.4.3.30)."""
    early = simple_bounds(series, intervals.early)
    late = simple_bounds(series, intervals.late)
    level = np.maximum(early.level, late.level)
    way = -1.0 if intervals.backwards else 1.0
    return Outcome(
        way * (late.value - early.value), codes(level), bits(level != BAD_LEVEL, CALCULATED)
    )


def status_of(series: Series, bounds: Bounds) -> Statuses:
    """Return the status of values at times: of a sample its own; BadNoData, where none is known."""
    if not len(series):
        return codes(bounds.level)
    own = series.samples.status[bounds.sample]
    status = np.where(bounds.sample >= 0, own, codes(bounds.level))
    return np.where(bounds.level == BAD_LEVEL, np.uint32(BAD_NO_DATA), status).astype(np.uint32)


def origin_of(bounds: Bounds) -> Bits:
    """Return the bit of what is interpolated."""
    return bits((bounds.sample < 0) & (bounds.level != BAD_LEVEL), INTERPOLATED)
