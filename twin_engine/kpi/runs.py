"""Runs of a compressor in a period: starts, hours, how often and how long it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.kpi.figure import Figure

_HOUR = 3600 * MICROSECONDS
LONGEST = 20 * 60 * MICROSECONDS
"""Of a longer time without a sample it is not known what the compressor did. An unchanged value is
recorded again after a minute, and after a quarter of an hour in an emulated past."""


class Stretches(NamedTuple):
    """Times in which a stepped value was the same: arrays of shape (n,)."""

    begin: Times
    end: Times
    value: Values
    """NaN where it is not known."""


NOTHING_HELD = Stretches(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


def held_at(of: Stretches, time: Times) -> Values:
    """Return what a stepped value was at times; NaN where it is not known."""
    if not len(of.begin):
        return np.full(len(time), np.nan)
    i = np.maximum(np.searchsorted(of.begin, time, side="right") - 1, 0)
    inside = (of.begin[i] <= time) & (time < of.end[i])
    return np.where(inside, of.value[i], np.nan)


def stretches(time: Times, value: Values, start: int, end: int) -> Stretches:
    """Return the stretches of a period in which a value held, from its samples in order."""
    if not len(time):
        return Stretches(time, time, value)
    until = np.append(time[1:], end)
    held = np.minimum(until, time + LONGEST)
    gap = held < until
    # A sample holds until the next one; after a long time without one nothing is known.
    begin = np.concatenate((time, held[gap]))
    stop = np.concatenate((held, until[gap]))
    level = np.concatenate((value, np.full(int(gap.sum()), np.nan)))
    order = np.argsort(begin, kind="stable")
    begin, stop = np.clip(begin[order], start, end), np.clip(stop[order], start, end)
    level = level[order]
    there = stop > begin
    begin, stop, level = begin[there], stop[there], level[there]
    if not len(begin):
        return Stretches(begin, stop, level)
    same = (level[1:] == level[:-1]) | (np.isnan(level[1:]) & np.isnan(level[:-1]))
    first = np.append(True, ~(same & (begin[1:] == stop[:-1])))
    last = np.append(first[1:], True)
    return Stretches(begin[first], stop[last], level[first])


def start_times(of: Stretches) -> Times:
    """Return when a compressor was seen to start: from off to on.

    What begins with a period or a gap is no start.
    """
    started = (of.value[1:] == 1) & (of.value[:-1] == 0)
    return np.asarray(of.begin[1:][started])


def whole_runs(of: Stretches) -> NDArray[np.bool_]:
    """Tell which stretches are runs that were seen from their start to their end."""
    before = np.append(False, of.value[:-1] == 0)
    after = np.append(of.value[1:] == 0, False)
    return np.asarray((of.value == 1) & before[: len(of.value)] & after[: len(of.value)])


def time_in(of: Stretches, edges: Times, wanted: Callable[[Values], NDArray[np.bool_]]) -> Values:
    """Return the time of each of m spans in which a stepped value is a wanted one. [µs]

    Parameters
    ----------
    edges : ndarray of shape (m + 1,)
        Of the spans, increasing.
    """
    some = wanted(of.value)
    begin, end = of.begin[some], of.end[some]
    if not len(begin):
        return np.zeros(len(edges) - 1)
    lengths = np.append(0, np.cumsum(end - begin))
    # Up to each edge: the stretches that have ended, and what there is of the one that lasts.
    i = np.searchsorted(begin, edges, side="right")
    last = np.maximum(i - 1, 0)
    rest = np.where(i > 0, np.maximum(end[last] - edges, 0), 0)
    return np.diff(lengths[i] - rest).astype(float)


def run_lengths(of: Stretches) -> list[Figure]:
    """Return how long the runs were that were seen whole: 10, 50 and 90 % of them at most."""
    minutes = 60 * (of.end - of.begin)[whole_runs(of)] / _HOUR
    return [
        Figure(
            f"run_length_{name}",
            "min",
            float(np.quantile(minutes, q)) if len(minutes) else np.nan,
            doubts=() if len(minutes) else ("no whole run",),
        )
        for name, q in (("p10", 0.1), ("median", 0.5), ("p90", 0.9))
    ]
