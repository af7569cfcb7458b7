"""The circulation of the water: pump, pressure, strainer, air and leaks."""

from __future__ import annotations

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.noise import channel, smooth
from heatpump_twin.drivers.plant.physics.disturbances import Disturbances

_FILL_PRESSURE = 1.6
"""Water pressure of the cold system, gauge. [bar]"""
_EXPANSION = 0.006
"""Warm water expands into the vessel's gas. [bar/K]"""
_LEAST_PRESSURE = 0.4
"""The pump draws air below this. [bar]"""
_FLOW_SWITCH = 0.25
"""The flow switch opens below this share of the nominal flow. [-]"""
_BUBBLES = 20.0
"""Time in which the flow changes by the air that comes along. [s]"""
SLOWEST = 0.66
"""Slowest pump, of the nominal speed. [-]"""


class Circulation:
    """The flow and the pressure of the water."""

    def __init__(self, seed: int, nominal_flow: float, pump_power: float) -> None:
        self._nominal_flow = nominal_flow
        self._pump_power = pump_power
        self.speed = 0.0
        """Speed of the pump, of the nominal one. [-]"""
        self.flow = 0.0
        """[l/min]"""
        self.pressure = _FILL_PRESSURE
        """Gauge. [bar]"""
        self._leaked = 0.0
        self._bubbles = channel(seed, "water.bubbles")

    @property
    def power(self) -> float:
        """Electricity of the pump: it goes with the cube of its speed. [W]"""
        return self._pump_power * self.speed**3

    @property
    def flow_switch(self) -> bool:
        """Whether the flow switch is closed."""
        return self.flow > _FLOW_SWITCH * self._nominal_flow

    def step(self, dt: float, time: int, speed: float, mean: float, bad: Disturbances) -> None:
        """Run the pump for dt seconds.

        Parameters
        ----------
        time : int
            µs since the Unix epoch.
        speed : float
            Of the pump, of the nominal one; 0: it rests. [-]
        mean : float
            Mean temperature of the water. [°C]
        """
        self.speed = speed
        leak = bad.level("water_leak")
        # Whoever repairs a leak refills.
        self._leaked = self._leaked + leak * dt / 3600.0 if leak else 0.0
        self.pressure = max(_FILL_PRESSURE + _EXPANSION * (mean - 20.0) - self._leaked, 0.0)
        share = 1.0 - bad.level("strainer_clogged")
        air = bad.level("air_in_circuit")
        if air:  # bubbles come round with the water
            bubbles = smooth(self._bubbles, time / MICROSECONDS / _BUBBLES)
            share *= min(max(1.0 - 0.5 * air * (1.0 + 0.4 * bubbles), 0.0), 1.0)
        if self.pressure < _LEAST_PRESSURE:
            share = 0.0
        self.flow = self._nominal_flow * speed * share
