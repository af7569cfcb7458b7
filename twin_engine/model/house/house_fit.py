"""Learn a house from its record: how it answers, with which certainty, or what is missing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.model.house.demand_line import DemandLine
from heatpump_twin.twin_engine.model.house.envelope import (
    Envelope,
    Floats,
    Structure,
    discretised,
    steady,
)
from heatpump_twin.twin_engine.model.house.least_squares import Posterior, Prior, regularised
from heatpump_twin.twin_engine.model.house.response import answered
from heatpump_twin.twin_engine.model.house.sun import ORIENTATIONS

LEAST_DAYS = 7.0
"""Less does not tell a heavy wall from a warm week. [d]"""
LEAST_KNOWN = 0.7
"""Share of the time in which rooms, outdoor air and heat must be known. [-]"""
_LEAST_DIFFERENCE = 3.0
"""Mean of room less outdoor air: below it the loss is lost in what sun and people give. [K]"""
_MODEL_ERROR = 0.25
"""What remains of a good model of a room that people live in. [K]"""
_MEMORY = 12.0
"""For how long an error of the room lasts: so many hours are one observation. [h]"""
_HELD_OUT = 0.25
"""The last part of a record, by which the structure is chosen. [-]"""
_DAY = 86_400.0


class HouseUnknownError(EngineError):
    """A record does not tell the house: the message says what is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class HouseObservations:
    """What was observed of a house, step by step: arrays of shape (n,); NaN is not known."""

    step: float
    """[s]"""
    room: Floats
    """[°C]"""
    outdoor: Floats
    """[°C]"""
    heat: Floats
    """Into the rooms, from emitters, pipes and tank. [W]"""
    sun: Floats
    """Irradiance of each orientation, (n, orientations). [W/m²]"""
    people: Floats
    """Heat of people and appliances as it is usual. [W]"""

    def part(self, first: int, last: int) -> HouseObservations:
        """Return the steps from first to before last."""
        cut = slice(first, last)
        return HouseObservations(
            self.step,
            self.room[cut],
            self.outdoor[cut],
            self.heat[cut],
            self.sun[cut],
            self.people[cut],
        )


@dataclass(frozen=True, slots=True, eq=False)
class FittedHouse:
    """A house as a record tells it."""

    structure: Structure
    posterior: Posterior
    """Of the parameters, as `NAMES` and `house_of` know them."""
    held_out: float
    """Error of the room in the last quarter, of which the fit had not seen it. [K]"""
    rejected: float
    """The same of the structure that was not chosen. [K]"""
    usual_people: float
    """Mean heat of people by which `people` is scaled. [W]"""
    loss: float
    """Scale of all parameters: the loss that the balance of the record gives. [W/K]"""

    @property
    def envelope(self) -> Envelope:
        """The most likely house."""
        return house_of(self.posterior.mean, self.structure, self.loss).envelope

    @property
    def aperture(self) -> tuple[float, ...]:
        """Its sunlit areas by orientation. [m²]"""
        return house_of(self.posterior.mean, self.structure, self.loss).aperture

    @property
    def people(self) -> float:
        """Heat of people and appliances over what is usual. [-]"""
        return house_of(self.posterior.mean, self.structure, self.loss).people


@dataclass(frozen=True, slots=True)
class HouseParts:
    """What parameters mean."""

    envelope: Envelope
    aperture: tuple[float, ...]
    people: float


NAMES = (
    "loss", "direct_share", "air_capacity", "envelope_capacity", "envelope_coupling",
    "south", "sides", "roof", "people", "interior_capacity", "interior_coupling", "heat_to_air",
)  # fmt: skip
"""Parameters of a fit: logarithms over what is usual for a house of this loss."""
_USUAL = np.array(
    [1.0, 0.4, 2.4e4, 1.7e5, 9.0, 0.012, 0.005, 0.004, 1.0, 2.0e5, 6.0, 0.7]
)  # fmt: skip
"""Usual values, of a loss of 1 W/K where they grow with the house: [s], [-] and [m² K/W]."""
_SPREAD = np.array([0.5, 0.5, 0.6, 0.7, 0.6, 0.8, 0.8, 0.8, 0.35, 0.7, 0.6, 0.3])
_SMALL = 9
"""A house without interior mass has the first so many parameters."""


def house_of(theta: Floats, structure: Structure, loss: float) -> HouseParts:
    """Return the house that parameters stand for."""
    own = _USUAL.copy()
    own[: len(theta)] *= np.exp(theta)
    (total, direct, air, wall, coupling, south, sides, roof, people, mass, inner, to_air) = own
    size = loss * total
    heavy = structure is Structure.R3C3
    envelope = Envelope(
        loss=size,
        direct_share=min(direct, 0.95),
        air_capacity=air * size,
        envelope_capacity=wall * size,
        envelope_coupling=coupling * size,
        interior_capacity=mass * size if heavy else 0.0,
        interior_coupling=inner * size,
        heat_to_air=min(to_air, 1.0) if heavy else 1.0,
    )
    areas = {"south": south, "east": sides, "west": sides, "north": 0.3 * sides, "roof": roof}
    aperture = tuple(areas[orientation] * size for orientation in ORIENTATIONS)
    return HouseParts(envelope, aperture, people)


