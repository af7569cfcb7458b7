"""The poll schedule: poll periods that do not drift, and the back-off from a dead device."""

from __future__ import annotations

import math
import random

LONGEST_PAUSE = 120.0
"""Longest pause between two attempts, unless the connection says otherwise. [s]"""
_EARLY = 1.0
"""Longest pause in the first minute of an outage, unless the poll period is longer. [s]"""
_SHARE_OF_ABSENCE = 1 / 60
"""Pause between attempts, as a share of the time for which the device has been away."""


class PollSchedule:
    """Ticks at ``start + k · period``, the times at which polls are due.

    What is done at a tick has to be over when the next one is due. If it is not, that tick counts
    as `missed`, and so does every one that is left out because its time is over, too.
    """

    def __init__(self, start: float, period: float) -> None:
        self.start = start
        self.period = period
        self.tick = -1
        self.missed = 0

    def next(self, now: float) -> float:
        """Advance to the first tick that is not over yet, and return its time.

        A tick is over when the one after it is due. To ask for the next one is to say that what was
        to be done at the one before is done.
        """
        current = math.floor((now - self.start) / self.period)
        if self.tick >= 0:
            self.missed += max(0, current - self.tick)
        self.tick = max(self.tick + 1, current)
        # Multiplied, because adding period to period would add up the rounding as well.
        return self.start + self.tick * self.period

    def resume(self, now: float) -> None:
        """Go on after an outage of the device, whose ticks do not count as missed."""
        self.tick = max(self.tick, math.floor((now - self.start) / self.period))


class BackOff:
    """Growing pauses between attempts, jittered so that devices do not come back in step.

    A device that has just gone is looked for every period, one that is away for an hour every
    minute: on a shared link each attempt keeps the others waiting for a time-out.

    Parameters
    ----------
    period : float
        Poll period of the device. [s]
    longest : float or None
        Longest pause; default: two minutes, or the period. [s]
    """

    def __init__(self, period: float, rng: random.Random, longest: float | None = None) -> None:
        self._longest = max(LONGEST_PAUSE, period) if longest is None else longest
        self._early = min(max(_EARLY, period), self._longest)
        self._next = self._early / 4
        self._rng = rng

    def pause(self, away: float) -> float:
        """Return how long to wait before the next attempt, of a device that is ``away``. [s]"""
        wait, self._next = self._next, min(2 * self._next, self._early)
        wait = max(wait, min(away * _SHARE_OF_ABSENCE, self._longest))
        # Jitter shortens only, so that the longest pause is a promise.
        return wait * self._rng.uniform(0.75, 1.0)

    def reset(self) -> None:
        """Begin with the shortest pause again."""
        self._next = self._early / 4
