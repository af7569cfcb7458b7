"""The mean of a temperature over the last day, in quarter-hours as somebody looks at it."""

from __future__ import annotations

from collections import deque

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values

DAY = 24 * 3600 * MICROSECONDS
STANDING = 3600 * MICROSECONDS
"""A recorded temperature stands so long: one that hardly moves is seldom recorded."""
_EVERY = 900 * MICROSECONDS
_LEAST = 20 * 4
"""Quarter-hours without which it is no day."""


class LastDay:
    """Temperatures of the last day, one of each quarter-hour."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, float]] = deque(maxlen=DAY // _EVERY)

    def note(self, now: int, temperature: float) -> None:
        """Take what is measured at a time in µs; the first of each quarter-hour counts."""
        if not self._seen or now // _EVERY != self._seen[-1][0] // _EVERY:
            self._seen.append((now, temperature))

    def recall(self, time: Times, temperature: Values, now: int) -> None:
        """Take what was recorded before anybody looked, in order of time.

        Parameters
        ----------
        time, temperature : array
            Shape (n,), the day before ``now`` and some time more. [µs], [°C]
        """
        first = self._seen[0][0] // _EVERY if self._seen else now // _EVERY + 1
        quarters = np.arange(now // _EVERY - DAY // _EVERY + 1, first) * _EVERY
        # Of each quarter-hour the first sample, or where it has none the last one before it.
        after = np.searchsorted(time, quarters)
        inside = after < np.searchsorted(time, quarters + _EVERY)
        place = np.where(inside, after, after - 1)
        known = (place >= 0) & (place < len(time))
        quarters, place = quarters[known], place[known]
        fresh = quarters - time[place] <= STANDING
        moment = np.maximum(quarters, time[place])[fresh]
        found = zip(moment.tolist(), temperature[place][fresh].tolist(), strict=True)
        self._seen = deque([*found, *self._seen], maxlen=self._seen.maxlen)

    def mean(self, now: int) -> float:
        """Return the mean of the day before a time in µs; NaN: too little was seen. [°C]"""
        known = [value for time, value in self._seen if now - DAY <= time <= now]
        return sum(known) / len(known) if len(known) >= _LEAST else float("nan")
