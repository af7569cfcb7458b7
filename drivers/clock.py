"""Clocks, always passed in: nothing below the runtime asks the operating system for the time."""

from __future__ import annotations

import time
from typing import Protocol

MICROSECONDS = 1_000_000
"""Microseconds in a second: the resolution of every time in this project."""

RELEASED = 1_767_225_600 * MICROSECONDS
"""2026-01-01 UTC: no clock that is right shows a time before this software was there. [µs]"""


class Clock(Protocol):
    """A source of time: µs since the Unix epoch, UTC."""

    def now(self) -> int:
        """Return the current time. [µs since the Unix epoch, UTC]"""
        ...


def is_plausible(now: int) -> bool:
    """Tell whether a time is not before this software: a clock without a battery begins in 1970."""
    return now >= RELEASED


class SystemClock:
    """The operating system's clock."""

    def now(self) -> int:
        """Return the operating system's time. [µs since the Unix epoch, UTC]"""
        return time.time_ns() // 1000


class ScaledClock:
    """A clock that starts at a given time and runs ``speed`` times as fast as real time."""

    def __init__(self, start: int, speed: float) -> None:
        self._start = start
        self._speed = speed
        # Monotonic, because a correction of the machine's time would be multiplied by the speed.
        self._origin = time.monotonic_ns()

    def now(self) -> int:
        """Return the scaled time. [µs since the Unix epoch, UTC]"""
        return self._start + int((time.monotonic_ns() - self._origin) // 1000 * self._speed)


class ManualClock:
    """A clock that moves only when told."""

    def __init__(self, start: int) -> None:
        self._now = start

    def now(self) -> int:
        """Return the time that the clock was last moved to. [µs since the Unix epoch, UTC]"""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward by some time. [s]"""
        self._now += round(seconds * MICROSECONDS)
