"""Watch the system clock: notice a step, and a time before this software was made."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import IntEnum

import structlog

from heatpump_twin.drivers.clock import MICROSECONDS, Clock, ScaledClock, is_plausible

log = structlog.stdlib.get_logger(__name__)

PERIOD = 1.0
STEP = 2.0
"""A difference between the clock and the time that has passed that is no slewing any more. [s]"""
SHOWN = 600.0
"""How long a step is told of; whoever looks at alarms looks within minutes. [s]"""

StepListener = Callable[[int], None]
"""Told of a step, with the time that the clock would show without it. [µs since the Unix epoch]"""


class ClockState(IntEnum):
    """State of the system clock, as the point ``clock_state`` of the twin has it."""

    RIGHT = 0
    WAS_SET = 1
    BEFORE_RELEASE = 2


class ClockWatch:
    """Watch of a clock against the monotonic one, which nobody can set."""

    def __init__(self, clock: Clock, passed: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._passed = passed
        self._wall, self._at = clock.now(), passed()
        self._told_at = -SHOWN
        self._told = ""
        self._listeners: list[StepListener] = []
        self._wrong = False

    @property
    def state(self) -> ClockState:
        """State of the clock now."""
        if not self._plausible(self._clock.now()):
            return ClockState.BEFORE_RELEASE
        recent = self._passed() - self._told_at < SHOWN
        return ClockState.WAS_SET if recent else ClockState.RIGHT

    @property
    def detail(self) -> str:
        """What a person should know of the clock."""
        if self.state is ClockState.BEFORE_RELEASE:
            return f"shows {iso(self._clock.now())}, before this software was made: set it"
        if self.state is ClockState.WAS_SET:
            return self._told
        if not isinstance(self._clock, ScaledClock):
            return "goes evenly"
        return (
            f"emulated: shows {iso(self._clock.now())} and goes {self._clock.speed:g} times as "
            "fast as real time"
        )

    def subscribe(self, listener: StepListener) -> None:
        """Call a listener at each step."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Look at the clock once a second, for ever."""
        while True:
            self.look()
            await asyncio.sleep(PERIOD)

    def look(self) -> None:
        """Compare the clock with the time that has passed since the last look."""
        wall, at = self._clock.now(), self._passed()
        passed = (at - self._at) * self._clock.speed
        expected = self._wall + round(passed * MICROSECONDS)
        self._wall, self._at = wall, at
        step = (wall - expected) / MICROSECONDS
        if abs(step) > STEP * max(self._clock.speed, 1.0):
            self._told = f"was set by {step:+.0f} s, from {iso(expected)} to {iso(wall)}"
            self._told_at = at
            log.warning(f"the system clock {self._told}", step=round(step, 1))
            for listener in self._listeners:
                listener(expected)
        wrong = not self._plausible(wall)
        if wrong and not self._wrong:
            log.warning(
                f"the system clock {self.detail}; until then times in the history are wrong"
            )
        self._wrong = wrong

    def _plausible(self, now: int) -> bool:
        # An emulated plant may live in any year.
        return isinstance(self._clock, ScaledClock) or is_plausible(now)


def iso(now: int) -> str:
    """Return a time in words that a person reads. [µs since the Unix epoch]"""
    return datetime.fromtimestamp(now / MICROSECONDS, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
