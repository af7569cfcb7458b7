"""The machine in reverse: cooling capacity and EER, anchored at a rated point of the plate.

EER = η · T_e / (T_c − T_e + L), with evaporating temperature below the water and condensing
temperature above the air, in K, and the lost lift L of the heating map. η follows from the rated
point; part load narrows the approaches as in heating.
"""

from __future__ import annotations

from heatpump_twin.config.settings import Plate, PlatePoint
from heatpump_twin.drivers.plant.physics.performance_map import (
    HEALTHY,
    Impairment,
    MachineParameters,
    Operation,
)

_KELVIN = 273.15
_WATER_APPROACH = 4.0
"""Leaving water less evaporating temperature at full load. [K]"""
_AIR_APPROACH = 10.0
"""Condensing temperature less air at full load. [K]"""
_NARROWED = 0.7
"""The part of both that shrinks with load. [-]"""
_PER_WATER = 0.025
"""Change of capacity with the leaving water. [1/K]"""
_PER_OUTDOOR = -0.008
"""Change of capacity with the outdoor air. [1/K]"""
_SHARE = 0.9
"""Capacity at A35/W7 over that at A7/W35, of a plate without cooling points. [-]"""
_RATIO = 0.583
"""EER at A35/W7 over COP at A7/W35, of a plate without cooling points. [-]"""


class CoolingMap:
    """Steady cooling in (outdoor, water, compressor speed)."""

    def __init__(self, plate: Plate, nominal: PlatePoint, parameters: MachineParameters) -> None:
        self._p = parameters
        self._max_power = plate.max_power
        self._rated = plate.cooling[0] if plate.cooling else _derived(nominal)
        ideal, _, _ = self._ideal(self._rated.outdoor, self._rated.water, 1.0, 0.0)
        self._efficiency = self._rated.capacity / self._rated.power / ideal

    def operate(
        self, outdoor: float, water: float, modulation: float, impairment: Impairment = HEALTHY
    ) -> Operation:
        """Return the steady operation; its capacity is heat out of the water. [W]

        Parameters
        ----------
        outdoor, water : float
            Air at the coil and water leaving the exchanger. [°C]
        modulation : float
            Compressor speed as a share of the highest. [-]
        """
        bad, rated = impairment, self._rated
        extra = 12.0 * bad.coil_fouling + 18.0 * bad.fan_loss
        ideal, evaporating, condensing = self._ideal(outdoor, water, modulation, extra)
        trend = 1.0 + _PER_WATER * (water - rated.water) + _PER_OUTDOOR * (outdoor - rated.outdoor)
        capacity = rated.capacity * min(max(trend, 0.4), 1.5) * modulation
        capacity *= (1.0 - 0.8 * bad.undercharge) * (1.0 - 0.5 * bad.valve_leak)
        gain = 1.0 + 4.0 * self._p.mid_speed_gain * modulation * (1.0 - modulation)
        loss = (1.0 - 0.6 * bad.undercharge) * (1.0 - 0.35 * bad.valve_leak)
        ratio = min(max(self._efficiency * gain * loss * ideal, 0.5), 9.0)
        power = min(capacity / ratio, self._max_power)
        return Operation(power * ratio, power, evaporating, condensing, modulation)

    def _ideal(
        self, outdoor: float, water: float, modulation: float, extra: float
    ) -> tuple[float, float, float]:
        narrow = 1.0 - _NARROWED * (1.0 - modulation)
        evaporating = water - _WATER_APPROACH * narrow
        condensing = outdoor + _AIR_APPROACH * narrow + extra
        lift = max(condensing - evaporating, 10.0)
        return (evaporating + _KELVIN) / (lift + self._p.lost_lift), evaporating, condensing


def _derived(nominal: PlatePoint) -> PlatePoint:
    """Return a rated cooling point for a plate that has none."""
    capacity = _SHARE * nominal.capacity
    power = capacity / (_RATIO * nominal.capacity / nominal.power)
    return PlatePoint(outdoor=35.0, water=7.0, capacity=capacity, power=power)
