"""The rooms of learnt houses, followed step by step: what they should be, beside what they are.

A house that runs freely is wrong by more with every week: nobody tells it of a stove or of a
holiday. One that is corrected at once agrees with everything. So all temperatures of the house are
drawn to the measured room with a time constant of one day (`MEMORY`), an observer as Luenberger
has it: what is expected now is what heat, weather and people since then make of the house as it
was a day ago. What opens a window or loses heat for hours shows; what stays, as a new family,
fades within days to the part that a day explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from heatpump_twin.twin_engine.model.house.envelope import (
    INPUTS,
    STATES,
    Envelope,
    Floats,
    discretised,
    steady,
)
from heatpump_twin.twin_engine.model.house.sun import ORIENTATIONS

STEP = 60.0
"""Between two moments at which houses are followed. [s]"""
MEMORY = 24 * 3600.0
"""Time constant with which a house is drawn to its measured room. [s]"""
TANK_LOSS = 50.0
"""Standing loss of a tank indoors, which warms the house. [W]"""
HOURS = 24


@dataclass(frozen=True, slots=True, eq=False)
class RoomModel:
    """A learnt house as its rooms are followed, or n of them: then each field has an axis of n.

    NaN where nobody has learnt it.
    """

    a: Floats
    """Exact transition over `STEP`: (3, 3)."""
    b: Floats
    """(3, 4)"""
    rest: Floats
    """Temperatures at rest with a room of 1 above an outdoor air of 0, less that 1: (3,). [-]"""
    aperture: Floats
    """Sunlit areas, (orientations,). [m²]"""
    people: Floats
    """Heat of people and appliances in each hour of working days and of weekends: (2, 24). [W]"""
    outdoor: Floats
    """Lowest and highest air that it was learnt at, (2,). [°C]"""
    warmest: Floats
    """Room from which on people open windows. [°C]"""
    lit: Floats
    """Irradiance over that of a clear sky, mean of the record: what is taken where nobody knows
    better. [-]"""
    with_light: Floats
    """Whether irradiance was known when it was learnt (1), or estimated (0)."""
    spread: Floats
    """Standard deviation of the room from what is expected, on days that were not seen. [K]"""

    @classmethod
    def unknown(cls) -> Self:
        """Return that of a house that nobody has learnt."""
        shapes = ((STATES, STATES), (STATES, INPUTS), (STATES,), (len(ORIENTATIONS),), (2, HOURS),
                  (2,), (), (), (), ())  # fmt: skip
        return cls(*(np.full(shape, np.nan) for shape in shapes))

    @classmethod
    def of(
        cls, house: Envelope, aperture: Sequence[float], people: Floats, outdoor: Sequence[float],
        *, warmest: float, lit: float, with_light: bool, spread: float,
    ) -> Self:  # fmt: skip
        """Return the model of a house; what is given is as the fields say."""
        a, b = discretised([house], STEP)
        inputs = np.array([0.0, house.loss, 0.0, 0.0])
        rest = steady(house, inputs)
        return cls(
            a[0], b[0], rest / rest[0], np.array(aperture), people, np.array(outdoor),
            np.asarray(warmest), np.asarray(lit), np.asarray(float(with_light)),
            np.asarray(spread),
        )  # fmt: skip

    @classmethod
    def stacked(cls, models: Sequence[Self]) -> Self:
        """Return one model of n houses."""
        return cls(
            *(np.stack([getattr(model, part.name) for model in models]) for part in fields(cls))
        )

    def at_rest(self, room: Floats, outdoor: Floats) -> Floats:
        """Return temperatures of n houses that rest with a room (°C) in some air, (n, 3). [°C]"""
        cold = (room - outdoor)[..., None]
        return np.asarray(outdoor[..., None] + self.rest * cold)

    def after(self, house: Floats, inputs: Floats) -> Floats:
        """Return the temperatures of n houses (n, 3) a `STEP` later, by themselves. [°C]

        Parameters
        ----------
        inputs : array
            Outdoor air [°C], heat into the rooms, of the sun and of people [W], means over the
            step, (n, 4).
        """
        own = (self.a @ house[..., None])[..., 0]
        return np.asarray(own + (self.b @ inputs[..., None])[..., 0])


def drawn_to(house: Floats, room: Floats) -> Floats:
    """Return temperatures of n houses (n, 3) drawn by one `STEP` to their measured rooms. [°C]

    All by as much: what the air is off, walls are off as well. A room that is not known (NaN)
    draws nothing.
    """
    share = 1.0 - np.exp(-STEP / MEMORY)
    off = np.nan_to_num(room - house[..., 0])
    return np.asarray(house + share * off[..., None])
