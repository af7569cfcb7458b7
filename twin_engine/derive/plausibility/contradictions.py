"""Records of values that cannot be together: which sensor is then not believed, and from when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.derive.plausibility.fleet_view import Array, FleetView, Mask
from heatpump_twin.twin_engine.derive.plausibility.implausibility import Implausibility
from heatpump_twin.twin_engine.derive.sources import HEATERS, WATER_FLOWS, WATER_PAIRS

METER_HEAT = ("heat_energy", "meter_heat_power")
"""What a heat meter computes of its own pair of sensors, and is as wrong as they are."""
_METER_PAIR, _CONTROLLER_PAIR = WATER_PAIRS
_RUNNING = ("compressor_running", "compressor_frequency", "compressor_speed")
_POWER = ("electrical_power", "apparent_power")
_HEAT = (*WATER_FLOWS, *_METER_PAIR, *_CONTROLLER_PAIR)
_OUTDOOR = ("outdoor_temperature", "ambient_temperature")
_SUPPLIES = ("meter_supply_temperature", "supply_temperature")
_LONGEST_DEFROST = 20 * 60.0
"""[s]"""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One way in which values contradict each other."""

    blames: tuple[str, ...]
    """Sensors that are not believed then; of each heat pump those that it has."""
    found: Callable[[FleetView], Mask]
    """Tells of which heat pumps it is true now; what is not known is no contradiction."""
    delay: float
    """How long it must hold: devices are not read in the same moment. [s]"""
    samples: tuple[str, ...]
    """Measured points that it is told from; each must be sampled anew while it holds."""
    follows: tuple[str, ...] = ()
    """Measured points that are made from those in the device itself."""
    reason: Implausibility = Implausibility.CONTRADICTION
    like_defrost: bool = False
    """Whether a defrost looks the same where it is not told."""


def _runs(view: FleetView) -> Mask:
    """Tell which machines show by something else than the meter that their compressor runs."""
    return reduce(np.bitwise_or, [view.on(point) for point in _RUNNING])


def _no_power(view: FleetView) -> Mask:
    """Tell where the meter shows less than a machine takes that merely waits."""
    return np.asarray(np.abs(view["electrical_power"]) < np.maximum(0.25 * view.standby_power, 1.0))


def _power_lost(view: FleetView) -> Mask:
    apparent = view["apparent_power"] > 0.2 * view.max_power
    return _no_power(view) & (_runs(view) | apparent)


def _power_lost_in_heat(view: FleetView) -> Mask:
    heats = view["thermal_power"] > 0.2 * view.capacity
    return _no_power(view) & heats


def _power_too_low(view: FleetView) -> Mask:
    """Tell where the meter shows a machine at rest, and the machine shows that it runs."""
    power = view["electrical_power"]
    # Active power far below the apparent: no compressor has such a power factor for long.
    reactive = (view["apparent_power"] > 0.3 * view.max_power) & (
        power < 0.2 * view["apparent_power"]
    )
    return (power < view.idle_power) & (_runs(view) | reactive)


def _power_without_current(view: FleetView) -> Mask:
    # Active power is part of the apparent power, in the same meter.
    return np.asarray(view["electrical_power"] > 1.2 * view["apparent_power"] + 100.0)


def _heat_without_power(view: FleetView) -> Mask:
    # The heat that is left in a condenser lasts a minute or two.
    heat = view["thermal_power"] > 0.3 * view.capacity
    return heat & (view["electrical_power"] < view.idle_power) & ~view.on("backup_heater_on")


def _meter_passed(view: FleetView) -> Mask:
    """Tell where the water is known to pass the heat meter: no hot water is made."""
    # The meter may lie behind the valve that leads the water to the tank.
    hot_water = view["operating_state"] == State.HOT_WATER
    return np.asarray(view.told("dhw_heating", "valve_direction") & ~hot_water)


def _no_flow(view: FleetView) -> Mask:
    return _meter_passed(view) & _no_flow_in(view, "water_flow")


def _no_flow_at_controller(view: FleetView) -> Mask:
    return _no_flow_in(view, "controller_water_flow")


def _no_flow_in(view: FleetView, flow: str) -> Mask:
    # Without water a compressor trips within minutes; where it runs on, there is water. A power
    # alone may be that of a heater in a tank, which needs no flow: the machine has to tell what
    # else it does.
    by_power = view.on("compressor_on") & ~view.told(*_RUNNING)
    by_power &= view.told("dhw_heating", "valve_direction")
    for heater in HEATERS:
        by_power &= ~view.on(heater)
    runs = (_runs(view) | by_power) & ~view.on("defrost_active")
    return runs & (view[flow] < 0.02 * view.nominal_flow)


def _flows_differ(view: FleetView) -> Mask:
    difference = np.abs(view["water_flow"] - view["controller_water_flow"])
    return _meter_passed(view) & (difference > 0.5 * view.nominal_flow)


def _heats(view: FleetView) -> Mask:
    """Tell where the state is one in which the water is heated."""
    state = view["operating_state"]
    return np.asarray((state == State.HEATING) | (state == State.HOT_WATER))


def _cooling_told(view: FleetView) -> Mask:
    """Tell where a machine that cools is known not to be in `_heats`."""
    # A mode that leaves the choice to the machine does not tell.
    mode = view["operating_mode"]
    return view.told("operation_cycle") | ((mode >= 1) & (mode <= 5))


