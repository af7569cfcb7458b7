"""The performance map of the machine: heating capacity and COP, anchored at the plate points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from heatpump_twin.config.settings import Plate, PlatePoint
from heatpump_twin.drivers.plant.refrigerant import R32, R410A, Refrigerant

_KELVIN = 273.15
_REFERENCE_OUTDOOR = 7.0
_REFERENCE_WATER = 35.0
_REFRIGERANTS = {"Panasonic": R410A}
"""What the emulated machines of a maker are filled with; the others have R32."""


@dataclass(frozen=True, slots=True)
class MachineParameters:
    """How a machine departs from its plate."""

    refrigerant: Refrigerant = R410A
    min_modulation: float = 0.27
    """Lowest compressor speed as a share of the highest. [-]"""
    max_frequency: float = 90.0
    """Inverter output at full load. [Hz]"""
    evaporator_approach: float = 8.0
    """Air less evaporating temperature at full load, clean coil. [K]"""
    evaporator_pinch: float = 2.0
    """The part of it that does not shrink with load: superheat, and air that gets colder. [K]"""
    condenser_approach: float = 3.0
    """Condensing temperature less leaving water at full load. [K]"""
    condenser_pinch: float = 1.0
    """The part of the condenser's approach that does not shrink with load. [K]"""
    lost_lift: float = 25.0
    """Lift that fan, inverter, throttling and pressure drops take, whatever the lift is. [K]"""
    mid_speed_gain: float = 0.09
    """What inverter and compressor gain halfway between standstill and full speed. [-]"""
    frost_approach: float = 8.0
    """Further evaporator approach when the coil is fully iced. [K]"""
    frost_capacity_loss: float = 0.12
    """Capacity lost when the coil is fully iced. [-]"""
    capacity_per_outdoor: float = 0.021
    """Change of capacity with the outdoor temperature, of that at A7/W35. [1/K]"""
    capacity_per_water: float = -0.003
    """Change of capacity with the water temperature, of that at A7/W35. [1/K]"""
    efficiency_per_water: float = -0.0135
    """Change of the efficiency with the water temperature: leakage and hot windings. [1/K]"""
    superheat: float = 5.0
    """[K]"""
    subcooling: float = 4.0
    """[K]"""


@dataclass(frozen=True, slots=True)
class Impairment:
    """The impairment of the machine by faults; all zero is healthy."""

    undercharge: float = 0.0
    """Missing share of the refrigerant. [-]"""
    coil_fouling: float = 0.0
    """Blocked share of the evaporator. [-]"""
    fan_loss: float = 0.0
    """Share of its air that the fan no longer moves. [-]"""
    valve_leak: float = 0.0
    """How far the four-way valve is from its seat. [-]"""

    @property
    def air_share(self) -> float:
        """Share of the air that fan and fins let through. [-]"""
        return (1.0 - 0.8 * self.fan_loss) * (1.0 - 0.6 * self.coil_fouling)


HEALTHY = Impairment()


class Operation(NamedTuple):
    """The steady operation of the running machine: heat, power, temperatures."""

    capacity: float
    """Heat into the water. [W]"""
    power: float
    """Compressor, inverter and fan. [W]"""
    evaporating: float
    """[°C]"""
    condensing: float
    """[°C]"""
    modulation: float
    """Compressor speed as a share of the highest, after the power limit. [-]"""

    @property
    def cop(self) -> float:
        """COP: heat over electricity. [-]"""
        return self.capacity / self.power


def parameters_of(plate: Plate) -> MachineParameters:
    """Return the parameters of the emulated machine with this plate."""
    return MachineParameters(refrigerant=_REFRIGERANTS.get(plate.manufacturer, R32))


