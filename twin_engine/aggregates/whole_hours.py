"""Which hours of a time range are read as statistics, and what is left to read sample by sample."""

from __future__ import annotations

import numpy as np

from heatpump_twin.twin_engine.aggregates.intervals import Flags, Intervals
from heatpump_twin.twin_engine.hourly_statistics import HOUR, Hourly

MOST_SPANS = 200
"""Ranges that are read sample by sample: each costs as much as some thousand samples."""


def usable(hours: Hourly, intervals: Intervals) -> Hourly:
    """Return the hours each of which lies in one interval, and not too many holes between them."""
    start = hours["hour"].astype(np.int64) * HOUR
    number = np.searchsorted(intervals.early, start, "right") - 1
    inside = (number >= 0) & (start + HOUR <= intervals.late[number])
    if intervals.backwards:
        # What is at the early edge belongs to the interval before.
        inside &= start + hours["time"][:, 0] > intervals.early[number]
    return _with_few_holes(hours[inside])


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
