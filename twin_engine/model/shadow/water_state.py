"""What the water of n heat pumps depends on beside now: air as a curve follows it, and the tank."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.model.shadow.reading import ShadowFlags, ShadowReading

_APART = 600.0
"""What happens in a longer pause is not followed. [s]"""
_MINUTES = 300.0
"""Time constant of how fast the water is said to get warmer. [s]"""
_NEVER = -(2**62)
_HOUR = 3600.0
_WATTS_OF_KILO = 1e3


@dataclass(slots=True)
class WaterState:
    """State of n heat pumps: arrays of shape (n,)."""

    damped: Values
    """Outdoor air as the heating curve follows it; NaN before it is known. [°C]"""
    aired: Times
    """When it was seen last. [µs since the Unix epoch, UTC]"""
    begun: Values
    """Tank when it was last begun or ended to charge it; NaN before it is known. [°C]"""
    energy: Values
    """Heat that it has got since. [kWh]"""
    heated: Times
    """When heat was seen last. [µs since the Unix epoch, UTC]"""
    hours: Values
    """Time since. [h]"""
    charging: ShadowFlags
    leaving: Values
    """Leaving water when it was seen last. [°C]"""
    warming: Values
    """How fast it has got warmer in the last minutes. [K/s]"""
    seen: Times
    """When that was. [µs since the Unix epoch, UTC]"""
    time: Times

    @classmethod
    def of(cls, count: int) -> Self:
        """Return that of heat pumps of which nothing is known."""
        nothing = np.full(count, np.nan)
        return cls(
            nothing, np.full(count, _NEVER),
            nothing.copy(), np.zeros(count), np.full(count, _NEVER), np.zeros(count),
            np.zeros(count, dtype=bool),
            nothing.copy(), np.zeros(count), np.full(count, _NEVER), np.full(count, _NEVER),
        )  # fmt: skip

    def joined(self, other: WaterState) -> WaterState:
        """Return these and others behind them."""
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return WaterState(*(np.append(own, more) for own, more in pairs))

    def of_some(self, which: NDArray[np.int64]) -> WaterState:
        """Return those of some heat pumps, by place."""
        return WaterState(*(getattr(self, f.name)[which] for f in fields(self)))

    def advance(
        self,
        damping: Values,
        state: ShadowReading,
        source: ShadowReading,
        tank: ShadowReading,
        heat: ShadowReading,
        leaving: ShadowReading,
        charging: ShadowFlags,
    ) -> None:
        """Let time go on to that of the state.

        Parameters
        ----------
        damping : array of shape (n,)
            Time constant of each curve. [h]
        charging : array of bool, shape (n,)
            Whether the tank is being charged.
        """
        apart = (state.time - self.time) / MICROSECONDS
        lost = ~((apart > 0.0) & (apart <= _APART)) & (apart != 0.0)
        hours = np.where(lost | state.bad, 0.0, apart) / _HOUR
        self._follow(damping, source)
        self._warm(leaving)
        self._gain(heat)
        self.hours = self.hours + hours
        anew = ~state.bad & (lost | (charging != self.charging) | np.isnan(self.begun))
        self.begun = np.where(anew, np.where(tank.bad, np.nan, tank.value), self.begun)
        self.energy = np.where(anew, 0.0, self.energy)
        self.hours = np.where(anew, 0.0, self.hours)
        # What a meter tells of this moment, now or when it is read, is of what was before.
        self.heated = np.where(anew, np.maximum(self.heated, state.time), self.heated)
        self.charging = np.where(state.bad, self.charging, charging)
        self.time = np.where(state.bad, self.time, np.maximum(self.time, state.time))

    def _follow(self, damping: Values, source: ShadowReading) -> None:
        apart, newer = _since(self.aired, source)
        share = 1.0 - np.exp(-np.where(apart <= _APART, apart, 0.0) / _HOUR / damping)
        moved = self.damped + share * (source.value - self.damped)
        # Before anything is known of it, and without a curve, it is the air itself.
        moved = np.where(np.isnan(moved), source.value, moved)
        self.damped = np.where(newer, moved, self.damped)
        self.aired = np.where(newer, source.time, self.aired)

    def _gain(self, heat: ShadowReading) -> None:
        apart, newer = _since(self.heated, heat)
        counts = newer & self.charging & (apart <= _APART)
        gained = np.where(counts, heat.value * apart / _HOUR / _WATTS_OF_KILO, 0.0)
        self.energy = self.energy + gained
        self.heated = np.where(newer, heat.time, self.heated)

    def _warm(self, leaving: ShadowReading) -> None:
        apart, newer = _since(self.seen, leaving)
        passed = newer & (apart <= _APART)
        rate = (leaving.value - self.leaving) / np.where(passed, apart, 1.0)
        share = 1.0 - np.exp(-np.where(passed, apart, 0.0) / _MINUTES)
        moved = self.warming + share * (rate - self.warming)
        self.warming = np.where(passed, moved, np.where(newer, 0.0, self.warming))
        self.leaving = np.where(newer, leaving.value, self.leaving)
        self.seen = np.where(newer, leaving.time, self.seen)


def _since(seen: Times, reading: ShadowReading) -> tuple[Values, ShadowFlags]:
    """Return how much newer readings are than what was seen, and where they are. [s]

    By their own time: a meter may be read before the controller that tells the state, or after it.
    """
    apart = (reading.time - seen) / MICROSECONDS
    newer = (apart > 0.0) & ~reading.bad
    return np.where(newer, apart, 0.0), np.asarray(newer)
