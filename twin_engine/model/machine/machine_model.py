"""All that is known of one machine: in steady heating, at rest, at a start and in a defrost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.settings import Plate
from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.derive.plate_performance import (
    LEAST_LOAD,
    MOST_LOAD,
    PlatePerformance,
)
from heatpump_twin.twin_engine.model.machine.capacity import Capacity
from heatpump_twin.twin_engine.model.machine.frost import FULL, CoilFrost
from heatpump_twin.twin_engine.model.machine.operating_points import OperatingPoints
from heatpump_twin.twin_engine.model.machine.power_model import PowerModel

REVERSE_POWER, REVERSE_HEAT, REVERSE_MINUTES = 0.14, -0.4, 5.0
"""Electricity and heat of a reverse-cycle defrost over rated capacity, and its length, where nobody
has seen one. [-], [-], [min]"""


class Extent(NamedTuple):
    """Lowest and highest value that a model was fitted on."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DefrostCost:
    """What one defrost takes."""

    power: float
    """Mean electrical power. [W]"""
    heat: float
    """Mean heat, which is taken from the water: negative. [W]"""
    minutes: float
    """How long it takes. [min]"""


@dataclass(frozen=True, slots=True)
class Validity:
    """Conditions in which a model was fitted."""

    source: Extent
    """[°C]"""
    water: Extent
    """[°C]"""
    load: Extent
    """Heat over rated capacity. [-]"""


@dataclass(frozen=True, slots=True, eq=False)
class MachineModel:
    """Model of one machine."""

    power: PowerModel
    capacity: Capacity
    frost: CoilFrost | None
    """None: no frost, as of brine, or nothing is known of it."""
    standby: float
    """Electrical power at rest without water that moves. [W]"""
    circulating: float
    """The same with water that moves. [W]"""
    start: float
    """Electricity of a start beyond what its heat takes. [Wh]"""
    defrost: DefrostCost
    valid: Validity

    @classmethod
    def of_plate(cls, plate: Plate) -> MachineModel:
        """Return what the plate alone tells of a machine."""
        prior = PlatePerformance(plate.heating)
        rated, (low, high) = float(prior.rated_capacity), prior.span
        return cls(
            PowerModel.of_plate(prior, plate.pump_power),
            Capacity.of_plate(plate.heating),
            CoilFrost() if plate.source == "air" else None,
            plate.standby_power,
            plate.standby_power + plate.pump_power,
            0.0,
            DefrostCost(REVERSE_POWER * rated, REVERSE_HEAT * rated, REVERSE_MINUTES),
            Validity(
                Extent(float(low[0]), float(high[0])),
                Extent(float(low[1]), float(high[1])),
                Extent(LEAST_LOAD, MOST_LOAD),
            ),
        )

    def covers(self, source: Values, water: Values, heat: Values) -> NDArray[np.bool_]:
        """Tell where temperatures (°C) and heat (W) are such as the model was fitted on."""
        load = heat / self.power.prior.rated_capacity
        pairs = ((source, self.valid.source), (water, self.valid.water), (load, self.valid.load))
        inside = [(value >= s.low) & (value <= s.high) for value, s in pairs]
        return np.asarray(np.all(inside, axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What the electricity of a machine follows from, step by step: arrays of shape (n,)."""

    hours: float
    """Length of a step. [h]"""
    source: Values
    """[°C]"""
    water: Values
    """[°C]"""
    heat: Values
    """[W]"""
    warming: Values
    """[K/s]"""
    ice: Values
    """[-]"""
    running: Values
    """Share of the step, defrosts included. [-]"""
    defrost: Values
    """Share of the step. [-]"""
    flowing: Values
    """[-]"""
    heater: Values
    """[W]"""


def course_power(model: MachineModel, course: Course) -> Values:
    """Return the mean electrical power in each step of a course, given its heat. [W]"""
    defrosting = np.minimum(course.defrost, course.running)
    heating = np.maximum(course.running - defrosting, 0.0)
    # A step may be a defrost in part: the rest of it gave what the defrost took back, too.
    given = course.heat - defrosting * model.defrost.heat
    heat = np.where(heating > 0.0, np.maximum(given, 0.0) / np.maximum(heating, 1e-3), 0.0)
    ice = np.minimum(course.ice, FULL)
    at = OperatingPoints(course.source, course.water, heat, ice, course.warming)
    resting = np.where(course.flowing > 0.0, model.circulating, model.standby)
    starts = (course.running > 0.0) & ~np.append(True, course.running[:-1] > 0.0)
    return np.asarray(
        heating * model.power.power(at).value
        + defrosting * model.defrost.power
        + (1.0 - np.minimum(heating + defrosting, 1.0)) * resting
        + starts * model.start / course.hours
        + course.heater
    )
