"""The errors of sensors: offset, slow drift and noise, each sensor its own, given by the seed."""

from __future__ import annotations

from dataclasses import dataclass

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.noise import channel, gauss, jitter, smooth

_DRIFT_PERIOD = 4 * 86_400.0
"""Drift is correlated over some days. [s]"""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The accuracy of a kind of sensor, as standard deviations in the unit of the point."""

    offset: float
    drift: float
    noise: float


_WATER = Accuracy(0.15, 0.06, 0.03)
_PIPE = Accuracy(0.4, 0.2, 0.08)
_METER = Accuracy(0.04, 0.01, 0.012)

SENSORS = {
    "supply_temperature": _WATER,
    "return_temperature": _WATER,
    "zone1_water_temperature": _WATER,
    "heater_outlet_temperature": _WATER,
    "dhw_temperature": Accuracy(0.3, 0.1, 0.03),
    "outdoor_temperature": Accuracy(0.4, 0.2, 0.05),
    "outdoor_humidity": Accuracy(1.5, 0.8, 0.15),
    "ambient_temperature": Accuracy(0.15, 0.1, 0.03),
    "room_temperature": Accuracy(0.2, 0.1, 0.02),
    "room_humidity": Accuracy(1.5, 0.8, 0.15),
    "discharge_temperature": _PIPE,
    "suction_temperature": _PIPE,
    "liquid_temperature": _PIPE,
    "evaporator_inlet_temperature": _PIPE,
    "evaporator_outlet_temperature": _PIPE,
    "high_pressure": Accuracy(0.08, 0.03, 0.02),
    "low_pressure": Accuracy(0.04, 0.02, 0.01),
    "water_pressure": Accuracy(0.02, 0.01, 0.004),
    "controller_water_flow": Accuracy(0.12, 0.05, 0.06),
    # Power and flow of the meters have an error of gain instead, in physics/meters.py.
    "electrical_power": Accuracy(0.0, 0.0, 1.2),
    "water_flow": Accuracy(0.0, 0.0, 0.025),
    "meter_supply_temperature": _METER,
    "meter_return_temperature": _METER,
}
"""Every analog quantity that a probe measures."""


class Sensor:
    """One probe: the error of what it shows, at any time."""

    def __init__(self, seed: int, point: str, accuracy: Accuracy) -> None:
        self._accuracy = accuracy
        self._drift = channel(seed, f"drift.{point}")
        self._noise = channel(seed, f"noise.{point}")
        self._offset = accuracy.offset * gauss(channel(seed, f"offset.{point}"), 0)
        # A probe is never far outside its class: two standard deviations.
        self._offset = min(max(self._offset, -2 * accuracy.offset), 2 * accuracy.offset)

    def error(self, time: int) -> float:
        """Return offset and drift at a time in µs, in the unit of the point."""
        days = time / MICROSECONDS / _DRIFT_PERIOD
        return self._offset + self._accuracy.drift * smooth(self._drift, days)

    def noise(self, time: int) -> float:
        """Return the noise at a time in µs, in the unit of the point; it changes every 0.1 s."""
        # Constant for a while, so that figures which are read together belong together.
        return self._accuracy.noise * jitter(self._noise, time // 100_000)
