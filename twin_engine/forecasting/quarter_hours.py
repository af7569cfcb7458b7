"""The grid of forecasts: quarter-hours of UTC, each known by its mean."""

from __future__ import annotations

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values

STEP = 900 * MICROSECONDS
"""[µs]"""
STEPS = 192
"""48 hours."""
DAY = 96
"""Quarter-hours of a day."""
LEVELS = np.array([0.1, 0.5, 0.9])
"""Quantiles of a forecast. [-]"""


def quarter_begin(time: int) -> int:
    """Return the begin of the quarter-hour of a time. [µs since the Unix epoch, UTC]"""
    return time // STEP * STEP


def ahead(issued: int) -> Times:
    """Return the begins of the quarter-hours that a forecast is of; the first goes on already."""
    return quarter_begin(issued) + STEP * np.arange(STEPS, dtype=np.int64)


def known_quantiles(values: Values, levels: Values) -> Values:
    """Return quantiles along the last axis of what is known, shape (levels, …); NaN: nothing is.

    As `numpy.nanquantile`, which goes through rows one by one.
    """
    ordered = np.sort(values, axis=-1).reshape(-1, values.shape[-1])  # NaN last
    last = np.maximum(np.isfinite(ordered).sum(axis=-1) - 1, 0)
    rows = np.arange(len(ordered))
    found = np.empty((len(levels), len(ordered)))
    for row, level in enumerate(levels.tolist()):
        place = level * last
        low = np.floor(place).astype(np.int64)
        below, above = ordered[rows, low], ordered[rows, np.minimum(low + 1, last)]
        found[row] = below + (place - low) * (above - below)
    return found.reshape(len(levels), *values.shape[:-1])
