"""Runs of a compressor in a period: starts, hours, how often and how long it runs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.kpi.figure import Figure

_HOUR = 3600 * MICROSECONDS
_LONGEST = 20 * 60 * MICROSECONDS
"""Of a longer time without a sample it is not known what the compressor did. An unchanged value is
recorded again after a minute, and after a quarter of an hour in an emulated past."""


class Stretches(NamedTuple):
    """Times in which a stepped value was the same: arrays of shape (n,)."""

    begin: Times
    end: Times
    value: Values
    """NaN where it is not known."""


def stretches(time: Times, value: Values, start: int, end: int) -> Stretches:
    """Return the stretches of a period in which a value held, from its samples in order."""
    if not len(time):
        return Stretches(time, time, value)
    until = np.append(time[1:], end)
    held = np.minimum(until, time + _LONGEST)
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


def run_figures(of: Stretches, start: int, end: int) -> list[Figure]:
    """Return starts, hours, starts an hour and the lengths of the runs of a period."""
    on = of.value == 1
    hours = (of.end - of.begin) / _HOUR
    known = float(hours[~np.isnan(of.value)].sum())
    share = known * _HOUR / (end - start)
    doubts = (f"{share:.1%} of the time",) if share < 0.999 else ()
    # A start is one that was seen: from off to on. What begins with a period or a gap is none.
    off_before = np.append(False, of.value[:-1] == 0)
    starts = float(np.count_nonzero(on & off_before))
    running = float(hours[on].sum())
    whole = on & off_before & np.append(of.value[1:] == 0, False)
    minutes = 60 * hours[whole]
    figures = [
        Figure("starts", "1", starts, doubts=doubts),
        Figure("run hours", "h", running, doubts=doubts),
        Figure(
            "starts per run hour", "1/h", starts / running if running else np.nan, doubts=doubts
        ),
    ]
    return figures + [
        Figure(
            f"run length, {name}",
            "min",
            float(np.quantile(minutes, q)) if len(minutes) else np.nan,
            doubts=doubts if len(minutes) else ("no whole run",),
        )
        for name, q in (("10 %", 0.1), ("median", 0.5), ("90 %", 0.9))
    ]
