"""Electricity of whole days, as a model says for the heat that was given, beside the meter's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.model.calibration.machine_course import MachineCourse
from heatpump_twin.twin_engine.model.calibration.other_states import course_of
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel, course_power

DAY = 86_400 * MICROSECONDS
LEAST_ENERGY = 0.5
"""A day with less is one of standby, and tells nothing of a machine. [kWh]"""
_LEAST_KNOWN = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class DailyElectricity:
    """Measured and predicted electricity of n days: arrays of shape (n,). [kWh]"""

    day: Times
    """Begin of each, UTC. [µs since the Unix epoch]"""
    measured: Values
    predicted: Values

    @property
    def error(self) -> Values:
        """Predicted over measured, less one, of the days on which a machine worked. [-]"""
        worked = self.measured >= LEAST_ENERGY
        return np.asarray(self.predicted[worked] / self.measured[worked] - 1.0)

    @property
    def mape(self) -> float:
        """Mean absolute error; NaN without a day. [-]"""
        return float(np.abs(self.error).mean()) if len(self.error) else float("nan")


def daily_electricity(model: MachineModel, course: MachineCourse) -> DailyElectricity:
    """Return the electricity of each day of which more than half is known, of what is known."""
    predicted = course_power(model, course_of(course, model.frost))
    known = np.isfinite(predicted) & np.isfinite(course.power)
    day = course.time // DAY
    days, place = np.unique(day, return_inverse=True)
    hours = np.bincount(place, weights=known) * course.step / 3600.0
    energy = course.step / 3.6e6
    sums: list[Values] = [
        np.asarray(np.bincount(place, weights=np.where(known, power, 0.0)) * energy)
        for power in (course.power, predicted)
    ]
    enough = hours >= 24.0 * _LEAST_KNOWN
    return DailyElectricity(days[enough] * DAY, sums[0][enough], sums[1][enough])