def fit_house(seen: HouseObservations) -> FittedHouse:
    """Return the house that observations tell, in the structure that predicts held-out days better.

    Raises
    ------
    HouseUnknownError
        They do not tell it.
    """
    _require(seen)
    loss = _balance(seen)
    cut = round(len(seen.room) * (1.0 - _HELD_OUT))
    errors = {structure: _held_out(seen, cut, structure, loss) for structure in Structure}
    best = min(errors, key=lambda structure: errors[structure])
    posterior = _fit(seen, best, loss)
    return FittedHouse(
        best, posterior, errors[best], max(errors.values()), float(seen.people.mean()), loss
    )


def house_by_line(line: DemandLine, seen: HouseObservations) -> FittedHouse:
    """Return a usual house with the loss of a demand line: its masses are not told."""
    deviation = _SPREAD[:_SMALL].copy()
    deviation[0] = line.loss_error / 1.645 / line.loss
    posterior = Posterior(np.zeros(_SMALL), np.diag(deviation**2), np.zeros(_SMALL))
    people = float(seen.people.mean())
    return FittedHouse(Structure.R2C2, posterior, math.nan, math.nan, people, line.loss)


def predicted_room(
    theta: Floats, structure: Structure, loss: float, seen: HouseObservations
) -> Floats:
    """Return the room temperature of houses whose heat is known, shape (m, n). [°C]

    Parameters
    ----------
    theta : array
        Parameters, (m, p). [-]
    """
    houses = [house_of(row, structure, loss) for row in theta]
    a, b = discretised([one.envelope for one in houses], seen.step)
    heat, outdoor, room = (_filled(x) for x in (seen.heat, seen.outdoor, seen.room))
    forced = np.empty((len(houses), len(heat), 4))
    forced[:, :, 0], forced[:, :, 1] = outdoor, heat
    forced[:, :, 2] = np.array([one.aperture for one in houses]) @ seen.sun.T
    forced[:, :, 3] = np.array([[one.people] for one in houses]) * seen.people
    start = np.array([_start(one, room, outdoor, seen.step) for one in houses])
    return answered(a, b, start, forced)


def _start(house: HouseParts, room: Floats, outdoor: Floats, step: float) -> Floats:
    """Return where a house begins: its air as measured, its masses at rest with the first day."""
    day = max(round(_DAY / step), 1)
    cold = room[:day].mean() - outdoor[:day].mean()
    inputs = np.array([outdoor[:day].mean(), house.envelope.loss * cold, 0.0, 0.0])
    rest = steady(house.envelope, inputs)
    rest += room[:day].mean() - rest[0]
    rest[0] = room[0]
    return rest


def _fit(seen: HouseObservations, structure: Structure, loss: float) -> Posterior:
    count = len(NAMES) if structure is Structure.R3C3 else _SMALL
    prior = Prior(np.zeros(count), _SPREAD[:count])
    known = np.isfinite(seen.room)
    # The first day is where the masses find their temperatures.
    known[: round(_DAY / seen.step)] = False
    weight = math.sqrt(min(seen.step / (_MEMORY * 3600.0), 1.0)) / _MODEL_ERROR

    def residuals(theta: Floats) -> Floats:
        return (predicted_room(theta, structure, loss, seen)[:, known] - seen.room[known]) * weight

    return regularised(residuals, prior)


def _held_out(seen: HouseObservations, cut: int, structure: Structure, loss: float) -> float:
    """Return the error of the room after a step of the record, by a fit to what was before. [K]"""
    posterior = _fit(seen.part(0, cut), structure, loss)
    room = predicted_room(posterior.mean[None], structure, loss, seen)[0]
    return float(np.sqrt(np.nanmean((room - seen.room)[cut:] ** 2)))


def _balance(seen: HouseObservations) -> float:
    """Return the loss that heat and usual gains of the whole record give. [W/K]"""
    known = np.isfinite(seen.heat + seen.room + seen.outdoor)
    gains = float((seen.heat + seen.people)[known].mean())
    return max(gains / float((seen.room - seen.outdoor)[known].mean()), 5.0)


def _require(seen: HouseObservations) -> None:
    """Raise `HouseUnknownError` where observations can't tell a house."""
    for name, column, sensor in (
        ("the heat into the house", seen.heat, "a heat meter"),
        ("the room temperature", seen.room, "a room temperature sensor"),
        ("the outdoor temperature", seen.outdoor, "an outdoor temperature sensor"),
    ):
        share = float(np.isfinite(column).mean()) if len(column) else 0.0
        if share < LEAST_KNOWN:
            raise HouseUnknownError(
                f"{name} is known for {share:.0%} of the record, of which {LEAST_KNOWN:.0%} are "
                f"needed: {sensor} is missing"
            )
    days = len(seen.room) * seen.step / _DAY
    if days < LEAST_DAYS:
        raise HouseUnknownError(f"the record has {days:.1f} days; {LEAST_DAYS:.0f} are needed")
    difference = float(np.nanmean(seen.room - seen.outdoor))
    if difference < _LEAST_DIFFERENCE:
        raise HouseUnknownError(
            f"the rooms are {difference:.1f} K warmer than outdoors on average; to tell the loss "
            f"of the house takes {_LEAST_DIFFERENCE:.0f} K: record colder weeks"
        )


def _filled(values: Floats) -> Floats:
    """Return values with what is not known on straight lines between what is."""
    known = np.isfinite(values)
    if known.all():
        return values
    place = np.arange(len(values))
    return np.interp(place, place[known], values[known])
