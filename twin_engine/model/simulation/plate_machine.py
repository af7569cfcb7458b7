"""A machine of which only the plate is known."""

from __future__ import annotations

import numpy as np

from heatpump_twin.config.settings import Plate
from heatpump_twin.twin_engine.model.house.envelope import Floats
from heatpump_twin.twin_engine.model.machine.plate_performance import PlatePerformance

_PER_SOURCE, _PER_WATER = 0.021, -0.003
"""Change of the capacity with source and water, of that rated, where the plate tells no more: the
medians of air-to-water machines in the Keymark database (hplib). [1/K]"""
_LEAST, _MOST = 0.3, 1.35
"""Between these shares of the rated capacity the trend is believed. [-]"""
_LEAST_SHARE = 0.27
"""Lowest speed of a usual inverter over its highest. [-]"""


class PlateMachine:
    """`Machine` by its plate: COP by `PlatePerformance`, capacity by a plane through the points."""

    def __init__(self, plate: Plate) -> None:
        self._performance = PlatePerformance(plate.heating)
        self._max_power = plate.max_power
        self._pump = plate.pump_power
        rated = np.array([(p.outdoor, p.water, p.capacity) for p in plate.heating])
        self._mean = rated.mean(axis=0)
        self._slope = _capacity_slope(rated)
        self.least_share = _LEAST_SHARE

    def capacity(self, source: Floats, water: Floats) -> Floats:
        """Return the largest heat at source and leaving water in °C. [W]"""
        outdoor, leaving, rated = self._mean.tolist()
        change = self._slope[0] * (source - outdoor) + self._slope[1] * (water - leaving)
        by_speed = rated * np.clip(1.0 + change, _LEAST, _MOST)
        # The inverter keeps to the largest input.
        by_power = self._max_power * self._performance.cop(source, water)
        return np.asarray(np.minimum(by_speed, by_power))

    def power(self, source: Floats, water: Floats, heat: Floats) -> Floats:
        """Return the electricity of compressor, fan and circulation pump for a heat in W. [W]"""
        cop = self._performance.cop(source, water)
        gain = 1.0 + self._performance.part_load_gain(heat)
        return np.asarray(heat / (cop * gain) + self._pump)


def _capacity_slope(rated: Floats) -> tuple[float, float]:
    """Return the change of the capacity per kelvin of source and of water, of the mean. [1/K]"""
    away = rated[:, :2] - rated[:, :2].mean(axis=0)
    usual = np.array([_PER_SOURCE, _PER_WATER])
    left = rated[:, 2] / rated[:, 2].mean() - 1.0 - away @ usual
    # Ridge towards what is usual: two points of one water temperature tell nothing of the other.
    pull = np.linalg.solve(away.T @ away + np.diag([25.0, 25.0]), away.T @ left)
    source, water = (usual + pull).tolist()
    return source, water
