"""Regions: an interval from sample to sample and from edge to edge (OPC 10000-13, 5.4.3.2.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Statuses, Times, Values
from heatpump_twin.twin_engine.aggregates.functions.bounding import Bounds, simple_bounds
from heatpump_twin.twin_engine.aggregates.functions.reduce import reduced
from heatpump_twin.twin_engine.aggregates.functions.result import share_status
from heatpump_twin.twin_engine.aggregates.periods.intervals import Intervals
from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.aggregates.series.series import (
    BAD_LEVEL,
    GOOD_LEVEL,
    UNCERTAIN_LEVEL,
    Indexes,
    Levels,
    Series,
)

TICK = 1_000
"""Resolution of time: how long the last sample of an archive is known to stand. [µs]"""
SECOND = 1e-6
"""One microsecond. [s]"""

Durations = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Regions of all intervals, from past to future: arrays of shape (r,)."""

    begin: Times
    duration: Durations
    """[µs]"""
    start: Values
    end: Values
    level: Levels
    first: Indexes
    """The first region of each interval: shape (m,)."""

    def total(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the sum of a value of each region, by interval."""
        behind = np.append(self.first[1:], len(self.duration))
        return reduced(np.add, values, self.first, behind, 0)

    def lasting(self, level: int) -> Durations:
        """Return how long each interval is of a level. [µs]"""
        return self.total(np.where(self.level == level, self.duration, 0))

    def known(self) -> Durations:
        """Return how long each interval is not Bad. [µs]"""
        return self.total(np.where(self.level != BAD_LEVEL, self.duration, 0))

    def status(self, rules: Rules) -> Statuses:
        """Return the status of each interval by the time that is Good and Bad."""
        total = self.total(self.duration)
        return share_status(self.lasting(GOOD_LEVEL), self.lasting(BAD_LEVEL), total, rules)

    def area(self) -> Values:
        """Return the time integral of each interval over what is not Bad. [value · s]"""
        known = self.level != BAD_LEVEL
        mean = np.where(known, (self.start + self.end) / 2, 0.0)
        return self.total(mean * self.duration * SECOND)


def edges(intervals: Intervals) -> NDArray[np.int64]:
    """Return the edges of intervals, one more than there are intervals."""
    return np.append(intervals.early, intervals.late[-1:])


def standing(series: Series, intervals: Intervals) -> Regions:
    """Return regions with simple bounds in which each value stands: the start alone counts."""
    bounds = simple_bounds(series, edges(intervals))
    regions, _ = _joined(series, intervals, bounds)
    return replace(regions, end=regions.start)


def simple_regions(series: Series, intervals: Intervals) -> Regions:
    """Return regions with simple bounds, stepped or sloped as the rules say."""
    if series.rules.stepped:
        return standing(series, intervals)
    bounds = simple_bounds(series, edges(intervals))
    regions, behind = _joined(series, intervals, bounds)
    # Where no value follows, the last one stands, and is doubted.
    lost = behind == BAD_LEVEL
    level = np.maximum(regions.level, np.where(lost, UNCERTAIN_LEVEL, behind)).astype(np.uint8)
    end = np.where(lost, regions.start, regions.end)
    return replace(regions, end=end, level=level)


def straight_regions(series: Series, intervals: Intervals, bounds: Bounds) -> Regions:
    """Return regions between samples that are not Bad, joined by straight lines to the bounds."""
    regions, behind = _joined(series.usable, intervals, bounds, beyond=True)
    level = np.where(regions.level == BAD_LEVEL, BAD_LEVEL, np.maximum(regions.level, behind))
    return replace(regions, level=level.astype(np.uint8))


def _joined(
    series: Series, intervals: Intervals, bounds: Bounds, *, beyond: bool = False
) -> tuple[Regions, Levels]:
    """Return the regions from edges and samples, with the level of their starts, and of their ends.

    Behind the last sample of an archive the time does not count, unless ``beyond``.
    """
    before = np.searchsorted(series.time, intervals.early, "right")
    behind = np.searchsorted(series.time, intervals.late, "left")
    # An interval has one region more than samples strictly inside.
    count = np.maximum(behind - before, 0) + 1
    last = np.cumsum(count) - 1
    first = last - count + 1
    at_sample = np.ones(int(count.sum()), dtype=bool)
    at_sample[first] = False
    own = np.flatnonzero(at_sample)
    inside = _inside(series, bounds.time)

    def column(samples: NDArray[Any], at: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        start = np.empty(len(at_sample), dtype=samples.dtype)
        start[first], start[own] = at[:-1], samples[inside]
        end = np.append(start[1:], start[:1])
        end[last] = at[1:]
        return start, end

    begin, finish = column(series.time, bounds.time)
    value, value_behind = column(series.value, bounds.value)
    level, level_behind = column(series.level, bounds.level)
    duration = finish - begin
    if series.ends and len(series) and not beyond:
        over = begin - series.time[-1]
        most = np.where(over < 0, duration, np.where(over == 0, TICK, 0))
        duration = np.minimum(duration, most)
    return Regions(begin, duration, value, value_behind, level, first), level_behind


def _inside(series: Series, at: NDArray[np.int64]) -> Indexes:
    """Return the samples between the first edge and the last that are on none."""
    begin = int(np.searchsorted(series.time, at[0], "right"))
    end = int(np.searchsorted(series.time, at[-1], "left"))
    between = np.ones(max(begin, end) - begin, dtype=bool)
    place = np.searchsorted(series.time[begin:end], at)
    there = place < len(between)
    place, edge = place[there], at[there]
    between[place[series.time[begin:end][place] == edge]] = False
    return begin + np.flatnonzero(between)
