"""The leaving water over days, told from the electricity alone: how well on days not seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.settings import Plate
from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.model.calibration.daily_electricity import DAY
from heatpump_twin.twin_engine.model.calibration.machine_course import MachineCourse
from heatpump_twin.twin_engine.model.calibration.power_fit import fold_of
from heatpump_twin.twin_engine.model.compiled import compiled
from heatpump_twin.twin_engine.model.house.least_squares import Prior, regularised

LEAST_DAYS = 3
_RATED_EXCESS = 25.0
"""Water over rooms at rated power, where nothing is known. [K]"""
_MEAN = np.log(np.array([3600.0, 3.0 * 3600.0, 1.0]))
_SPREAD = np.array([1.0, 1.0, 0.7])
"""Of time constants while it runs and at rest, and of the excess over the rated one: logarithms."""
_BASE_SPREAD = 3.0
"""Of the temperature that the water falls to at rest. [K]"""
_ERROR = 3.0
"""What remains of a good model: zones, mixing valves and hot water are not in it. [K]"""
_MEMORY = 3.0 * 3600.0
"""For how long an error lasts. [s]"""
_USUAL_ROOM = 20.0


def supply_error(course: MachineCourse, room: Values, plate: Plate) -> float | None:
    """Return the mean error of the leaving water on days that the fit had not seen. [K]

    The water follows what the electricity would keep it at, as a first-order lag, faster while the
    compressor runs; it is run through the whole record, and never told the water of a day that is
    judged.

    Parameters
    ----------
    room : array of shape (n,)
        Rooms; NaN where nobody measures them. [°C]
    """
    known = np.isfinite(course.water) & np.isfinite(course.power)
    day = (course.time - course.time[0]) // DAY
    if len(np.unique(day[known])) < LEAST_DAYS:
        return None
    folds = fold_of(day)
    errors = np.full(len(course), np.nan)
    circuit = _Circuit(course, room, plate)
    for fold in np.unique(folds[known]).tolist():
        told = known & (folds != fold)
        if told.any():
            own = known & (folds == fold)
            errors[own] = np.abs(circuit.fitted(told) - course.water)[own]
    return float(np.nanmean(errors)) if np.isfinite(errors).any() else None


class _Circuit:
    """A heating circuit with what drives it."""

    def __init__(self, course: MachineCourse, room: Values, plate: Plate) -> None:
        self._course = course
        self._power = _held(course.power, plate.standby_power)
        self._on = np.nan_to_num(course.running) > 0.0
        rooms = room[np.isfinite(room)]
        self._room = _held(room, float(np.mean(rooms)) if len(rooms) else _USUAL_ROOM)
        self._rated = max(point.power for point in plate.heating)
        self._highest = plate.max_supply + 10.0

    def fitted(self, told: NDArray[np.bool_]) -> Values:
        """Return the water throughout, fitted to the steps that are told. [°C]"""
        water, lasting = self._course.water[told], min(self._course.step / _MEMORY, 1.0) ** 0.5

        def residuals(theta: Values) -> Values:
            return np.array([(self._run(row)[told] - water) * lasting / _ERROR for row in theta])

        prior = Prior(np.append(_MEAN, 0.0), np.append(_SPREAD, _BASE_SPREAD))
        return self._run(regularised(residuals, prior).mean)

    def _run(self, theta: Values) -> Values:
        on, off, strength = np.exp(theta[:3]).tolist()
        rest = self._room + theta[3]
        kept = rest + strength * _RATED_EXCESS / self._rated * np.where(self._on, self._power, 0.0)
        lag = np.where(self._on, on, off)
        share = 1.0 - np.exp(-self._course.step / lag)
        return followed(np.minimum(kept, self._highest), share, float(rest[0]))


@compiled
def followed(wanted: Values, share: Values, start: float) -> Values:
    """Return what follows a course of shape (n,), by a share of the distance in each step."""
    found = np.empty_like(wanted)
    now = start
    for i in range(len(wanted)):
        now += share[i] * (wanted[i] - now)
        found[i] = now
    return found


def _held(values: Values, first: float) -> Values:
    """Return values of which those that are not known are as the one before."""
    known = np.isfinite(values)
    place = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return np.where(place >= 0, values[np.maximum(place, 0)], first)
