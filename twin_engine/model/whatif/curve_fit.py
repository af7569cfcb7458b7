"""Learn the heating curve from what the controller wanted of the water."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heatpump_twin.twin_engine.model.house.envelope import Floats
from heatpump_twin.twin_engine.model.house.least_squares import Prior, regularised
from heatpump_twin.twin_engine.model.simulation.control import HeatingControl
from heatpump_twin.twin_engine.model.simulation.household import HOURS
from heatpump_twin.twin_engine.model.whatif.observed_house import ObservedHouse

_LEAST = 48
"""Fewer steps tell no curve."""
_ERROR = 0.5
"""Controllers move the target in steps of half a kelvin. [K]"""
_MEMORY = 3 * 3600.0
"""For how long an error of the target lasts. [s]"""
_LINE = 5
_SPREAD = np.array([5.0, 6.0, 2.0, 5.0, 0.7, *([1.5] * HOURS)])


def fit_curve(
    seen: ObservedHouse, usual: HeatingControl
) -> tuple[HeatingControl, tuple[float, ...]]:
    """Return the controller with the curve that its setpoint shows, and the shift of each hour.

    Where no setpoint is recorded, the water that left a machine that heated rooms stands for it.
    What the record does not tell stays as usual.
    """
    wanted = np.where(np.isfinite(seen.target), seen.target, seen.supply)
    known = np.isfinite(wanted) & np.isfinite(seen.weather.outdoor)
    # What the curve begins from is not known: its first hours are not looked at.
    known[: round(12 * 3600.0 / seen.step)] = False
    if known.sum() < _LEAST:
        return usual, (0.0,) * HOURS
    level = float(wanted[known].mean() - _line(_start(usual)[None], seen)[0, known].mean())
    start = _start(usual)
    start[1] += level
    start[3] += level
    weight = np.sqrt(min(seen.step / _MEMORY, 1.0)) / _ERROR

    def residuals(theta: Floats) -> Floats:
        return np.asarray((_line(theta, seen)[:, known] - wanted[known]) * weight)

    found = regularised(residuals, Prior(start, _SPREAD), most=25).mean
    low, high, mild, least, damping = found[:_LINE].tolist()
    return replace(
        usual,
        outdoor_low=low,
        water_high=high,
        outdoor_high=max(mild, low + 1.0),
        water_low=least,
        damping=float(np.exp(damping)),
    ), tuple(found[_LINE:].tolist())


def _start(usual: HeatingControl) -> Floats:
    line = (usual.outdoor_low, usual.water_high, usual.outdoor_high, usual.water_low)
    return np.array([*line, np.log(usual.damping), *([0.0] * HOURS)])


def _line(theta: Floats, seen: ObservedHouse) -> Floats:
    """Return the target that curves ask for, shape (m, n). [°C]"""
    # Here: each forecast would pay half a second for the import, and filters nothing.
    from scipy.signal import lfilter

    outdoor = seen.weather.outdoor
    filled = np.where(np.isfinite(outdoor), outdoor, np.nanmean(outdoor))
    hour = seen.clock.second // 3600
    found = np.empty((len(theta), len(outdoor)))
    for row, (low, high, mild, least, damping, *hours) in enumerate(theta.tolist()):
        pace = 1.0 - np.exp(-seen.step / np.exp(damping))
        damped, _ = lfilter([pace], [1.0, pace - 1.0], filled, zi=[filled[0] * (1.0 - pace)])
        span = np.clip((damped - low) / max(mild - low, 1.0), 0.0, 1.0)
        found[row] = high + (least - high) * span + np.array(hours)[hour]
    return found
