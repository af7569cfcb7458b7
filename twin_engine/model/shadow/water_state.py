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
    begun: Values
    """Tank when it was last begun or ended to charge it; NaN before it is known. [°C]"""
    energy: Values
    """Heat that it has got since. [kWh]"""
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
            nothing, nothing.copy(), np.zeros(count), np.zeros(count), np.zeros(count, dtype=bool),
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
        share = np.where(source.bad, 0.0, 1.0 - np.exp(-hours / damping))
        fresh = np.isnan(self.damped) & ~source.bad
        moved = self.damped + np.nan_to_num(share * (source.value - self.damped))
        self.damped = np.where(fresh, source.value, moved)
        self._warm(leaving)
        self.energy = self.energy + np.where(
            self.charging, np.nan_to_num(heat.value) * hours / _WATTS_OF_KILO, 0.0
        )
        self.hours = self.hours + hours
        anew = ~state.bad & (lost | (charging != self.charging) | np.isnan(self.begun))
        self.begun = np.where(anew, np.where(tank.bad, np.nan, tank.value), self.begun)
        self.energy = np.where(anew, 0.0, self.energy)
        self.hours = np.where(anew, 0.0, self.hours)
        self.charging = np.where(state.bad, self.charging, charging)
        self.time = np.where(state.bad, self.time, np.maximum(self.time, state.time))

    def _warm(self, leaving: ShadowReading) -> None:
        # By its own time: a meter may be read before the controller that tells the state, or after.
        apart = (leaving.time - self.seen) / MICROSECONDS
        newer = (apart > 0.0) & ~leaving.bad
        passed = newer & (apart <= _APART)
        rate = (leaving.value - self.leaving) / np.where(passed, apart, 1.0)
        share = 1.0 - np.exp(-np.where(passed, apart, 0.0) / _MINUTES)
        moved = self.warming + share * (rate - self.warming)
        self.warming = np.where(passed, moved, np.where(newer, 0.0, self.warming))
        self.leaving = np.where(newer, leaving.value, self.leaving)
        self.seen = np.where(newer, leaving.time, self.seen)
