"""The plate that a machine without one is thought to have: that of the usual machine."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from heatpump_twin.config.settings import Plate, Watts
from heatpump_twin.twin_engine.errors import CalibrationError
from heatpump_twin.twin_engine.model.calibration.credibility import refuse_incredible
from heatpump_twin.twin_engine.model.calibration.machine_course import (
    MachineCourse,
    machine_course,
)
from heatpump_twin.twin_engine.model.calibration.missing_sensors import required
from heatpump_twin.twin_engine.model.calibration.record import Record
from heatpump_twin.twin_engine.model.machine.usual_machine import UsualMachine, usual_points

_LARGE = 2e6
"""Size that is thought until it is told: a plate says what no machine of it can take. [W]"""
_LARGEST = 0.95
"""Quantile of what a machine gives that is taken for its capacity. [-]"""
_LEAST_STEPS = 24
_NOMINAL_SPREAD = 5.0
"""Between supply and return at nominal flow (EN 14511). [K]"""
_WATER = 4186.0
"""[J/(l K)]"""
_CAPACITIES = (1e3, _LARGE)
"""Between which a capacity that was told from a record is believed. [W]"""


class MachineRule(BaseModel):
    """What is known of a machine whose plate nobody has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    manufacturer: str = ""
    model: str = ""
    source: Literal["air", "brine", "water"] = "air"
    capacity: Watts | None = Field(None, description="heat at A7/W35 or B0/W35; default: told [W]")
    standby_power: float = Field(30.0, ge=0, le=1e6, description="at rest [W]")
    pump_power: float = Field(34.0, ge=0, le=1e6, description="circulation pump [W]")


def usual_plate(record: Record, rule: MachineRule, heat_pump: str) -> Plate:
    """Return the plate of the usual machine of the size that a rule states, or a record tells.

    Raises
    ------
    CalibrationError
        The record tells no size.
    """
    first = _plate(rule, rule.capacity or _LARGE)
    if rule.capacity is not None:
        return first
    course = machine_course(record, first)
    required(course, first, heat_pump)
    refuse_incredible(course, record, None, heat_pump)
    return _plate(rule, _told(course, heat_pump))


def _plate(rule: MachineRule, capacity: float) -> Plate:
    points = usual_points(capacity)
    return Plate(
        manufacturer=rule.manufacturer,
        model=rule.model or "unknown",
        nominal_flow=capacity / (_WATER * _NOMINAL_SPREAD) * 60.0,
        max_power=1.2 * max(point.power for point in points),
        standby_power=rule.standby_power,
        pump_power=rule.pump_power,
        source=rule.source,
        heating=points,
    )


def _told(course: MachineCourse, heat_pump: str) -> float:
    """Return the largest heat of a record, or that of the usual machine for the largest power."""
    running = np.nan_to_num(course.running) > 0.0
    heat = course.heat
    if "heat" not in course.taken:
        one = np.ones(len(course))
        heat = course.power / UsualMachine().power(course.source, course.water, one, one)
    known = heat[running & np.isfinite(heat)]
    capacity = float(np.quantile(known, _LARGEST)) if len(known) >= _LEAST_STEPS else 0.0
    low, high = _CAPACITIES
    if not low <= capacity <= high:
        raise CalibrationError(
            f"{heat_pump}: the record does not tell how large the machine is ({len(known)} steps "
            f"while it ran, the largest heat {capacity:.0f} W): write machine: {{capacity: …}} "
            "in W, or a plate, and look at the units of power, flow and temperatures"
        )
    return capacity
