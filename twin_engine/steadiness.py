"""Tell whether a machine runs steadily, so that a ratio of two instants means something."""

from __future__ import annotations

from collections import deque

from heatpump_twin.drivers.clock import MICROSECONDS

WINDOW = 5 * 60 * MICROSECONDS
"""How long everything must have been steady. [µs]"""
SPAN = 1.5
"""Largest difference between two supply temperatures in the window. [K]"""


class Steadiness:
    """Watches the supply temperature of a machine that may run without interruption or not."""

    def __init__(self) -> None:
        self._since: int | None = None
        self._supply: deque[tuple[int, float]] = deque()

    def update(self, time: int, running: bool, supply: float) -> bool:
        """Return whether it ran through the whole window at about one supply temperature."""
        if not running:
            self._since = None
            self._supply.clear()
            return False
        if self._since is None or time < self._since:
            self._since = time
            self._supply.clear()
        # One sample per second is plenty, however many devices report.
        if not self._supply or time - self._supply[-1][0] >= MICROSECONDS:
            self._supply.append((time, supply))
        while self._supply[0][0] < time - WINDOW:
            self._supply.popleft()
        if time - self._since < WINDOW:
            return False
        temperatures = [value for _, value in self._supply]
        return max(temperatures) - min(temperatures) <= SPAN
