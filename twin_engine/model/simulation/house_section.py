"""The section of a card about the house, its heating and its people."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from heatpump_twin.twin_engine.model.house import sun
from heatpump_twin.twin_engine.model.house.envelope import Structure
from heatpump_twin.twin_engine.model.house.house_fit import house_of
from heatpump_twin.twin_engine.model.house.least_squares import Posterior
from heatpump_twin.twin_engine.model.house.room_model import RoomModel
from heatpump_twin.twin_engine.model.simulation.circuit import HeatingCircuit
from heatpump_twin.twin_engine.model.simulation.control import HeatingControl
from heatpump_twin.twin_engine.model.simulation.household import Household, usual_people
from heatpump_twin.twin_engine.model.simulation.kernel import AuxiliaryLoads
from heatpump_twin.twin_engine.model.simulation.tank import StratifiedTank


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Belief(_Section):
    """Parameters as they are believed: a normal distribution."""

    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    told: tuple[float, ...]
    """Share of the prior's variance that the data have taken away. [-]"""

    @classmethod
    def of(cls, found: Posterior) -> Belief:
        """Return what was found, as numbers."""
        covariance = tuple(tuple(row) for row in found.covariance.tolist())
        return cls(
            mean=tuple(found.mean.tolist()),
            covariance=covariance,
            told=tuple(found.told.tolist()),
        )

    def posterior(self) -> Posterior:
        """Return the distribution."""
        return Posterior(np.array(self.mean), np.array(self.covariance), np.array(self.told))


class HouseErrors(_Section):
    """Errors of days that the fit had not seen: root mean squares."""

    days: int
    room: float | None
    """[K]; None: rooms are not measured."""
    heat: float
    """Of a day over that of a mean day. [-]"""
    power: float
    """Likewise. [-]"""


class FollowedRoom(_Section):
    """How well the room is told when the house is followed with what is measured of it."""

    outdoor: tuple[float, float]
    """Lowest and highest air of the record. [°C]"""
    lit: float
    """Irradiance over that of a clear sky, mean of the record. [-]"""
    spread: float
    """Root mean square of measured less expected room on days that were not seen. [K]"""


class HouseSection(_Section):
    """A house with its heating and its people, as a record tells it."""

    start: str
    end: str
    """Of the record, ISO 8601, UTC."""
    days: float
    structure: Structure
    loss: float
    """Most likely loss of the house. [W/K]"""
    time_constant: float
    """Its slowest. [h]"""
    scale: float
    """Loss by the balance of the record, by which the parameters are scaled. [W/K]"""
    usual_people: float
    """[W]"""
    house: Belief
    """The house by itself, with its heat known."""
    together: Belief
    """House and circuit, in a simulation with their controller."""
    frost: float
    circuit: HeatingCircuit
    tank: StratifiedTank
    control: HeatingControl
    auxiliaries: AuxiliaryLoads
    """What the electricity has beside the model of the machine that was in use."""
    household: Household
    held_out: HouseErrors
    room_seen: bool
    irradiance_seen: bool
    followed: FollowedRoom | None = None
    """None: nobody measures the room, or no day could tell how well it is known."""

    def room_model(self) -> RoomModel:
        """Return the house as its room is followed."""
        if self.followed is None:
            return RoomModel.unknown()
        return room_model_of(
            self.house.posterior(), self.structure, self.scale, self.followed,
            warmest=self.auxiliaries.airing_above, with_light=self.irradiance_seen,
        )  # fmt: skip


def room_model_of(
    believed: Posterior, structure: Structure, scale: float, followed: FollowedRoom, *,
    warmest: float, with_light: bool,
) -> RoomModel:  # fmt: skip
    """Return a house by itself, with its heat known, as its room is followed."""
    sun.load()  # whoever follows a room needs it, and in the midst of samples it would be late
    parts = house_of(believed.mean, structure, scale)
    people = parts.people * usual_people(Household())
    return RoomModel.of(
        parts.envelope, parts.aperture, people, followed.outdoor,
        warmest=warmest, lit=followed.lit, with_light=with_light, spread=followed.spread,
    )  # fmt: skip
