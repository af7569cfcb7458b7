"""Records of values that cannot be together: which sensor is then not believed, and from when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.derive.plausibility.fleet_view import Array, FleetView, Mask
from heatpump_twin.twin_engine.derive.plausibility.implausibility import Implausibility
from heatpump_twin.twin_engine.derive.sources import WATER_PAIRS

METER_HEAT = ("heat_energy", "meter_heat_power")
"""What a heat meter computes of its own pair of sensors, and is as wrong as they are."""
_METER_PAIR, _CONTROLLER_PAIR = WATER_PAIRS


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One way in which values contradict each other."""

    blames: tuple[str, ...]
    """Sensors that are not believed then; of each heat pump those that it has."""
    found: Callable[[FleetView], Mask]
    """Tells of which heat pumps it is true now; what is not known is no contradiction."""
    delay: float
    """How long it must hold: devices are not read in the same moment. [s]"""
    follows: tuple[str, ...] = ()
    """Measured points that are made from those in the device itself."""
    reason: Implausibility = Implausibility.CONTRADICTION


def _runs(view: FleetView) -> Mask:
    """Tell which machines show by something else than the meter that their compressor runs."""
    told = view.on("compressor_running") | view.on("compressor_frequency")
    return told | view.on("compressor_speed")


def _no_power(view: FleetView) -> Mask:
    """Tell where the meter shows less than a machine takes that merely waits."""
    return np.asarray(np.abs(view["electrical_power"]) < np.maximum(0.25 * view.standby_power, 1.0))


def _power_lost(view: FleetView) -> Mask:
    apparent = view["apparent_power"] > 0.2 * view.max_power
    heats = view["thermal_power"] > 0.2 * view.capacity
    return _no_power(view) & (_runs(view) | apparent | heats)


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


def _no_flow(view: FleetView) -> Mask:
    # Without water a compressor trips within minutes; where it runs on, there is water.
    runs = view.on("compressor_on") & ~view.on("defrost_active")
    return runs & (view["water_flow"] < 0.02 * view.nominal_flow)


def _no_flow_at_controller(view: FleetView) -> Mask:
    runs = view.on("compressor_on") & ~view.on("defrost_active")
    return runs & (view["controller_water_flow"] < 0.02 * view.nominal_flow)


def _flows_differ(view: FleetView) -> Mask:
    difference = np.abs(view["water_flow"] - view["controller_water_flow"])
    return np.asarray(difference > 0.5 * view.nominal_flow)


def _heats(view: FleetView) -> Mask:
    """Tell where the state is one in which the water is heated."""
    state = view["operating_state"]
    return np.asarray((state == State.HEATING) | (state == State.HOT_WATER))


def _exchanged(pair: tuple[str, str], flow: str) -> Callable[[FleetView], Mask]:
    supply, back = pair

    def found(view: FleetView) -> Mask:
        # With no flow the two pipes cool down as they like.
        moving = ~(view[flow] < 0.2 * view.nominal_flow)
        return _heats(view) & moving & (view[supply] < view[back] - 1.0)

    return found


def _outdoor_sensors_differ(view: FleetView) -> Mask:
    # The sun on one of them makes 10 K at the most.
    return np.asarray(np.abs(view["outdoor_temperature"] - view["ambient_temperature"]) > 12.0)


def _supply_sensors_differ(view: FleetView) -> Mask:
    flow = view["water_flow"] > 0.5 * view.nominal_flow
    steady = _heats(view) & flow
    return steady & (np.abs(view["supply_temperature"] - view["meter_supply_temperature"]) > 8.0)


def _better_than_any(view: FleetView) -> Mask:
    """Tell where the COP is far above what the plate promises, which no fault can bring about."""
    # The plate's model is 23 % off at the worst, and part load is worth up to 20 %.
    return np.asarray(view["cop"] > 1.5 * view["expected_cop"])


CONTRADICTIONS = (
    Contradiction(("electrical_power",), _power_lost, 10.0),
    Contradiction(("electrical_power",), _power_too_low, 60.0),
    Contradiction(("electrical_power",), _heat_without_power, 300.0),
    Contradiction(("electrical_power", "apparent_power"), _power_without_current, 60.0),
    Contradiction(("water_flow",), _no_flow, 120.0, METER_HEAT),
    Contradiction(("controller_water_flow",), _no_flow_at_controller, 120.0),
    Contradiction(("water_flow", "controller_water_flow"), _flows_differ, 600.0, METER_HEAT),
    Contradiction(
        _METER_PAIR,
        _exchanged(_METER_PAIR, "water_flow"),
        180.0,
        METER_HEAT,
        Implausibility.EXCHANGED,
    ),
    Contradiction(
        _CONTROLLER_PAIR,
        _exchanged(_CONTROLLER_PAIR, "controller_water_flow"),
        180.0,
        reason=Implausibility.EXCHANGED,
    ),
    Contradiction(("outdoor_temperature", "ambient_temperature"), _outdoor_sensors_differ, 1800.0),
    Contradiction(
        ("meter_supply_temperature", "supply_temperature"),
        _supply_sensors_differ,
        900.0,
        METER_HEAT,
    ),
    Contradiction(_METER_PAIR, _better_than_any, 1200.0, METER_HEAT),
)


class ContradictionWatch:
    """Watch of one record on all heat pumps: for how long each has been true."""

    def __init__(self, record: Contradiction) -> None:
        self.record = record
        self._held: Array = np.empty(0)

    def found(self, view: FleetView) -> Mask:
        """Tell where it has been true for long enough, after another look."""
        self._held = np.append(self._held, np.zeros(view.size - len(self._held)))
        self._held = np.where(self.record.found(view), self._held + view.elapsed, 0.0)
        return np.asarray(self._held >= self.record.delay)
