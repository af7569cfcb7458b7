"""The probes of one heat pump: all its sensors, with the disturbances that they have."""

from __future__ import annotations

import math

from heatpump_twin.drivers.plant.physics.disturbances import Disturbances
from heatpump_twin.drivers.plant.sensors import SENSORS, Sensor


class Probes:
    """The sensors of one heat pump: what each shows of the true value."""

    def __init__(self, seed: int) -> None:
        self._sensors = {point: Sensor(seed, point, a) for point, a in SENSORS.items()}
        self._error = dict.fromkeys(SENSORS, 0.0)
        self._frozen: dict[str, float] = {}

    def refresh(self, time: int) -> None:
        """Update the drift of all sensors to a time in µs: once a minute, for it costs time."""
        for point, sensor in self._sensors.items():
            self._error[point] = sensor.error(time)

    def steady(self, point: str, truth: float, disturbances: Disturbances) -> float:
        """Return what a sensor shows without noise: what controllers and counters work on."""
        shown = truth + self._error[point] + disturbances.offset(point)
        return self._held(point, shown, disturbances)

    def show(self, point: str, truth: float, time: int, disturbances: Disturbances) -> float:
        """Return what a sensor shows at a time in µs, with its noise."""
        noise = self._sensors[point].noise(time)
        shown = truth + self._error[point] + noise + disturbances.offset(point)
        return self._held(point, shown, disturbances)

    def _held(self, point: str, shown: float, disturbances: Disturbances) -> float:
        stuck = disturbances.stuck(point)
        if stuck is None:
            self._frozen.pop(point, None)
            return shown
        # Without a stated value it stays at what it showed when it got stuck.
        return self._frozen.setdefault(point, shown) if math.isnan(stuck) else stuck
