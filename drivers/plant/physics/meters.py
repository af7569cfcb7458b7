"""The electricity meter and the heat meter: what they show, and counters that only count up."""

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
    """Voltage and frequency of the mains at the meter. [V], [Hz]"""

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
        """Set the counter to what it would show at a time in µs; `largest_power` in W."""
        self.energy = _BUSY * largest_power * seconds_in_service(time)

    def measured(self, power: float, offset: float) -> float:
        """Return the active power that the meter measures, of the true one in W. [W]"""
        return power * self._gain + offset

    def count(self, dt: float, power: float) -> None:
        """Add the energy of a power in W over dt seconds to the counter."""
        # A power below 0, from an offset, would be exported energy: another register of a meter.
        self.energy += max(power, 0.0) * dt

    def mains(self, time: int, power: float) -> Mains:
        """Return the mains at a time in µs; a load in W drops some volts in the cable."""
        seconds = time / MICROSECONDS
        # Well within what EN 50160 allows: 230 V ± 10 %, 50 Hz ± 1 %.
        voltage = 231.5 + 1.8 * smooth(self._voltage, seconds / 900.0)
        voltage += 0.25 * smooth(self._flicker, seconds / 3.0) - 0.35 * power / 230.0
        return Mains(voltage, 50.0 + 0.018 * smooth(self._frequency, seconds / 20.0))

    def power_factor(self, power: float) -> float:
        """Return the power factor at a power in W: poor at standby, near 1 at full load. [-]"""
        return 0.985 - 0.42 * math.exp(-max(power, 0.0) / (0.12 * self._largest))


class HeatMeter:
    """A heat meter with a flow sensor and a pair of temperature sensors of its own."""

    def __init__(self, seed: int) -> None:
        self._gain = 1.0 + 0.006 * gauss(channel(seed, "heat.gain"), 0)
        self.energy = 0.0
        """Counter of delivered heat. [J]"""
        self.volume = 0.0
        """Counter of the water that went by. [l]"""

    def start(self, time: int, capacity: float, flow: float) -> None:
        """Set the counters to what they would show at a time in µs; capacity W, flow l/min."""
        seconds = seconds_in_service(time)
        self.energy = _BUSY * capacity * seconds
        self.volume = flow * 1.05 / 60.0 * seconds

    def measured_flow(self, flow: float) -> float:
        """Return the flow that the meter measures, of the true one in l/min. [l/min]"""
        return flow * self._gain

    def count(self, dt: float, flow: float, supply: float, back: float) -> None:
        """Add the volume and the heat of dt seconds: flow in l/min, temperatures in °C.

        Heat that comes back, in a defrost, is not taken off: the counter of heating only goes up.
        """
        self.volume += flow / 60.0 * dt
        self.energy += max(heat_power(flow, supply, back), 0.0) * dt

    @property
    def volume_m3(self) -> float:
        """Counter of the water that went by. [m³]"""
        return self.volume / _LITRES_PER_M3


def seconds_in_service(time: int) -> float:
    """Return for how long a machine has counted at a time in µs. [s]

    Real counters outlive a power cut; an emulated one has no memory. It starts where a machine
    that works harder than ours would be, so that no counter runs backwards when the plant restarts.
    """
    return max(time / MICROSECONDS - _IN_SERVICE_SINCE, 0.0)


def heat_power(flow: float, supply: float, back: float) -> float:
    """Return the heat that water carries, Q = V̇ ρ c ΔT: flow in l/min, temperatures in °C. [W]"""
    return flow / 60.0 * WATER_DENSITY * WATER_HEAT * (supply - back)