class PerformanceMap:
    """Steady operation in (outdoor, water, compressor speed).

    COP = η · T_c / (T_c − T_e + L) with evaporating and condensing temperature in K. The lost lift
    L makes the share of the Carnot COP, for air-to-water machines 0.40 to 0.55, rise with the lift:
    at a small one a compressor compresses too far, and what is lost beside it weighs more.

    At full load the map goes through every plate point. Between and beyond them, capacity follows
    linear trends, and the COP the equation above, with less efficiency for warmer water. The
    corrections that the plate points ask for (ratio of capacity, efficiency) lie on straight lines:
    along the water between points of one outdoor temperature, along the outdoor temperature between
    those, and constant beyond the last ones. At part load the heat exchangers are oversized: their
    approaches shrink with the load; inverter and compressor are best between their lowest and their
    highest speed.
    """

    def __init__(
        self, points: Sequence[PlatePoint], max_power: float, parameters: MachineParameters
    ) -> None:
        self._p = parameters
        self._max_power = max_power
        # Not every plate has A7/W35: the point nearest to it turns the trend, a share, into watts.
        nearest = min(points, key=lambda p: _distance(p, _REFERENCE_OUTDOOR, _REFERENCE_WATER))
        self._scale = nearest.capacity / self._trend(nearest.outdoor, nearest.water)
        self._anchors = tuple(
            (outdoor, sorted(self._anchor(p) for p in points if p.outdoor == outdoor))
            for outdoor in sorted({p.outdoor for p in points})
        )

    def _anchor(self, point: PlatePoint) -> tuple[float, float, float]:
        """Return the water temperature of a plate point and what it corrects the trends by."""
        outdoor, water = point.outdoor, point.water
        carnot, _, _ = self._carnot(outdoor, water, 1.0, 0.0)
        share = point.capacity / point.power / carnot / self._efficiency_trend(water)
        return water, point.capacity / (self._scale * self._trend(outdoor, water)), share

    def operate(
        self,
        outdoor: float,
        water: float,
        modulation: float,
        frost: float = 0.0,
        impairment: Impairment = HEALTHY,
    ) -> Operation:
        """Return the steady operation, at most at the machine's largest electrical input.

        Parameters
        ----------
        outdoor, water : float
            Air at the coil and water leaving the condenser. [°C]
        modulation : float
            Compressor speed as a share of the highest. [-]
        frost : float
            Ice on the coil as a share of what starts a defrost; negative: less than there was when
            the plate was rated. [-]
        """
        full, share = self._correction(outdoor, water)
        operation = self._at(outdoor, water, modulation, frost, full, share, impairment)
        # The inverter limits the power by the speed. Twice, as power does not quite follow it.
        for _ in range(2):
            if operation.power <= self._max_power:
                break
            modulation *= self._max_power / operation.power
            operation = self._at(outdoor, water, modulation, frost, full, share, impairment)
        return operation

    def full_capacity(self, outdoor: float, water: float) -> float:
        """Return the capacity at full load, clean coil. [W]"""
        return self.operate(outdoor, water, 1.0).capacity

    def _at(
        self,
        outdoor: float,
        water: float,
        modulation: float,
        frost: float,
        full: float,
        share: float,
        bad: Impairment,
    ) -> Operation:
        """Return the operation at a speed, from full-load capacity in W and Carnot share."""
        p = self._p
        extra = p.frost_approach * frost + 12.0 * bad.coil_fouling
        extra += 18.0 * bad.fan_loss
        carnot, evaporating, condensing = self._carnot(outdoor, water, modulation, extra)
        efficiency = share * self._efficiency_trend(water)
        efficiency *= 1.0 + 4.0 * p.mid_speed_gain * modulation * (1.0 - modulation)
        capacity = full * modulation * (1.0 - p.frost_capacity_loss * frost * abs(frost))
        capacity *= (1.0 - 0.8 * bad.undercharge) * (1.0 - 0.45 * bad.coil_fouling)
        # Hot gas that leaks back into the suction line was compressed for nothing.
        capacity *= (1.0 - 0.6 * bad.fan_loss) * (1.0 - 0.5 * bad.valve_leak)
        efficiency *= (1.0 - 0.3 * bad.fan_loss) * (1.0 - 0.35 * bad.valve_leak)
        efficiency *= 1.0 - 0.15 * bad.coil_fouling
        # Above 1 in any case: the electricity that the compressor takes becomes heat as well.
        cop = min(max(efficiency * carnot * (1.0 - 0.6 * bad.undercharge), 1.02), 9.0)
        return Operation(capacity, capacity / cop, evaporating, condensing, modulation)

    def _trend(self, outdoor: float, water: float) -> float:
        """Return the full-load capacity as a share of that at A7/W35, from 0.25 to 1.35. [-]"""
        p = self._p
        trend = (
            1.0
            + p.capacity_per_outdoor * (outdoor - _REFERENCE_OUTDOOR)
            + p.capacity_per_water * (water - _REFERENCE_WATER)
        )
        return min(max(trend, 0.25), 1.35)

    def _efficiency_trend(self, water: float) -> float:
        return max(1.0 + self._p.efficiency_per_water * (water - _REFERENCE_WATER), 0.6)

    def _carnot(
        self, outdoor: float, water: float, modulation: float, extra: float
    ) -> tuple[float, float, float]:
        """Return the Carnot COP with the lost lift, and evaporating and condensing temperature.

        In °C; ``extra`` widens the evaporator's approach, for ice and faults. [K]
        """
        p = self._p
        # A heat exchanger that transfers half the heat needs half the temperature difference.
        narrow = (p.evaporator_approach - p.evaporator_pinch) * (1.0 - modulation)
        evaporating = outdoor - p.evaporator_approach + narrow - extra
        narrow = (p.condenser_approach - p.condenser_pinch) * (1.0 - modulation)
        condensing = water + p.condenser_approach - narrow
        lift = max(condensing - evaporating, 10.0)  # the compressor needs a pressure ratio
        return (condensing + _KELVIN) / (lift + p.lost_lift), evaporating, condensing

    def _correction(self, outdoor: float, water: float) -> tuple[float, float]:
        """Return full-load capacity in W and Carnot share, corrected by the plate points."""
        along_water = [(point, *_between(anchors, water)) for point, anchors in self._anchors]
        capacity, share = _between(along_water, outdoor)
        return self._scale * self._trend(outdoor, water) * capacity, share


def _between(points: Sequence[tuple[float, float, float]], at: float) -> tuple[float, float]:
    """Return two values on straight lines between points of an axis, constant beyond them."""
    before = points[0]
    for point in points:
        if point[0] >= at:
            width = point[0] - before[0]
            share = (at - before[0]) / width if width else 1.0
            return (
                before[1] + share * (point[1] - before[1]),
                before[2] + share * (point[2] - before[2]),
            )
        before = point
    return before[1], before[2]


def _distance(point: PlatePoint, outdoor: float, water: float) -> float:
    """Square of the distance; 1 K of air weighs as much as 1.5 K of water."""
    return (point.outdoor - outdoor) ** 2 + ((point.water - water) / 1.5) ** 2
