"""What a machine takes at rest, at a start and in a defrost, and what it gives at full load."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.model.calibration.machine_course import MachineCourse
from heatpump_twin.twin_engine.model.calibration.steady_periods import SteadyPeriods
from heatpump_twin.twin_engine.model.machine.capacity import Capacity
from heatpump_twin.twin_engine.model.machine.frost import CoilFrost, levels
from heatpump_twin.twin_engine.model.machine.machine_model import (
    Course,
    DefrostCost,
    MachineModel,
    course_power,
)

_LEAST = 10
"""Fewer steps or events than this are no reason to leave the plate's figure."""
_STARTING = 600.0
"""How long a start is looked at. [s]"""
_FULL_SPEED = 0.97
"""Share of the highest speed from which on a machine runs at full load. [-]"""


@dataclass(frozen=True, slots=True)
class Seen:
    """How many events each figure is from."""

    starts: int
    defrosts: int
    full_load: int


def course_of(course: MachineCourse, frost: CoilFrost | None) -> Course:
    """Return the course that electricity follows from, with the ice on the coil."""
    return Course(
        course.step / 3600.0,
        course.source,
        course.water,
        course.heat,
        course.warming,
        ice_of(course, frost),
        course.running,
        course.defrost,
        course.flowing,
        course.heater,
    )


def ice_of(course: MachineCourse, frost: CoilFrost | None) -> Values:
    """Return the ice on the coil in each step; none where nothing is known of it. [-]"""
    if frost is None:
        return np.zeros(len(course))
    hours = course.step / 3600.0
    return levels(frost, hours, course.source, course.humidity, course.running, course.defrost)


def with_other_states(
    model: MachineModel, course: MachineCourse, steady: SteadyPeriods, speed: Values
) -> tuple[MachineModel, Seen]:
    """Return a model with what a course shows beside steady heating.

    Parameters
    ----------
    speed
        Speed of the compressor in each steady period, in any unit; NaN where nobody tells.
    """
    resting = (np.nan_to_num(course.running, nan=1.0) <= 0.0) & (course.heater <= 0.0)
    standby = _median(course.power, resting & (course.flowing <= 0.0), model.standby)
    circulating = _median(course.power, resting & (course.flowing > 0.0), model.circulating)
    cost, defrosts = _defrost_cost(course, model.defrost)
    capacity, full = _capacity(model.capacity, steady, speed)
    found = replace(
        model, standby=standby, circulating=circulating, defrost=cost, capacity=capacity, start=0.0
    )
    start, starts = _start_cost(found, course)
    return replace(found, start=start), Seen(starts, defrosts, full)


def _median(values: Values, which: NDArray[np.bool_], default: float) -> float:
    known = values[which & np.isfinite(values)]
    return float(np.median(known)) if len(known) >= _LEAST else default


def _defrost_cost(course: MachineCourse, usual: DefrostCost) -> tuple[DefrostCost, int]:
    active = course.defrost > 0.0
    begins = int((active & ~np.append(False, active[:-1])).sum())
    whole = (course.defrost >= 0.999) & np.isfinite(course.power) & np.isfinite(course.heat)
    minutes = float(course.defrost.sum()) * course.step / 60.0 / max(begins, 1)
    if begins < _LEAST:
        return usual, begins
    # Steps of a quarter of an hour are never one defrost throughout: then its length alone is told.
    if whole.sum() < _LEAST:
        return replace(usual, minutes=minutes), begins
    power, heat = float(course.power[whole].mean()), float(course.heat[whole].mean())
    return DefrostCost(power, heat, minutes), begins


def _capacity(usual: Capacity, steady: SteadyPeriods, speed: Values) -> tuple[Capacity, int]:
    """Return the usual capacity scaled to periods at the highest speed, where one knows them."""
    known = speed[np.isfinite(speed)]
    if len(known) < _LEAST:
        return usual, 0
    full = np.nan_to_num(speed) >= _FULL_SPEED * float(np.quantile(known, 0.995))
    full &= steady.steady
    if full.sum() < _LEAST:
        return usual, int(full.sum())
    at = steady.at[full]
    scale = float(np.median(at.heat / usual.full(at.source, at.water)))
    # A speed that the controller never exceeds need not be the highest: less than the plate is no
    # proof, more is.
    return replace(usual, at_reference=float(usual.at_reference) * max(scale, 0.8)), int(full.sum())


def _start_cost(model: MachineModel, course: MachineCourse) -> tuple[float, int]:
    """Return what starts take beyond what their heat takes in steady heating. [Wh]"""
    on = np.nan_to_num(course.running) > 0.0
    begins = np.flatnonzero(on[1:] & ~on[:-1]) + 1
    count = max(round(_STARTING / course.step), 1)
    begins = begins[begins + count <= len(course)]
    if len(begins) < _LEAST:
        return 0.0, len(begins)
    missing = course.power - course_power(model, course_of(course, model.frost))
    extra = missing[begins[:, None] + np.arange(count)].sum(axis=1) * course.step / 3600.0
    extra = extra[np.isfinite(extra)]
    return (float(np.median(extra)) if len(extra) >= _LEAST else 0.0), len(begins)
