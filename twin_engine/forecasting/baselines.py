"""Baselines: what anybody would say without a model. Each knows only one target's past."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.quarter_hours import (
    DAY,
    LEVELS,
    STEPS,
    known_quantiles,
)

BaselineRule = Callable[[Values], Values]
"""From the past of a target, shape (n,), its quantiles ahead, shape (3, STEPS); NaN: unknown."""

PERSISTENCE, NAIVE, CLIMATOLOGY = "persistence", "seasonal naive", "climatology"
_FRESH = 8
"""Older than so many quarter-hours, a value tells nothing of now."""
_LATEST_DAYS = 3
"""Where yesterday is not known, the day before is taken, and the one before that."""
_DAYS = 14
"""Days of which the climatology is made."""
_BESIDE = 2
"""Quarter-hours before and after a time of day that tell of it as well."""
_FEWEST = 3
"""Of less than so many values no quantile is told."""


def persistence(past: Values) -> Values:
    """Say that it stays as it is."""
    latest = past[-_FRESH:]
    known = latest[np.isfinite(latest)]
    return np.full((len(LEVELS), STEPS), known[-1] if len(known) else np.nan)


def seasonal_naive(past: Values) -> Values:
    """Say that it will be as it was at this time yesterday."""
    day = np.full(DAY, np.nan)
    for back in range(1, _LATEST_DAYS + 1):
        first, last = len(past) - back * DAY, len(past) - (back - 1) * DAY
        if first >= 0:
            day = np.where(np.isnan(day), past[first:last], day)
    return np.tile(day, (len(LEVELS), STEPS // DAY))


def climatology(past: Values) -> Values:
    """Say that it will be as the last two weeks were at this time of day."""
    days = min(len(past) // DAY, _DAYS)
    if not days:
        return np.full((len(LEVELS), STEPS), np.nan)
    table = past[len(past) - days * DAY :].reshape(days, DAY)
    near = [np.roll(table, shift, axis=1) for shift in range(-_BESIDE, _BESIDE + 1)]
    # (time of day, values): what was near midnight counts to either day, which is well enough.
    values = np.stack(near).transpose(2, 0, 1).reshape(DAY, -1)
    found = known_quantiles(values, LEVELS)
    found[:, np.isfinite(values).sum(axis=1) < _FEWEST] = np.nan
    return np.tile(found, (1, STEPS // DAY))


BASELINES = MappingProxyType(
    {CLIMATOLOGY: climatology, NAIVE: seasonal_naive, PERSISTENCE: persistence}
)
"""Baselines by name, in the order in which they are trusted while nothing speaks for another."""