def _exchanged(pair: tuple[str, str], flow: str) -> Callable[[FleetView], Mask]:
    supply, back = pair

    def found(view: FleetView) -> Mask:
        # With no flow the two pipes cool down as they like.
        moving = ~(view[flow] < 0.2 * view.nominal_flow)
        heats = _heats(view) & _cooling_told(view)
        return heats & moving & (view[supply] < view[back] - 1.0)

    return found


def _outdoor_sensors_differ(view: FleetView) -> Mask:
    # The sun on one of them makes 10 K at the most.
    return np.asarray(np.abs(view["outdoor_temperature"] - view["ambient_temperature"]) > 12.0)


def _supply_sensors_differ(view: FleetView) -> Mask:
    flow = view["water_flow"] > 0.5 * view.nominal_flow
    # The backup heater lies between the two sensors.
    steady = _heats(view) & flow & ~view.on("backup_heater_on")
    return steady & (np.abs(view["supply_temperature"] - view["meter_supply_temperature"]) > 8.0)


def _better_than_any(view: FleetView) -> Mask:
    """Tell where the COP is far above what the plate promises, which no fault can bring about."""
    # The plate's model is 23 % off at the worst, and part load is worth up to 20 %. A learnt one is
    # further off where it has seen nothing like it, as in the first heating after a summer, and its
    # interval says so.
    expected, half = view["expected_cop"], view["expected_cop_uncertainty"]
    return np.asarray(view["cop"] > np.maximum(1.5 * expected, expected + 2.0 * half))


CONTRADICTIONS = (
    Contradiction(("electrical_power",), _power_lost, 10.0, (*_POWER, *_RUNNING)),
    Contradiction(("electrical_power",), _power_lost_in_heat, 10.0, ("electrical_power", *_HEAT)),
    Contradiction(("electrical_power",), _power_too_low, 60.0, (*_POWER, *_RUNNING)),
    Contradiction(("electrical_power",), _heat_without_power, 300.0, ("electrical_power", *_HEAT)),
    Contradiction(_POWER, _power_without_current, 60.0, _POWER),
    Contradiction(
        ("water_flow",),
        _no_flow,
        120.0,
        ("water_flow", "electrical_power", *_RUNNING),
        METER_HEAT,
        like_defrost=True,
    ),
    Contradiction(
        ("controller_water_flow",),
        _no_flow_at_controller,
        120.0,
        ("controller_water_flow", "electrical_power", *_RUNNING),
        like_defrost=True,
    ),
    Contradiction(WATER_FLOWS, _flows_differ, 600.0, WATER_FLOWS, METER_HEAT),
    Contradiction(
        _METER_PAIR,
        _exchanged(_METER_PAIR, "water_flow"),
        180.0,
        ("water_flow", *_METER_PAIR),
        METER_HEAT,
        Implausibility.EXCHANGED,
        like_defrost=True,
    ),
    Contradiction(
        _CONTROLLER_PAIR,
        _exchanged(_CONTROLLER_PAIR, "controller_water_flow"),
        180.0,
        ("controller_water_flow", *_CONTROLLER_PAIR),
        reason=Implausibility.EXCHANGED,
        like_defrost=True,
    ),
    Contradiction(_OUTDOOR, _outdoor_sensors_differ, 1800.0, _OUTDOOR),
    Contradiction(_SUPPLIES, _supply_sensors_differ, 900.0, (*_SUPPLIES, "water_flow"), METER_HEAT),
    Contradiction(
        _METER_PAIR,
        _better_than_any,
        1200.0,
        ("electrical_power", "water_flow", *_METER_PAIR),
        METER_HEAT,
    ),
)


class ContradictionWatch:
    """Watch of one record on all heat pumps: since which samples each has been true."""

    def __init__(self, record: Contradiction) -> None:
        self.record = record
        self._began: Array = np.empty(0)
        """When the first sample was taken that contradicts another; NaN: none does. [s]"""
        self._since: Array = np.empty(0)
        """When all had been sampled since, and still contradicted each other. [s]"""

    def found(self, view: FleetView) -> Mask:
        """Tell where it has been true for long enough, after another look."""
        true = self.record.found(view)
        # As nearly always: a watch of what is not so has nothing to remember.
        if not true.any():
            self._began = self._since = np.full(view.size, np.nan)
            return true
        more = np.full(view.size - len(self._began), np.nan)
        began, since = np.append(self._began, more), np.append(self._since, more)
        oldest, newest = view.sampled(self.record.samples)
        # A clock that was set back begins anew.
        true = true & ~(newest < began)
        began = np.where(true, np.fmin(began, newest), np.nan)
        # What was sampled before the first of them changed tells of the time before.
        fresh = np.where(oldest >= began, oldest, np.nan)
        self._began, self._since = began, np.where(true, np.fmin(since, fresh), np.nan)
        return np.asarray(oldest >= self._since + self._delay(view))

    def _delay(self, view: FleetView) -> Array:
        delay = np.full(view.size, self.record.delay)
        if self.record.like_defrost:
            delay[~view.told("defrost_active")] = max(self.record.delay, _LONGEST_DEFROST)
        return delay
