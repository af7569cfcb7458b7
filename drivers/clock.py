"""Clocks, always passed in: nothing below the runtime asks the operating system for the time."""

from __future__ import annotations

import time
from typing import Protocol

MICROSECONDS = 1_000_000


class Clock(Protocol):
    """A source of time: µs since the Unix epoch, UTC."""

    def now(self) -> int:
        """Return the current time."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> int:
        """Return the operating system's time."""
        return time.time_ns() // 1000


class ScaledClock:
    """A clock that starts at a given time and runs ``speed`` times as fast as real time."""

    def __init__(self, start: int, speed: float) -> None:
        self._start = start
        self._speed = speed
        self._origin = time.monotonic_ns()

    def now(self) -> int:
        """Return the scaled time."""
        return self._start + int((time.monotonic_ns() - self._origin) // 1000 * self._speed)


class ManualClock:
    """A clock that moves only when told."""

    def __init__(self, start: int) -> None:
        self._now = start

    def now(self) -> int:
        """Return the time it was last moved to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward."""
        self._now += round(seconds * MICROSECONDS)
