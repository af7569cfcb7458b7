"""Houses of n heat pumps as they are followed: what reached them, and how warm their parts are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.model.house.envelope import STATES
from heatpump_twin.twin_engine.model.house.room_model import STEP, RoomModel, drawn_to
from heatpump_twin.twin_engine.model.shadow.reading import ShadowFlags, ShadowReading

SLOT = round(STEP * MICROSECONDS)
"""[µs]"""
SETTLED, _LONGEST = 36.0, 48.0
"""Hours of following after which a house is known, and what at most is counted of them. [h]"""
_HOUR = 3600 * MICROSECONDS
"""For so long a value holds where no newer one comes. [µs]"""
_CATCHES_UP = 240
"""Steps that are made up for at most. [-]"""
_LOST = 12.0
"""A step of which the inputs are not known takes back what so many have told. [-]"""
_INPUTS = 4
"""Outdoor air, heat, irradiance and room, as they are held from one reading to the next."""
_NEVER = -(2**62)
_NO_SLOT = -1

Gains = Callable[[int, Values], tuple[Values, Values]]
"""From a moment in µs and irradiances (n,) in W/m²: heat of the sun and of people (n,). [W]"""


class RoomReadings(NamedTuple):
    """What is known of the rooms of n heat pumps, and of what heats them."""

    room: ShadowReading
    """[°C]"""
    outdoor: ShadowReading
    """[°C]"""
    light: ShadowReading
    """Irradiance of the horizontal; Bad where nobody knows it. [W/m²]"""
    heat: ShadowReading
    """Into the rooms. [W]"""


@dataclass(slots=True)
class RoomState:
    """State of n heat pumps; time is the last axis."""

    house: Values
    """Air, envelope and interior mass, (3, n); NaN before they are known. [°C]"""
    slot: Times
    """Number of the step that was made last, since the Unix epoch."""
    settled: Values
    """How long the house has been followed, less what was lost. [h]"""
    total: Values
    """Inputs over time in the running step, (3, n). [K s], [J], [J/m²]"""
    spent: Values
    """For how long each was known, (3, n). [s]"""
    held: Values
    """What each was when it was seen last, (3, n)."""
    seen: Times
    """When that was, (3, n). [µs since the Unix epoch, UTC]"""

    @classmethod
    def of(cls, count: int) -> Self:
        """Return that of heat pumps of which nothing is known."""
        nothing = np.full((_INPUTS, count), np.nan)
        return cls(
            np.full((STATES, count), np.nan), np.full(count, _NO_SLOT), np.zeros(count),
            np.zeros((_INPUTS, count)), np.zeros((_INPUTS, count)),
            nothing, np.full((_INPUTS, count), _NEVER),
        )  # fmt: skip

    def joined(self, other: RoomState) -> RoomState:
        """Return these and others behind them."""
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return RoomState(*(np.concatenate(pair, axis=-1) for pair in pairs))

    def of_some(self, which: NDArray[np.int64]) -> RoomState:
        """Return those of some heat pumps, by place."""
        return RoomState(*(getattr(self, f.name)[..., which] for f in fields(self)))

    def begin_anew(self, place: int) -> None:
        """Forget the house of one heat pump."""
        self.house[:, place], self.settled[place] = np.nan, 0.0

    def restore(self, place: int, shown: Sequence[Samples]) -> None:
        """Go on with what was shown last of one house: air, envelope and interior mass, if any."""
        air, envelope = shown[0].usable, shown[1].usable
        if not len(air) or not len(envelope):
            return
        interior = shown[2].usable.value
        rest = interior[0] if len(interior) else air.value[0]
        self.house[:, place] = (air.value[0], envelope.value[0], rest)
        self.slot[place] = air.time[0] // SLOT
        # Only what was Good had been followed for long enough.
        self.settled[place] = _LONGEST if air.status[0] >> 30 == 0 else 1.0

    @property
    def known(self) -> ShadowFlags:
        """Whether a house has been followed for long enough."""
        return np.asarray(self.settled >= SETTLED)

    def advance(
        self, model: RoomModel, state: ShadowReading, now: RoomReadings, gains: Gains
    ) -> None:
        """Let time go on to that of the state; houses move where it enters another step.

        First they move, by what was held until then: so it is the same whether readings of one
        second come one after the other or together.
        """
        slot = np.where(state.bad, self.slot, state.time // SLOT)
        back = slot < self.slot - 1
        if back.any():  # a clock that was set back
            self.slot = np.where(back, slot, self.slot)
            self.seen = np.where(back, np.minimum(self.seen, state.time), self.seen)
        if (slot > self.slot).any():
            self._step(model, np.maximum(slot, self.slot), gains)
        for row, reading in enumerate((now.outdoor, now.heat, now.light, now.room)):
            self._hold(row, reading)

    def _hold(self, row: int, reading: ShadowReading) -> None:
        """Count what an input was until its newer reading, and hold that."""
        # One of the same time may follow from more of its second than the one before.
        newer = reading.time >= self.seen[row]
        self._count(row, np.where(newer, reading.time, self.seen[row]))
        # A bad value tells that from then on it is not known.
        value = np.where(reading.bad, np.nan, reading.value)
        self.held[row] = np.where(newer, value, self.held[row])
        self.seen[row] = np.where(newer, reading.time, self.seen[row])

    def _count(self, row: int, until: Times) -> None:
        """Add what is held of an input from its reading, or the last step, to a time."""
        begun = np.maximum(self.seen[row], self.slot * SLOT)
        apart = np.clip(np.minimum(until, self.seen[row] + _HOUR) - begun, 0, None) / MICROSECONDS
        counts = np.isfinite(self.held[row]) & (self.slot >= 0)
        self.spent[row] += np.where(counts, apart, 0.0)
        self.total[row] += np.where(counts, apart * np.nan_to_num(self.held[row]), 0.0)

    def _step(self, model: RoomModel, slot: Times, gains: Gains) -> None:
        steps, end = slot - self.slot, slot * SLOT
        for row in range(_INPUTS):
            self._count(row, np.where(steps > 0, end, 0))
        known = self.spent > 0.0
        mean = np.where(known, self.total / np.where(known, self.spent, 1.0), np.nan)
        outdoor, heat, light, _ = mean
        sun, people = gains(int(end.max()) - SLOT // 2, light)
        inputs = np.stack([outdoor, heat, sun, people], axis=-1)
        told = np.isfinite(inputs).all(axis=-1) & (steps * STEP * MICROSECONDS <= _HOUR)
        self._follow(model, steps, np.nan_to_num(inputs), told)
        due = steps > 0
        self.total = np.where(due, 0.0, self.total)
        self.spent = np.where(due, 0.0, self.spent)
        self.slot = slot

    def _follow(self, model: RoomModel, steps: Times, inputs: Values, told: ShadowFlags) -> None:
        outdoor, _, _, room = self.held
        hours = steps * STEP / 3600.0
        gained = np.where(told, np.where(np.isnan(room), -hours, hours), -_LOST * hours)
        self.settled = np.clip(self.settled + gained, 0.0, _LONGEST)
        house = self.house.T
        for step in range(min(int(steps.max()), _CATCHES_UP)):
            moving = (steps > step) & told
            after = np.where(moving[:, None], model.after(house, inputs), house)
            house = np.where((steps > step)[:, None], drawn_to(after, room), after)
        # What nobody could follow begins at rest with what was measured last.
        lost = (self.settled <= 0.0) | np.isnan(house[:, 0])
        rest = model.at_rest(room, outdoor)
        anew = lost & (steps > 0) & (self.slot >= 0)
        self.house = np.where(anew[:, None], rest, house).T
