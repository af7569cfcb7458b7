"""Bounding values: the values at the edges of intervals (OPC 10000-13, 3.1.7 to 3.1.9)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.aggregates.periods.intervals import Flags
from heatpump_twin.twin_engine.aggregates.series.series import (
    BAD_LEVEL,
    GOOD_LEVEL,
    UNCERTAIN_LEVEL,
    Indexes,
    Levels,
    Series,
)


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """Values at times: arrays of shape (m,)."""

    time: Times
    value: Values
    """NaN where there is none."""
    level: Levels
    """Bad where there is none."""
    sample: Indexes
    """The sample that was found at the very time, else -1."""

    def of(self, which: slice) -> Bounds:
        """Return some of them."""
        return Bounds(self.time[which], self.value[which], self.level[which], self.sample[which])


def simple_bounds(series: Series, time: Times) -> Bounds:
    """Return the values at times, from the sample right before each and the one right after it.

    Nothing is known after a Bad sample, nor beyond the last sample of the archive (3.1.9).
    """
    count = len(series)
    before = np.searchsorted(series.time, time, "right") - 1
    after = np.minimum(before + 1, count)
    # One Bad sample more at the end: what -1 and `count` find there is none.
    samples, value = _with_none(series)
    level = np.append(series.level, np.uint8(BAD_LEVEL))
    exact = (before >= 0) & (samples[before] == time)
    known = exact | ((before < count - 1) & (level[before] != BAD_LEVEL))
    join = known & ~exact & (level[after] != BAD_LEVEL)
    if series.rules.stepped:
        found, quality = value[before], level[before]
    else:
        line = _line(samples, value, before, after, time)
        found = np.where(join, line, value[before])
        joined = np.maximum(level[before], level[after])
        quality = np.where(exact, level[before], np.where(join, joined, UNCERTAIN_LEVEL))
    return _bounds(time, found, np.where(known, quality, BAD_LEVEL), exact, before)


def interpolated_bounds(series: Series, time: Times, *, stepped: bool) -> Bounds:
    """Return the values at times, from the nearest samples that are not Bad (3.1.8)."""
    usable = series.usable
    before = np.searchsorted(usable.time, time, "right") - 1
    samples, value = _with_none(usable)
    exact = (before >= 0) & (samples[before] == time)
    estimate = _held if stepped else _sloped
    found, doubtful = estimate(series, usable, before, time)
    level = np.where(doubtful, UNCERTAIN_LEVEL, GOOD_LEVEL)
    own = np.append(usable.level, np.uint8(BAD_LEVEL))[before]
    found, level = np.where(exact, value[before], found), np.where(exact, own, level)
    place = np.searchsorted(series.time, time, "right") - 1
    return _bounds(time, found, np.where(before < 0, BAD_LEVEL, level), exact, place)


def _held(series: Series, usable: Series, before: Indexes, time: Times) -> tuple[Values, Flags]:
    """Let the value before each time stand; doubt it where a Bad sample, or nothing, follows."""
    samples, value = _with_none(usable)
    level = np.append(usable.level, np.uint8(BAD_LEVEL))
    skipped = _between(series, samples[before], time + 1)  # a Bad one at the time itself, too
    beyond = np.searchsorted(series.time, time, "right") == len(series)
    return value[before], (level[before] != GOOD_LEVEL) | skipped | beyond


def _sloped(series: Series, usable: Series, before: Indexes, time: Times) -> tuple[Values, Flags]:
    """Join the values around each time; behind the last one, go on as the rules say."""
    count = len(usable)
    after = np.minimum(before + 1, count)
    samples, value = _with_none(usable)
    level = np.append(usable.level, np.uint8(BAD_LEVEL))
    inside = after < count
    found = np.where(inside, _line(samples, value, before, after, time), value[before])
    if series.rules.sloped_extrapolation:
        line = _line(samples, value, np.maximum(before - 1, -1), before, time)
        found = np.where(~inside & (before >= 1), line, found)
    uncertain = (level[before] != GOOD_LEVEL) | (level[after] != GOOD_LEVEL)
    return found, uncertain | _between(series, samples[before], samples[after]) | ~inside


def _with_none(series: Series) -> tuple[Times, Values]:
    """Return times and values with one more that is none, which -1 and the count find."""
    return np.append(series.time, np.int64(0)), np.append(series.value, np.nan)


def _line(time: Times, value: Values, before: Indexes, after: Indexes, where: Times) -> Values:
    """Return the line through two samples at times; without two, whatever comes out."""
    span = np.where(time[after] == time[before], 1, time[after] - time[before])
    share = (where - time[before]) / span
    return value[before] + (value[after] - value[before]) * share


def _between(series: Series, first: Times, last: Times) -> Flags:
    """Tell whether samples lie between two times."""
    behind = np.searchsorted(series.time, first, "right")
    return np.searchsorted(series.time, last, "left") > behind


def _bounds(time: Times, value: Values, level: Levels, exact: Flags, place: Indexes) -> Bounds:
    level = level.astype(np.uint8)
    return Bounds(
        time, np.where(level == BAD_LEVEL, np.nan, value), level, np.where(exact, place, -1)
    )
