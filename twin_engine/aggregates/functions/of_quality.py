"""The worst quality of an interval (OPC 10000-13, 5.4.3.35 and 5.4.3.36)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heatpump_twin.drivers.frame import Statuses
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD
from heatpump_twin.twin_engine.aggregates.functions.bounding import Bounds, simple_bounds
from heatpump_twin.twin_engine.aggregates.functions.of_extremes import extreme
from heatpump_twin.twin_engine.aggregates.functions.regions import edges
from heatpump_twin.twin_engine.aggregates.functions.result import (
    CALCULATED,
    MULTIPLE,
    Outcome,
    bits,
    codes,
)
from heatpump_twin.twin_engine.aggregates.periods.intervals import Flags, Intervals
from heatpump_twin.twin_engine.aggregates.series.series import Series, severity

_CODE = np.uint32(0xFFFF_0000)
"""The bits of a status that are its code, and no information."""


def worst_quality(series: Series, intervals: Intervals) -> Outcome:
    """Return the status of the first of the worst samples, as a number."""
    level = severity(series.samples.status).astype(np.float64)
    worst = extreme(np.fmax, level, *series.within(intervals))
    status = _at(series, worst.place)
    return _outcome(status, worst.number > 1, empty=worst.number == 0)


def worst_quality_with_bounds(series: Series, intervals: Intervals) -> Outcome:
    """Return the status of the first of the worst samples and simple bounds, as a number."""
    # Whether Uncertain is to be Bad is of no account here.
    series = replace(series, rules=replace(series.rules, treat_uncertain_as_bad=False))
    at = edges(intervals)
    bounds = simple_bounds(series, at)
    level = severity(series.samples.status).astype(np.float64)
    level[np.isin(series.time, at)] = np.nan  # those are bounds
    inner = extreme(np.fmax, level, *series.within(intervals))
    at_edge = _of_bounds(series, bounds)
    quality = severity(at_edge).astype(np.float64)
    early, late = quality[:-1], quality[1:]
    worst = np.fmax(np.fmax(early, late), inner.value)
    of_inner = inner.value == worst
    number = (early == worst) * 1 + (late == worst) + np.where(of_inner, inner.number, 0)
    behind = np.where(of_inner, _at(series, inner.place), at_edge[1:])
    return _outcome(
        np.where(early == worst, at_edge[:-1], behind).astype(np.uint32),
        number > 1,
        empty=np.zeros(len(intervals), dtype=bool),
    )


def _of_bounds(series: Series, bounds: Bounds) -> Statuses:
    if not len(series):
        return codes(bounds.level)
    own = series.samples.status[bounds.sample]
    return np.where(bounds.sample >= 0, own, codes(bounds.level)).astype(np.uint32)


def _at(series: Series, place: np.ndarray) -> Statuses:
    """Return the statuses of samples; BadNoData behind the last one."""
    status = np.append(series.samples.status, np.uint32(BAD_NO_DATA))
    found: Statuses = status[np.minimum(place, len(series))]
    return found


def _outcome(status: Statuses, several: Flags, *, empty: Flags) -> Outcome:
    information = bits(~empty, CALCULATED) | bits(several, MULTIPLE)
    quality = np.where(empty, np.uint32(BAD_NO_DATA), np.uint32(GOOD)).astype(np.uint32)
    return Outcome((status & _CODE).astype(np.float64), quality, information)
