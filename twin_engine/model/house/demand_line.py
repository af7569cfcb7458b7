"""The heat demand of a house of whose rooms nobody knows the temperature: a line, and no more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatpump_twin.twin_engine.model.house.envelope import Floats

_LEAST_DAYS = 14
_COLD = 3.0
"""Days this far below the base temperature tell the line: milder ones are of sun and people. [K]"""
_BASE = 17.0
"""Outdoor temperature at which houses need no heat, before it is fitted. [°C]"""
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class DemandLine:
    """Mean heat of a day: loss · (base − outdoor), and less for sun."""

    loss: float
    """[W/K]"""
    loss_error: float
    """Half the width of its 90 % interval. [W/K]"""
    base: float
    """Outdoor temperature at which no heat is needed on a dark day. [°C]"""
    sun: float
    """Heat that a day's mean irradiance of the horizontal spares. [m²]"""
    scatter: float
    """Standard deviation of a day from the line. [W]"""

    def heat(self, outdoor: Floats, light: Floats) -> Floats:
        """Return the heat of days with mean outdoor air in °C and light in W/m². [W]"""
        return np.maximum(self.loss * (self.base - outdoor) - self.sun * light, 0.0)


def fit_demand_line(heat: Floats, outdoor: Floats, light: Floats) -> DemandLine | None:
    """Return the line through the heating days; None: too few, or all alike.

    Parameters
    ----------
    heat, outdoor, light : array
        Means of days: heat into the rooms [W], air [°C], irradiance of the horizontal [W/m²].
    """
    known = np.isfinite(heat + outdoor + light)
    line: DemandLine | None = None
    base = _BASE
    for _ in range(_ROUNDS):
        cold = known & (outdoor < base - _COLD)
        if cold.sum() < _LEAST_DAYS or np.ptp(outdoor[cold]) < _COLD:
            return line
        line = _through(heat[cold], outdoor[cold], light[cold])
        # The days that tell the line follow from it.
        base = min(max(line.base, 10.0), 22.0)
    return line


def _through(heat: Floats, outdoor: Floats, light: Floats) -> DemandLine:
    x = np.column_stack([np.ones(len(heat)), -outdoor, -light])
    # The sun of a dark month tells nothing: drawn to none by as much as a usual window.
    ridge = np.diag([0.0, 0.0, (heat.std() / 10.0) ** 2 * 1e-3 + 1.0])
    normal = x.T @ x + ridge
    start, loss, sun = np.linalg.solve(normal, x.T @ heat)
    left = heat - x @ np.array([start, loss, sun])
    freedom = max(len(heat) - 3, 1)
    scatter = float(np.sqrt((left**2).sum() / freedom))
    # Neighbouring days err alike: half of them are independent.
    error = 1.645 * scatter * np.sqrt(2.0 * np.linalg.inv(normal)[1, 1])
    loss = max(float(loss), 1.0)
    return DemandLine(loss, float(error), float(start) / loss, float(sun), scatter)
