"""Minimum2, Maximum2 and Range2, which look at the edges, too (OPC 10000-13, 5.4.3.15 to .19)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Statuses, Times, Values
from heatpump_twin.drivers.status import BAD_NO_DATA
from heatpump_twin.twin_engine.aggregates.functions.bounding import Bounds, simple_bounds
from heatpump_twin.twin_engine.aggregates.functions.of_extremes import extreme
from heatpump_twin.twin_engine.aggregates.functions.of_values import Aggregate
from heatpump_twin.twin_engine.aggregates.functions.regions import TICK, edges, simple_regions
from heatpump_twin.twin_engine.aggregates.functions.result import (
    CALCULATED,
    INTERPOLATED,
    MULTIPLE,
    Outcome,
    bits,
)
from heatpump_twin.twin_engine.aggregates.periods.intervals import Flags, Intervals
from heatpump_twin.twin_engine.aggregates.series.series import BAD_LEVEL, Series


@dataclass(frozen=True, slots=True, eq=False)
class BoundedExtreme:
    """The least or greatest value of each interval with its bounds: arrays of shape (m,)."""

    value: Values
    status: Statuses
    time: Times
    several: Flags
    """There is more than one such value."""
    at_begin: Flags
    at_end: Flags
    interpolated: Flags
    """It is at an edge, and no sample."""


def bounded_extreme(operation: np.ufunc, series: Series, intervals: Intervals) -> BoundedExtreme:
    """Return the extreme of ``np.fmin`` or ``np.fmax`` of samples that are not Bad, and of bounds.

    The bound at the late edge counts where lines are sloped, or where the interval begins there.
    """
    bounds = simple_bounds(series, edges(intervals))
    regions = simple_regions(series, intervals)
    value = np.where(regions.level == BAD_LEVEL, np.nan, regions.start)
    behind = np.append(regions.first[1:], len(value))
    inner = extreme(operation, value, regions.first, behind)
    late = _late(series, intervals, bounds)
    best = operation(inner.value, late)
    of_inner, of_late = best == inner.value, best == late
    place = np.minimum(inner.place, len(value) - 1)
    at_early = of_inner & (place == regions.first)
    at_late = of_late & ~of_inner
    missing = bounds.sample < 0
    some = of_inner | of_late
    return BoundedExtreme(
        best,
        np.where(some, regions.status(series.rules), np.uint32(BAD_NO_DATA)).astype(np.uint32),
        np.where(at_late, intervals.late, np.where(some, regions.begin[place], intervals.begin)),
        np.where(of_inner, inner.number, 0) + of_late > 1,
        at_late if intervals.backwards else at_early,
        at_early if intervals.backwards else at_late,
        (at_early & missing[:-1]) | (at_late & missing[1:]),
    )


def _late(series: Series, intervals: Intervals, bounds: Bounds) -> Values:
    if series.rules.stepped and not intervals.backwards:
        return np.full(len(intervals), np.nan)
    return bounds.value[1:]


def extreme_with_bounds(operation: np.ufunc, *, actual_time: bool) -> Aggregate:
    """Return the aggregate of the least or greatest value, at its time or at the begin."""

    def found(series: Series, intervals: Intervals) -> Outcome:
        one = bounded_extreme(operation, series, intervals)
        information = bits(one.several, MULTIPLE)
        if not actual_time:
            information |= bits(one.interpolated, INTERPOLATED)
            information |= bits(~one.interpolated & ~one.at_begin, CALCULATED)
            return Outcome(one.value, one.status, information)
        information |= bits(one.interpolated | one.at_end, INTERPOLATED)
        # The end belongs to the next interval: the time just before it stands for it (3.1.3).
        way = TICK if intervals.backwards else -TICK
        return Outcome(one.value, one.status, information, one.time + way * one.at_end)

    return found


def bounded_span(series: Series, intervals: Intervals) -> Outcome:
    """Return the difference between Maximum2 and Minimum2 (5.4.3.19)."""
    least = bounded_extreme(np.fmin, series, intervals)
    most = bounded_extreme(np.fmax, series, intervals)
    value = most.value - least.value
    return Outcome(value, least.status, bits(np.isfinite(value), CALCULATED))
