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

    @property
    def speed(self) -> float:
        """Seconds of this clock that pass in a real second."""
        ...

    def now(self) -> int:
        """Return the current time. [µs since the Unix epoch, UTC]"""
        ...


SHORTEST_LOOK = 0.1
"""Whoever looks again and again does not do so more often, however fast the clock goes. [s]"""
SHORTEST_POLL = 0.2
"""Nor are devices polled more often than that. [s]"""


def real_period(period: float, speed: float, shortest: float = SHORTEST_LOOK) -> float:
    """Return the real time between two looks that are to be ``period`` apart on a clock. [s]

    On a fast clock it is ``shortest`` at least, or the period where that is less: the looks are
    then further apart on that clock.
    """
    return max(period / speed, min(period, shortest))


def kept_period(period: float, speed: float, shortest: float = SHORTEST_LOOK) -> float:
    """Return how far apart on the clock the looks of `real_period` are: ``period`` or more. [s]"""
    return real_period(period, speed, shortest) * speed


def lasts(until: int, now: int, longest: float) -> bool:
    """Tell whether a pause of ``longest`` seconds or less, which ends at a time, still goes on.

    A clock that was set back makes none longer: what seems to last longer than it can is over.
    """
    return 0 < until - now <= round(longest * MICROSECONDS)


def is_plausible(now: int) -> bool:
    """Tell whether a time is not before this software: a clock without a battery begins in 1970."""
    return now >= RELEASED


class SystemClock:
    """The operating system's clock."""

    speed = 1.0

    def now(self) -> int:
        """Return the operating system's time. [µs since the Unix epoch, UTC]"""
        return time.time_ns() // 1000


class ScaledClock:
    """A clock that shows a given time at its origin and runs ``speed`` times as fast as real time.

    ``origin`` is a reading of the monotonic clock, which all processes of a machine share: made
    with the same three, their clocks show the same time. Default: now. [ns]
    """

    def __init__(self, start: int, speed: float, origin: int | None = None) -> None:
        self.start = start
        self.speed = speed
        # Monotonic, because a correction of the machine's time would be multiplied by the speed.
        self.origin = time.monotonic_ns() if origin is None else origin

    @classmethod
    def parse(cls, text: str) -> ScaledClock:
        """Return the clock whose ``str`` this is, as another process of the machine was told it."""
        start, speed, origin = text.split(",")
        return cls(int(start), float(speed), int(origin))

    def __str__(self) -> str:
        return f"{self.start},{self.speed!r},{self.origin}"

    def now(self) -> int:
        """Return the scaled time. [µs since the Unix epoch, UTC]"""
        return self.start + int((time.monotonic_ns() - self.origin) // 1000 * self.speed)


class ManualClock:
    """A clock that moves only when told."""

    speed = 1.0

    def __init__(self, start: int) -> None:
        self._now = start

    def now(self) -> int:
        """Return the time that the clock was last moved to. [µs since the Unix epoch, UTC]"""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward by some time. [s]"""
        self._now += round(seconds * MICROSECONDS)

    def set(self, now: int) -> None:
        """Set the clock to a time. [µs since the Unix epoch, UTC]"""
        self._now = now
