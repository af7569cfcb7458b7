"""Compute the energy since local midnight from a power, where there is no counter."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from heatpump_twin.twin_engine.derive.energy.calendar import HOUR
from heatpump_twin.twin_engine.derive.energy.counter_track import Doubt, Knot, NamedDoubt
from heatpump_twin.twin_engine.derive.energy.day_share import DayShare
from heatpump_twin.twin_engine.derive.energy.energy_curve import SEEN
from heatpump_twin.twin_engine.history import Samples

_WATTS = 1e3 * HOUR
"""W·µs in a kilowatt hour."""
_GUESSED = HOUR
"""Longest time without a sample over which the mean of its ends is taken. [µs]"""


class PowerTrack:
    """Track of a power: samples in, an energy curve out, by the trapezoidal rule. [kWh]

    Times of more than five minutes without a sample are named; where they are longer than an hour,
    what was used in them is missing.
    """

    waiting = None

    def __init__(self) -> None:
        self.knots: list[Knot] = []
        """Their level is the power. [W]"""
        self.doubts: list[NamedDoubt] = []

    @property
    def waiting_energy(self) -> float:
        """The energy so far. [kWh]"""
        return self.knots[-1].energy

    def take(self, power: float, time: int) -> None:
        """Take a sample of the power in W, at a time in µs since the Unix epoch, UTC."""
        if self.knots and time < self.knots[-1].time:
            # Of a clock that was ahead: it is counted again from the last sample before.
            energy = self.knots[-1].energy
            self.knots = [knot for knot in self.knots if knot.time <= time]
            self.doubts = [doubt for doubt in self.doubts if doubt.until <= time]
            self.knots = self.knots or [Knot(time, power, energy)]
        if not self.knots:
            self.knots = [Knot(time, power, 0.0)]
        last = self.knots[-1]
        if time == last.time:
            return
        apart = time - last.time
        if apart > SEEN:
            self.doubts.append(NamedDoubt(Doubt.UNSEEN, last.time, time))
        mean = (last.level + power) / 2 if apart <= _GUESSED else 0.0
        self.knots.append(Knot(time, power, last.energy + mean * apart / _WATTS))


class DailyIntegral:
    """Energy of the day by integration of a power. [kWh]"""

    def __init__(self, zone: ZoneInfo) -> None:
        self._track = PowerTrack()
        self._share = DayShare(zone)

    def update(self, power: float, time: int) -> tuple[float, int]:
        """Take a sample of the power in W and return the energy of its day with its status."""
        self._track.take(power, time)
        return self._share.of(self._track, time)

    def restore(self, recorded: Samples) -> None:
        """Take the recorded samples since shortly before midnight, in order of time."""
        usable = recorded.usable
        for power, time in zip(usable.value.tolist(), usable.time.tolist(), strict=True):
            self.update(power, time)
