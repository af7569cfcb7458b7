"""Steady periods in the course of a machine: ten minutes in which it does nothing but heat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.model.calibration.machine_course import MachineCourse
from heatpump_twin.twin_engine.model.machine.operating_points import (
    STEADY_PERIOD,
    STEADY_RANGE,
    OperatingPoints,
)

PERIOD = STEADY_PERIOD
"""Length of a period; a longer step is one by itself. [s]"""
SETTLING = 600.0
"""After a start or a defrost nothing is steady for so long. [s]"""
LEAST_STEADY = 20
"""With fewer steady periods, as where only hot water is made, those that warm up tell as well."""
_DAY = 86_400 * MICROSECONDS


@dataclass(frozen=True, slots=True, eq=False)
class SteadyPeriods:
    """Means of n periods of a running machine: arrays of shape (n,)."""

    at: OperatingPoints
    power: Values
    """[W]"""
    time: Times
    """Begin of each. [µs since the Unix epoch, UTC]"""
    run: NDArray[np.int64]
    """Number of the compressor's run that each is a part of."""
    steady: NDArray[np.bool_]
    """Whether the water was steady as well: not so where a tank is charged."""

    def __len__(self) -> int:
        return len(self.power)

    def __getitem__(self, which: NDArray[np.bool_]) -> SteadyPeriods:
        """Return some of them, by a flag for each."""
        return SteadyPeriods(
            self.at[which], self.power[which], self.time[which], self.run[which], self.steady[which]
        )

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Those by which a model is judged: steady ones, or all where hardly one is."""
        return self.steady if self.steady.sum() >= LEAST_STEADY else np.ones(len(self), dtype=bool)

    @property
    def day(self) -> NDArray[np.int64]:
        """Number of the day of each, from the first one's day on."""
        begin = int(self.time[0]) // _DAY if len(self) else 0
        return self.time // _DAY - begin


def steady_periods(course: MachineCourse, ice: Values) -> SteadyPeriods:
    """Return the steady periods of a course; ``ice`` is that on the coil at each step. [-]"""
    count = max(round(PERIOD / course.step), 1)
    plain = _plain(course)
    # Runs of plain steps, counted: a period lies within one, and begins when it has settled.
    age = _age(plain)
    lead = max(int(np.ceil(SETTLING / course.step)), 1)
    first = np.arange(0, max(len(course) - count + 1, 0), count)
    last = first + count - 1
    within = first[(age[first] > lead) & (age[last] - age[first] == count - 1) & plain[last]]
    span = within[:, None] + np.arange(count)
    water = course.water[span]
    moving = course.warming[within] if count == 1 else _slope(water, course.step)
    at = OperatingPoints(
        course.source[span].mean(axis=1),
        water.mean(axis=1),
        course.heat[span].mean(axis=1),
        ice[span].mean(axis=1),
        moving,
    )
    found = SteadyPeriods(
        at,
        course.power[span].mean(axis=1),
        course.time[within],
        _runs(course)[within],
        np.abs(moving) * max(PERIOD, course.step) <= STEADY_RANGE,
    )
    known = np.isfinite(found.at.heat) & np.isfinite(moving)
    return found[known & (found.power > 0.0) & (found.at.heat > 0.0)]


def _plain(course: MachineCourse) -> NDArray[np.bool_]:
    """Tell in which steps the machine did nothing but heat water, and all is known."""
    known = np.isfinite(course.power) & np.isfinite(course.heat)
    known &= np.isfinite(course.source) & np.isfinite(course.water)
    runs = np.nan_to_num(course.running) > 0.999
    return known & runs & (course.defrost <= 0.0) & (course.heater <= 0.0) & ~course.other


def _age(plain: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for how many steps each has been plain, itself included."""
    steps = np.arange(1, len(plain) + 1)
    broken = np.maximum.accumulate(np.where(plain, 0, steps))
    return np.asarray(steps - broken)


def _runs(course: MachineCourse) -> NDArray[np.int64]:
    on = np.nan_to_num(course.running) > 0.0
    return np.cumsum(on & ~np.append(False, on[:-1]))


def _slope(values: Values, step: float) -> Values:
    """Return the slope of straight lines through rows of values, by least squares. [1/s]"""
    x = (np.arange(values.shape[1]) - (values.shape[1] - 1) / 2) * step
    return np.asarray(values @ x / (x @ x))
