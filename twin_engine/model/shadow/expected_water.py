"""How warm supply and tank of n heat pumps would be, were all as it was when they were learnt.

=====================  ==========================================  ==============================
state                  expected supply temperature                 expected tank temperature
=====================  ==========================================  ==============================
heating                by the heating curve that was learnt and    falls from where the last
                       the heat; without one the setpoint, never   charge has left it
                       Good
hot water              tank and what its coil needs for the heat   rises with the heat it gets
off, standby           Bad: water that rests is as warm as rooms   falls
defrost, cooling, …    Bad                                         falls
=====================  ==========================================  ==============================

Good only where the model was fitted on such conditions, and for the supply while it is steady. The
setpoint of heated rooms is expected by the same curve.
"""

from __future__ import annotations

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Values
from heatpump_twin.drivers.status import BAD_NO_DATA
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.model.machine.power_model import NORMAL_90
from heatpump_twin.twin_engine.model.shadow.expectation import FleetState, beside
from heatpump_twin.twin_engine.model.shadow.reading import (
    ShadowFlags,
    ShadowReading,
    doubted,
    either,
    following,
    without,
)
from heatpump_twin.twin_engine.model.shadow.water_state import WaterState
from heatpump_twin.twin_engine.model.water.water_model import HOURS, RISEN, WaterModel

_MARGIN = 2.0
"""How far beyond the air that it has seen a curve is still trusted. [K]"""
_MORE_HEAT = 1.2
"""The same of the heat into a tank. [-]"""
_TANK_NOISE = 0.3
"""Deviation of a tank's sensor from the mean of what is around it. [K]"""
_HOUR = 3600 * MICROSECONDS


def expected_water(
    model: WaterModel, now: FleetState, water: WaterState
) -> dict[str, ShadowReading]:
    """Return expected temperatures of n heat pumps and their uncertainties, by point."""
    setpoint = _setpoint(model, now, water)
    supply, supply_spread = _supply(model, now, water, setpoint)
    tank, tank_spread = _tank(model, now, water)
    found = {
        "supply_setpoint": (setpoint, model.curve_spread),
        "supply_temperature": (supply, supply_spread),
        "dhw_temperature": (tank, tank_spread),
    }
    told = {f"expected_{point}": expected for point, (expected, _) in found.items()}
    return (
        told
        | {
            f"expected_{point}_uncertainty": beside(expected, NORMAL_90 * spread)
            for point, (expected, spread) in found.items()
        }
        | {
            "damped_outdoor_temperature": following(
                np.where(np.isnan(model.damping), np.nan, water.damped), now.state, now.source
            )
        }
    )


def _setpoint(model: WaterModel, now: FleetState, water: WaterState) -> ShadowReading:
    hour = now.state.time // _HOUR % HOURS
    by_curve = following(model.wanted(water.damped, hour), now.state, now.source)
    seen = _between(water.damped, model.air, _MARGIN)
    found = doubted(by_curve, seen & (model.has_setpoint > 0.0))
    # What is wanted of a tank, or in summer, is another matter.
    rooms = (now.state.value == State.HEATING) | now.state.bad
    return without(found, ~rooms, BAD_NO_DATA)


def _supply(
    model: WaterModel, now: FleetState, water: WaterState, setpoint: ShadowReading
) -> tuple[ShadowReading, Values]:
    good = (now.cop.status >> 30 == 0) & ~now.cop.bad & ~now.heater
    rooms = following(model.room_water(setpoint.value, now.heat.value), setpoint, now.heat)
    rooms = doubted(rooms, good & now.steady)
    # A curve that nobody has learnt is at least what the controller says that it wants.
    wanted = doubted(following(now.setpoint.value, now.state, now.setpoint), _nowhere(now))
    rooms = either(wanted, rooms, np.isnan(model.supply_spread))
    heat = now.heat.value / 1e3
    charged = following(
        model.charging_water(now.tank.value, now.heat.value), now.state, now.tank, now.heat
    )
    low, high = model.coil_heat.T
    enough = (heat >= low / _MORE_HEAT) & (heat <= high * _MORE_HEAT)
    risen = now.tank.value - water.begun >= RISEN
    charged = doubted(charged, good & enough & risen)
    charging = now.state.value == State.HOT_WATER
    found = either(charged, rooms, charging)
    spread = np.where(charging, model.coil_spread, model.supply_spread)
    return without(found, ~now.running & ~now.state.bad, BAD_NO_DATA), spread


def _tank(model: WaterModel, now: FleetState, water: WaterState) -> tuple[ShadowReading, Values]:
    risen, fallen = model.rise * water.energy, model.fall * water.hours
    value = water.begun + np.where(water.charging, risen, -fallen)
    spread = np.where(
        water.charging, model.rise_spread * risen, model.fall_spread * np.sqrt(water.hours)
    )
    return following(value, now.state, now.tank), np.hypot(spread, _TANK_NOISE)


def _between(value: Values, span: Values, margin: float) -> ShadowFlags:
    return np.asarray((value >= span[:, 0] - margin) & (value <= span[:, 1] + margin))


def _nowhere(now: FleetState) -> ShadowFlags:
    return np.zeros(len(now.ice), dtype=bool)
