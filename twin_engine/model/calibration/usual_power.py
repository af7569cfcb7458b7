"""Power of a running machine by source and water alone, where nobody measures its heat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.model.calibration.daily_electricity import (
    DAY,
    LEAST_ENERGY,
)
from heatpump_twin.twin_engine.model.calibration.machine_course import MachineCourse

LEAST_STEPS = 24
"""Running steps; fewer tell nothing."""
LEAST_DAYS = 2
_PRIOR_SPREAD = np.array([1.0, 0.2, 0.2])
_NOISE = 0.15


@dataclass(frozen=True, slots=True)
class UsualPower:
    """How well the usual power foretells days that were not seen."""

    power_error: float
    """Mean absolute error of a step. [W]"""
    daily_error: float
    """Mean absolute error of a day's electricity, given when the machine ran. [-]"""
    steps: int
    days: int


def usual_power(course: MachineCourse, standby: float) -> UsualPower | None:
    """Return how well ln P = a + b · source + c · water foretells each day from the others.

    None: there are too few steps. ``standby`` in W.
    """
    known = np.isfinite(course.power) & np.isfinite(course.source) & np.isfinite(course.water)
    known &= np.isfinite(course.running)
    full = known & (course.running > 0.999) & (course.power > 0.0) & (course.heater <= 0.0)
    day = course.time // DAY
    if full.sum() < LEAST_STEPS or len(np.unique(day[full])) < LEAST_DAYS:
        return None
    predicted = np.full(len(course), np.nan)
    for left in np.unique(day[known]).tolist():
        theta = _theta(course, full & (day != left))
        own = known & (day == left)
        ran = np.exp(_terms(course)[own] @ theta)
        predicted[own] = course.running[own] * ran + (1.0 - course.running[own]) * standby
    error = predicted - course.power
    return UsualPower(
        float(np.abs(error[known]).mean()),
        _daily_error(course, predicted, known, day),
        int(full.sum()),
        len(np.unique(day[known])),
    )


def _terms(course: MachineCourse) -> Values:
    one = np.ones(len(course))
    return np.stack([one, (course.source - 7.0) / 10.0, (course.water - 35.0) / 10.0], axis=1)


def _theta(course: MachineCourse, which: NDArray[np.bool_]) -> Values:
    terms, target = _terms(course)[which], np.log(course.power[which])
    level = float(np.median(target)) if len(target) else 0.0
    left = terms.T @ terms / _NOISE**2 + np.diag(_PRIOR_SPREAD**-2.0)
    solved = np.linalg.solve(left, terms.T @ (target - level) / _NOISE**2)
    return np.asarray(solved + np.array([level, 0.0, 0.0]))


def _daily_error(
    course: MachineCourse, predicted: Values, known: NDArray[np.bool_], day: NDArray[np.int64]
) -> float:
    days = np.unique(day[known])
    energy = course.step / 3.6e6
    sums = [
        [float(p[known & (day == d)].sum()) * energy for d in days.tolist()]
        for p in (course.power, predicted)
    ]
    measured, said = np.array(sums)
    worked = measured >= LEAST_ENERGY
    return float(np.abs(said[worked] / measured[worked] - 1.0).mean()) if worked.any() else np.nan
