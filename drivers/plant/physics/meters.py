"""The meters: what they show, and counters that only count up."""

from __future__ import annotations

import math
from dataclasses import dataclass

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.noise import channel, gauss, smooth
from heatpump_twin.drivers.plant.physics.water_loop import WATER_DENSITY, WATER_HEAT

JOULES_PER_KWH = 3.6e6
_LITRES_PER_M3 = 1000.0
_IN_SERVICE_SINCE = 1_735_689_600
"""2025-01-01, seconds since the Unix epoch."""
_BUSY = 0.5
"""Mean load since then, higher than any usual day's."""


@dataclass(frozen=True, slots=True)
class Mains:
    """The supply at the meter."""

    voltage: float
    frequency: float


class ElectricityMeter:
    """A single-phase meter of class 1 with its own small gain error."""

    def __init__(self, seed: int, largest_power: float) -> None:
        self._gain = 1.0 + 0.003 * gauss(channel(seed, "electricity.gain"), 0)
        self._voltage = channel(seed, "mains.voltage")
        self._flicker = channel(seed, "mains.flicker")
        self._frequency = channel(seed, "mains.frequency")
        self._largest = largest_power
        self.energy = 0.0
        """Counter. [J]"""

    def start(self, time: int, largest_power: float) -> None:
        """Set the counter to what it shows at a time in µs."""
        self.energy = _BUSY * largest_power * _seconds_in_service(time)

    def measured(self, power: float, offset: float) -> float:
        """Return the active power that it sees. [W]"""
        return power * self._gain + offset

    def count(self, dt: float, power: float) -> None:
        """Add what was imported, in W over s."""
        self.energy += max(power, 0.0) * dt

    def mains(self, time: int, power: float) -> Mains:
        """Return voltage and frequency of the supply; the load drops some volts in the cable."""
        seconds = time / MICROSECONDS
        voltage = 231.5 + 1.8 * smooth(self._voltage, seconds / 900.0)
        voltage += 0.25 * smooth(self._flicker, seconds / 3.0) - 0.35 * power / 230.0
        return Mains(voltage, 50.0 + 0.018 * smooth(self._frequency, seconds / 20.0))

    def power_factor(self, power: float) -> float:
        """Return the power factor: poor at standby, near one where the inverter works hard."""
        return 0.985 - 0.42 * math.exp(-max(power, 0.0) / (0.12 * self._largest))


class HeatMeter:
    """Flow sensor and a pair of temperature sensors of its own."""

    def __init__(self, seed: int) -> None:
        self._gain = 1.0 + 0.006 * gauss(channel(seed, "heat.gain"), 0)
        self.energy = 0.0
        """Counter of delivered heat. [J]"""
        self.volume = 0.0
        """Counter. [l]"""

    def start(self, time: int, capacity: float, flow: float) -> None:
        """Set the counters to what they show at a time in µs."""
        seconds = _seconds_in_service(time)
        self.energy = _BUSY * capacity * seconds
        self.volume = flow * 1.05 / 60.0 * seconds

    def measured_flow(self, flow: float) -> float:
        """Return the flow that it sees, of the true flow in l/min. [l/min]"""
        return flow * self._gain

    def count(self, dt: float, flow: float, supply: float, back: float) -> None:
        """Add what went by, but not heat that came back: flow in l/min, temperatures in °C."""
        self.volume += flow / 60.0 * dt
        self.energy += max(heat_power(flow, supply, back), 0.0) * dt

    @property
    def volume_m3(self) -> float:
        """Counter. [m³]"""
        return self.volume / _LITRES_PER_M3


def _seconds_in_service(time: int) -> float:
    """Return for how long a machine has counted.

    Real counters outlive a power cut; an emulated one has no memory. It starts where a machine
    that works harder than ours would be, so that no counter runs backwards when the plant restarts.
    """
    return max(time / MICROSECONDS - _IN_SERVICE_SINCE, 0.0)


def heat_power(flow: float, supply: float, back: float) -> float:
    """Return the heat that water carries: flow in l/min, temperatures in °C. [W]"""
    return flow / 60.0 * WATER_DENSITY * WATER_HEAT * (supply - back)
