"""Follow a running energy counter: what it really counted, whatever its readings do."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from heatpump_twin.twin_engine.derive.energy.calendar import HOUR

RECENT = 8
"""Readings that a later one may still take back."""
_EXCESS = 3.0
"""Up to this multiple of the largest rate a gain is taken as true, and named."""
_RUNAWAY = 20.0
"""Beyond this multiple not even a rate that keeps on is believed."""
_SLACK = 2
"""Counts by which a reading may be off: the last digit may fall over at any moment."""
_FINEST = 1e-4
"""[kWh]"""


class Doubt(StrEnum):
    """Why a part of what a counter gained is not certain."""

    RESET = "reset"
    """It began at zero: what was used between its last reading and the reset is missing."""
    REPLACED = "replaced"
    """It went on from another number: what was used meanwhile is missing."""
    CORRECTED = "corrected"
    """It took back some of its last readings."""
    FAST = "fast"
    """It counted more than the machine can use, and kept to it: an unknown load is behind it."""
    UNSEEN = "unseen"
    """Nobody looked: of a power, what was used meanwhile is a guess, or missing."""
    IMPLAUSIBLE = "implausible"
    """A sensor that it is made of was not believed."""


class NamedDoubt(NamedTuple):
    """A doubt about what was counted from one time to another. [µs since the Unix epoch, UTC]"""

    doubt: Doubt
    since: int
    until: int


class Knot(NamedTuple):
    """A point of the energy curve: a reading that was believed."""

    time: int
    level: float
    """What the counter showed. [kWh]"""
    energy: float
    """What it has gained since its first reading, of this meter and of those before it. [kWh]"""


class CounterTrack:
    """Track of one energy counter: readings in, an energy curve and named doubts out. [kWh]

    A reading is believed where it follows from the one before: up, as fast as the machine allows,
    or down by a flip of the last digit. One that does not waits for the next: if that returns to
    where the counter was, it was a spike; if it goes on from there, the counter was reset (and
    counts from zero), or replaced, or is one that is brought up to date in steps.
    Time that goes back is a clock that was ahead: what was read at times that had not come is
    taken back, and counted again from the last reading before.

    Parameters
    ----------
    largest_rate : float
        More than this the machine is not expected to do. [kW]
    """

    def __init__(self, largest_rate: float) -> None:
        self.knots: list[Knot] = []
        """In order of time. Whoever needs the latest only may drop all but `RECENT` of them."""
        self.doubts: list[NamedDoubt] = []
        self._rate = largest_rate / HOUR
        self._believed_rate = _EXCESS * self._rate
        self._count = 1.0
        self._step = 0.0
        self._rose = 0
        self._waiting: tuple[float, int] | None = None
        self._former: Knot | None = None
        self._patience = 0

    @property
    def waiting(self) -> tuple[float, int] | None:
        """A reading that is not believed yet and its time."""
        return self._waiting

    @property
    def waiting_energy(self) -> float:
        """What the counter has gained if the reading that waits is right. [kWh]"""
        last = self.knots[-1].energy
        return last + self._gain_of_new(*self._waiting)[0] if self._waiting else last

    def take(self, reading: float, time: int) -> None:
        """Take a reading of the counter in kWh, at a time in µs since the Unix epoch, UTC."""
        self._learn(reading)
        if not self.knots:
            self.knots, self._rose = [Knot(time, reading, 0.0)], time
            return
        last = self.knots[-1]
        if (reading, time) in ((last.level, last.time), self._waiting):
            return
        if time < last.time:
            self._go_back(reading, time)
        else:
            self._go_on(reading, time)

    def conclude(self) -> None:
        """Take the reading that waits, as nothing comes after it; it stays in doubt."""
        if self._waiting is not None and self._waiting[1] > self.knots[-1].time:
            last, (reading, time) = self.knots[-1], self._waiting
            gain, doubt = self._gain_of_new(reading, time)
            self.doubts.append(NamedDoubt(doubt or Doubt.FAST, last.time, time))
            self._append(Knot(time, reading, last.energy + gain))

    def _go_on(self, reading: float, time: int) -> None:
        if self._follows(self.knots[-1], reading, time):
            self._believe(reading, time)
        elif self._waiting is None or not self._settle(*self._waiting, reading, time):
            self._return_or_wait(reading, time)

    @property
    def _slack(self) -> float:
        """By how much a reading may be off. [kWh]"""
        return _SLACK * self._count * 1.001

    @property
    def _period(self) -> int:
        """How often the counter was read of late. [µs]"""
        apart = sorted(b.time - a.time for a, b in pairwise(self.knots[-RECENT:]))
        return apart[len(apart) // 2] if apart else 0

    def _learn(self, reading: float) -> None:
        """Learn the counter's last digit: the largest power of ten that all readings are of."""
        off = max(1e-6, 2e-7 * abs(reading))  # of a float of 32 bits
        while self._count > _FINEST and abs(reading - self._rounded(reading)) > off:
            self._count /= 10

    def _rounded(self, reading: float) -> float:
        return round(reading / self._count) * self._count

    def _follows(self, knot: Knot, reading: float, time: int, since: int | None = None) -> bool:
        if time < knot.time:
            return False
        most = self._believed_rate * (time - (knot.time if since is None else since))
        gain = reading - knot.level
        return -self._slack <= gain <= max(most, 1.5 * self._step) + self._slack

    def _believe(self, reading: float, time: int, doubt: Doubt | None = None) -> None:
        """Go on from the last knot to a reading."""
        last = self.knots[-1]
        # A digit that falls over and back has counted once.
        level = max(reading, last.level)
        gain = level - last.level
        likely = self._rate * (time - min(self._rose, last.time)) + self._slack
        if doubt or gain > max(likely, 1.5 * self._step):
            self.doubts.append(NamedDoubt(doubt or Doubt.FAST, last.time, time))
        if gain > 0:
            self._rose = time
        self._patience -= 1
        self._append(Knot(time, level, last.energy + gain))

    def _append(self, knot: Knot) -> None:
        self._waiting = None
        if self.knots and knot.time <= self.knots[-1].time:
            self.knots.pop()
        self.knots.append(knot)

    def _settle(self, waiting: float, since: int, reading: float, time: int) -> bool:
        """Tell whether a reading confirms the one that waited, and go on from both."""
        last = self.knots[-1]
        new = Knot(since, waiting, 0.0)
        if self._follows(new, reading, time):
            former = self._former if self._patience > 0 else None
            if former and self._follows(former, waiting, since):
                self._return_to(former, waiting, since)
                self._believe(reading, time)
                return True
            # Between two numbers that do not follow nothing is known of what the counter did.
            known = former or last
            # Its time may be one that has not come: of a clock that was ahead.
            self._former, self._patience = last._replace(time=min(last.time, since - 1)), RECENT
            self._drop_after(since)
            self.knots = self.knots or [Knot(since, waiting, last.energy)]
            self._begin_anew(waiting, since, known.time)
        elif self._keeps_on(last, new, reading, time):
            self._believed_rate = 1.5 * (reading - last.level) / (time - last.time)
            self._believe(waiting, since, Doubt.FAST)
        else:
            return False
        self._believe(reading, time)
        return True

    def _begin_anew(self, reading: float, time: int, known: int) -> None:
        """Go on from the last knot to a reading that was confirmed; nothing is `known` since."""
        last = self.knots[-1]
        gain, doubt = self._gain_of_new(reading, time)
        if self._follows(last, reading, time):  # what was between them is taken back
            self._believe(reading, time)
            return
        if doubt:
            self.doubts.append(NamedDoubt(doubt, min(known, last.time), time))
        else:
            self._step = max(self._step, gain)
        self._append(Knot(time, reading, last.energy + gain))
        self._rose = time

    def _gain_of_new(self, reading: float, time: int) -> tuple[float, Doubt | None]:
        """Return the gain up to a reading that does not follow, and what is doubtful about it."""
        last = self.knots[-1]
        if reading < last.level:
            most = self._rate * max(time - last.time, 0) + self._slack
            return (reading, Doubt.RESET) if 0 <= reading <= most else (0.0, Doubt.REPLACED)
        # Some meters, and gateways before them, show a new value once in a quarter of an hour:
        # what they gain then was used since they rose before.
        if self._follows(last, reading, time, self._rose):
            return reading - last.level, None
        return 0.0, Doubt.REPLACED

    def _keeps_on(self, last: Knot, new: Knot, reading: float, time: int) -> bool:
        """Tell whether the counter rises on as fast as it rose to the reading that waited."""
        if not last.time < new.time < time:
            return False
        first = (new.level - last.level) / (new.time - last.time)
        second = (reading - new.level) / (time - new.time)
        return 0 < first < 2 * second < 4 * first and first < _RUNAWAY * self._rate

    def _return_or_wait(self, reading: float, time: int) -> None:
        """Go back to where the counter was before its last readings, or let a reading wait."""
        last = self.knots[-1]
        former = self._former
        if former and self._patience > 0 and self._follows(former, reading, time):
            self._return_to(former, reading, time)
            return
        for knot in self.knots[-2:-RECENT:-1]:
            if reading < last.level and self._follows(knot, reading, time):
                self._former, self._patience = last, RECENT
                self._resume(knot, reading, time)
                self.doubts.append(NamedDoubt(Doubt.CORRECTED, knot.time, time))
                return
        self._waiting = (reading, time)

    def _return_to(self, former: Knot, reading: float, time: int) -> None:
        """Go on from where the counter was before a spike of more than one reading."""
        self._former = None
        self.doubts = [d for d in self.doubts if d.until <= former.time]
        self._resume(former, reading, time)

    def _resume(self, knot: Knot, reading: float, time: int) -> None:
        self.knots = [k for k in self.knots if k.time < knot.time]
        self.knots.append(knot)
        self._rose = knot.time
        self._believe(reading, time)

    def _go_back(self, reading: float, time: int) -> None:
        """Take a reading whose time is before the last one's."""
        gain = reading - self.knots[-1].level
        # By how much it may have risen is told by how often it is read, and not by its clock.
        if -1.001 * self._count <= gain <= self._believed_rate * self._period + self._slack:
            last = self.knots[-1]
            self._set_back(max(reading, last.level), time, last.energy + max(gain, 0.0))
        # One that is merely late: what it gained is counted already. Unless more come after it.
        elif self._waiting is None or not self._settle(*self._waiting, reading, time):
            self._waiting = (reading, time)

    def _set_back(self, reading: float, time: int, energy: float) -> None:
        """Go on with a clock that was ahead: what was gained since is of before this time."""
        period, ahead = self._period, sum(knot.time > time for knot in self.knots)
        doubtful = [doubt for doubt in self.doubts if doubt.until > time]
        self._drop_after(time)
        # Of a clock that was ahead for long nothing older is left: what it gained stays.
        before = self.knots[-1] if self.knots else Knot(time, reading, energy)
        most = self._believed_rate * (time - before.time + (ahead + 1) * period) + self._slack
        if energy - before.energy > most:  # ten years gave time enough for any reading
            doubtful, energy = [NamedDoubt(Doubt.REPLACED, before.time, time)], before.energy
        since = before.time
        self.doubts += [d._replace(since=min(d.since, since), until=time) for d in doubtful]
        self._rose = min(self._rose, time)
        self._append(Knot(time, reading, energy))

    def _drop_after(self, time: int) -> None:
        self.knots = [knot for knot in self.knots if knot.time <= time]
        self.doubts = [doubt for doubt in self.doubts if doubt.until <= time]
