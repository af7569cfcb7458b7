"""The probes of one heat pump: all its sensors, with the disturbances that they have."""

from __future__ import annotations

import math

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.noise import channel, uniform
from heatpump_twin.drivers.plant.physics.disturbances import Disturbances
from heatpump_twin.drivers.plant.sensors import SENSORS, Sensor

_CONTACT = 60 * MICROSECONDS
_OPEN_THERMISTOR = -50.0
"""What the electronics make of an infinite resistance. [°C]"""


class Probes:
    """The sensors of one heat pump: what each shows of the true value."""

    def __init__(self, seed: int) -> None:
        self._sensors = {point: Sensor(seed, point, a) for point, a in SENSORS.items()}
        self._error = dict.fromkeys(SENSORS, 0.0)
        self._frozen: dict[str, float] = {}
        self._contact = channel(seed, "contact")

    def refresh(self, time: int) -> None:
        """Update the drift of all sensors to a time in µs: now and then, for it costs time."""
        for point, sensor in self._sensors.items():
            self._error[point] = sensor.error(time)

    def steady(self, point: str, truth: float, time: int, disturbances: Disturbances) -> float:
        """Return what a sensor shows without noise: what controllers and counters work on."""
        shown = truth + self._error[point]
        if disturbances.none and not self._frozen:
            return shown
        return self._disturbed(point, shown, time, disturbances)

    def show(self, point: str, truth: float, time: int, disturbances: Disturbances) -> float:
        """Return what a sensor shows at a time in µs, with its noise."""
        shown = truth + self._error[point] + self._sensors[point].noise(time)
        if disturbances.none and not self._frozen:
            return shown
        return self._disturbed(point, shown, time, disturbances)

    def _disturbed(self, point: str, shown: float, time: int, disturbances: Disturbances) -> float:
        """Return what a sensor shows with what is wrong with it."""
        broken = disturbances.level_of("sensor_open", point)
        # A loose contact comes and goes by the minute.
        if broken and uniform(self._contact, time // _CONTACT) < broken:
            return _open_circuit(point)
        shown += disturbances.offset(point, time)
        stuck = disturbances.present("sensor_stuck", time, point)
        if stuck is None:
            self._frozen.pop(point, None)
            return shown
        # Without a stated value it stays at what it showed when it got stuck.
        return self._frozen.setdefault(point, shown) if math.isnan(stuck) else stuck


def _open_circuit(point: str) -> float:
    """Return what is shown of a probe whose wire is broken: no current, or a cold thermistor."""
    return _OPEN_THERMISTOR if point.endswith("_temperature") else 0.0
