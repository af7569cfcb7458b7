"""Tell whether a machine runs steadily, so that a ratio of two instants means something."""

from __future__ import annotations

from collections import deque

from heatpump_twin.drivers.clock import MICROSECONDS

WINDOW = 5 * 60 * MICROSECONDS
"""How long everything must have been steady. [µs]"""
SPAN = 1.5
"""Largest difference between two supply temperatures in the window. [K]"""
_BUCKET = 5 * MICROSECONDS
"""Temperatures of this long a time are kept as their lowest and highest. [µs]"""


class Steadiness:
    """Detector of steady operation, from the compressor and the supply temperature."""

    def __init__(self) -> None:
        self._since: int | None = None
        self._buckets: deque[tuple[int, float, float]] = deque()

    def update(self, time: int, running: bool, supply: float) -> bool:
        """Return whether the machine ran the whole window at one supply temperature (°C)."""
        if not running:
            self._since = None
            self._buckets.clear()
            return False
        # A clock that was set back: the window of before means nothing any more.
        if self._since is None or time < self._since:
            self._since = time
            self._buckets.clear()
        self._add(time, supply)
        while self._buckets[0][0] < time - WINDOW:
            self._buckets.popleft()
        if time - self._since < WINDOW:
            return False
        lowest = min(low for _, low, _ in self._buckets)
        return max(high for _, _, high in self._buckets) - lowest <= SPAN

    def _add(self, time: int, supply: float) -> None:
        # Lowest and highest of five seconds in place of each sample: the window stays at sixty
        # entries, however fast the polls are.
        if self._buckets and time - self._buckets[-1][0] < _BUCKET:
            begin, low, high = self._buckets.pop()
            self._buckets.append((begin, min(low, supply), max(high, supply)))
        else:
            self._buckets.append((time, supply, supply))
