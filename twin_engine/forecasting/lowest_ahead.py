"""The lowest value that is forecast of the next hours: what alarms of things to come are about."""

from __future__ import annotations

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import BAD_NO_DATA
from heatpump_twin.twin_engine.history import Samples

AHEAD = 12 * 3600 * MICROSECONDS
"""How far ahead it is looked. [µs]"""
_HOUR = 3600.0 * MICROSECONDS


def lowest_ahead(curve: Samples, now: int) -> tuple[float, float, int]:
    """Return the lowest value of the next hours, in how many hours it comes, and its status.

    NaN and a Bad status where nothing is known of them.
    """
    coming = curve.between(now, now + AHEAD)
    known = coming[np.isfinite(coming.value)]
    if not len(known):
        return np.nan, np.nan, BAD_NO_DATA
    place = int(known.value.argmin())
    hours = max(float(known.time[place] - now) / _HOUR, 0.0)
    return float(known.value[place]), hours, int(known.status[place])
