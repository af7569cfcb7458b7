"""Whole hours by their statistics, in the place of their samples.

A series takes those samples of an hour that represent it, as if there were no others: extremes,
bounds, durations and qualities come out as of all. What the others add to counts, sums and
integrals is noted of the hour, and aggregates that need it add it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.twin_engine.aggregates.periods.intervals import Flags, Intervals
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.hourly_statistics import HOUR, Hourly, kept_hours

MOST_SPANS = 200
"""Ranges that are read sample by sample: each costs as much as some thousand samples."""
_Indexes = NDArray[np.intp]
_VALUE_OF = np.array([0, 1, 2, 2, 3, 3])
"""For each time of an hour, the column of its value."""
_STATUS_OF = np.array([0, 1, 0, 0, 0, 0])
"""And of its status: all are of one quality, and only that of the ends is said itself."""
_COLUMN_BITS = 3
"""Bits for the number of a column."""


@dataclass(frozen=True, slots=True, eq=False)
class Inner:
    """Hours of a series: arrays of shape (h,), and one of shape (n,), as long as the series."""

    hours: Hourly
    first: _Indexes
    last: _Indexes
    """Where the samples lie that represent an hour: these, and all between them."""
    alone: NDArray[np.bool_]
    """Whether a sample stands for itself."""

    def of(self, which: NDArray[np.bool_]) -> Inner:
        """Return that of some of the samples; of an hour they are all or none."""
        kept, place = which[self.first], np.cumsum(which) - 1
        return Inner(
            kept_hours(self.hours, kept),
            place[self.first[kept]],
            place[self.last[kept]],
            self.alone[which],
        )

    def spread(self, alone: NDArray[Any], name: str) -> NDArray[Any]:
        """Return what samples stand for: their own, and at the first of an hour, a column of it."""
        found = np.where(self.alone, alone, 0)
        found[self.first] = self.hours[name]
        return found

    def more(self, own: NDArray[Any], name: str) -> NDArray[Any]:
        """Return by hour what a column of it exceeds the sum over its samples but the last by."""
        edges = np.column_stack([self.first, self.last]).ravel()
        found: NDArray[Any] = self.hours[name] - np.add.reduceat(own, edges)[::2]
        return found


def condensed(samples: Samples, hours: Hourly) -> tuple[Samples, Inner]:
    """Put the samples that represent hours among others, which are none of these hours'."""
    shown, count = _shown(hours)
    joined = Samples.concat([samples, shown])
    order = np.argsort(joined.time, kind="stable")
    last = np.flatnonzero(order >= len(samples))[np.cumsum(count) - 1]
    return joined[order], Inner(hours, last - count + 1, last, order < len(samples))


def _shown(hours: Hourly) -> tuple[Samples, NDArray[np.int64]]:
    """Return the samples that represent hours, each once, and how many there are of each hour."""
    start = hours["hour"].astype(np.int64) * HOUR
    # Time and column in one number: a sort of it orders both, and of equal times keeps the first.
    key = ((start[:, np.newaxis] + hours["time"]) << _COLUMN_BITS) | np.arange(len(_VALUE_OF))
    key.sort(axis=1)
    time = key >> _COLUMN_BITS
    once = np.ones(time.shape, dtype=bool)
    once[:, 1:] = time[:, 1:] != time[:, :-1]
    place = np.flatnonzero(once)
    row, column = place // len(_VALUE_OF), key.ravel()[place] & ((1 << _COLUMN_BITS) - 1)
    shown = Samples(
        hours["value"][row, _VALUE_OF[column]],
        hours["status"][row, _STATUS_OF[column]],
        time.ravel()[place],
    )
    return shown, once.sum(axis=1)


def usable(hours: Hourly, intervals: Intervals) -> Hourly:
    """Return the hours each of which lies in one interval, and not too many holes between them."""
    start = hours["hour"].astype(np.int64) * HOUR
    number = np.searchsorted(intervals.early, start, "right") - 1
    inside = (number >= 0) & (start + HOUR <= intervals.late[number])
    if intervals.backwards:
        # What is at the early edge belongs to the interval before.
        inside &= start + hours["time"][:, 0] > intervals.early[number]
    return _with_few_holes(kept_hours(hours, inside))


def holes(hours: Hourly, low: int, high: int) -> list[tuple[int, int]]:
    """Return the parts of low ≤ time < high that are in none of the hours."""
    start = hours["hour"].astype(np.int64) * HOUR
    begins, ends = np.append(low, start + HOUR), np.append(start, high)
    some = ends > begins
    return list(zip(begins[some].tolist(), ends[some].tolist(), strict=True))


def _with_few_holes(hours: Hourly) -> Hourly:
    """Leave out the shortest runs of hours until what is left has few holes."""
    edge = np.flatnonzero(np.diff(hours["hour"]) > 1) + 1
    runs = np.diff(np.concatenate([[0], edge, [len(hours)]]))
    if len(runs) < MOST_SPANS:
        return hours
    longest = np.zeros(len(runs), dtype=bool)
    longest[np.argsort(runs, kind="stable")[1 - MOST_SPANS :]] = True
    kept: Flags = np.repeat(longest, runs)
    return hours[kept]
