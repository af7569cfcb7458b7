"""Means of recorded samples over the steps of a grid, and how much of each step is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.drivers.status import BAD
from heatpump_twin.twin_engine.history import Samples

LONGEST = 3600.0
"""Over a longer pause between two samples nothing is known; unless a table has one that rarely. [s]
"""
_RARE = 3.0
"""How many of the usual pauses may lie between two samples of such a table."""


def known_means(samples: Samples, edges: Times, *, stepped: bool) -> tuple[Values, Values]:
    """Return the mean of samples over each step of a grid, and the known share of the step.

    Between two samples a value lies on the line between them, or stays (``stepped``); it stays as
    well before one that is Bad. A Bad one is unknown until the next. The integral is exact.

    Parameters
    ----------
    edges : array-like of shape (n + 1,)
        Begin of each step and the end of the last one. [µs since the Unix epoch, UTC]

    Returns
    -------
    mean, share : arrays of shape (n,)
        NaN and 0 where nothing is known.
    """
    n = len(edges) - 1
    if len(samples) < 2 or n < 1:
        return np.full(n, np.nan), np.zeros(n)
    usable = (samples.status < BAD) & np.isfinite(samples.value)
    # Far from zero, as a counter is, the sums would lose the digits that count.
    base = float(np.median(samples.value[usable])) if usable.any() else 0.0
    begin = np.where(usable, samples.value - base, 0.0)
    length = np.diff(samples.time) / MICROSECONDS
    held = usable[:-1] & (length <= max(LONGEST, _RARE * float(np.median(length))))
    line = held & usable[1:] & (not stepped)
    slope = np.where(line, (begin[1:] - begin[:-1]) / np.maximum(length, 1e-6), 0.0)
    area, time = _until(edges, samples.time, length, held, begin[:-1], slope)
    known = np.diff(time)
    mean = np.divide(np.diff(area), known, out=np.full(n, np.nan), where=known > 0)
    return mean + base, known * MICROSECONDS / np.diff(edges)


def _until(
    at: Times, time: Times, length: Values, held: NDArray[np.bool_], begin: Values, slope: Values
) -> tuple[Values, Values]:
    """Return the integral of the known values, and the known time, up to each moment. [s]"""
    own = np.where(held, length, 0.0)
    area = np.append(0.0, np.cumsum(own * (begin + slope * length / 2)))
    known = np.append(0.0, np.cumsum(own))
    place = np.clip(np.searchsorted(time, at, side="right") - 1, 0, len(length) - 1)
    inside = np.clip((at - time[place]) / MICROSECONDS, 0.0, length[place]) * held[place]
    part = inside * (begin[place] + slope[place] * inside / 2)
    return area[place] + part, known[place] + inside
