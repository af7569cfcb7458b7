"""The mean of a temperature over the last day, in quarter-hours as somebody looks at it."""

from __future__ import annotations

from collections import deque

from heatpump_twin.drivers.clock import MICROSECONDS

DAY = 24 * 3600 * MICROSECONDS
_EVERY = 900 * MICROSECONDS
_LEAST = 20 * 4
"""Quarter-hours without which it is no day."""


class LastDay:
    """Temperatures of the last day, one of each quarter-hour; forgotten with the process.

    What was measured before a restart is not looked up: one heat-up is told without it.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[int, float]] = deque(maxlen=DAY // _EVERY)

    def note(self, now: int, temperature: float) -> None:
        """Take what is measured at a time in µs; the first of each quarter-hour counts."""
        if not self._seen or now // _EVERY != self._seen[-1][0] // _EVERY:
            self._seen.append((now, temperature))

    def mean(self, now: int) -> float:
        """Return the mean of the day before a time in µs; NaN: too little was seen. [°C]"""
        known = [value for time, value in self._seen if now - DAY <= time <= now]
        return sum(known) / len(known) if len(known) >= _LEAST else float("nan")
