"""Expected supply, setpoint and tank: by what was learnt of the water, and how good they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shadowed_fleet import RESTING, STEADY, S, ShadowedFleet

from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.status import BAD_NO_DATA, is_bad, is_good
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel
from heatpump_twin.twin_engine.model.shadow.shadow import Shadow
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel
from heatpump_twin.twin_engine.model.water.water_model import CURVE_TERMS, WaterModel

CURVE = np.array([36.0, -0.6, *np.zeros(CURVE_TERMS - 2)])
WATER = WaterModel(
    curve=CURVE,
    damping=np.asarray(3.0),
    curve_spread=np.asarray(0.2),
    has_setpoint=np.asarray(1.0),
    air=np.array([-5.0, 10.0]),
    supply=np.array([35.5, 1.0, 0.0]),
    supply_spread=np.asarray(0.4),
    coil=np.array([1.0, 2.0, 0.0]),
    coil_spread=np.asarray(0.3),
    coil_heat=np.array([3.0, 5.0]),
    rise=np.asarray(2.5),
    rise_spread=np.asarray(0.1),
    fall=np.asarray(0.5),
    fall_spread=np.asarray(0.4),
)
CHARGING = {**STEADY, "operating_state": 3.0}


def a_fleet(water: WaterModel | None = WATER) -> ShadowedFleet:
    fleet = ShadowedFleet()
    if water is not None:
        machine = MachineModel.of_plate(fleet.pumps[0].plate)
        fleet.shadow.adopt("hp0", LearntModel(machine, water))
    return fleet


def live(fleet: ShadowedFleet, begin: float, minutes: int, **values: float) -> float:
    for minute in range(minutes):
        fleet.put(begin + 60.0 * minute, **values)
    return begin + 60.0 * minutes


def test_setpoint_and_supply_follow_the_curve_that_was_learnt() -> None:
    fleet = a_fleet()
    live(fleet, 60.0, 10, **STEADY)
    wanted = 36.0 - 0.6 * STEADY["outdoor_temperature"]
    for point, value, spread in (
        ("supply_setpoint", wanted, 0.2),
        ("supply_temperature", wanted + 0.5, 0.4),
    ):
        expected, status = fleet.shown(f"expected_{point}")
        assert expected == pytest.approx(value)
        assert is_good(status)
        half = fleet.shown(f"expected_{point}_uncertainty")[0]
        assert half == pytest.approx(1.645 * spread)
        residual = fleet.shown(f"{point}_residual")[0]
        assert residual == pytest.approx(STEADY[point] - value)
        assert fleet.shown(f"{point}_residual_score")[0] == pytest.approx(residual / spread)


def test_a_curve_follows_the_air_hours_behind() -> None:
    fleet = a_fleet()
    end = live(fleet, 60.0, 5, **STEADY)
    live(fleet, end, 180, **{**STEADY, "outdoor_temperature": 8.0})
    shown = fleet.shown("damped_outdoor_temperature")[0]
    assert shown == pytest.approx(8.0 - 6.0 / np.e, abs=0.05)


def test_beyond_what_it_has_seen_a_curve_is_not_good() -> None:
    fleet = a_fleet()
    live(fleet, 60.0, 3, **{**STEADY, "outdoor_temperature": 13.0})
    value, status = fleet.shown("expected_supply_setpoint")
    assert value == pytest.approx(36.0 - 0.6 * 13.0)
    assert not is_good(status)
    assert not is_bad(status)


def test_without_a_learnt_curve_the_setpoint_is_what_is_expected_and_never_good() -> None:
    fleet = a_fleet(None)
    live(fleet, 60.0, 3, **STEADY)
    value, status = fleet.shown("expected_supply_temperature")
    assert value == STEADY["supply_setpoint"]
    assert not is_good(status)
    assert fleet.shown("expected_supply_setpoint")[1] == BAD_NO_DATA
    assert fleet.shown("expected_dhw_temperature")[1] == BAD_NO_DATA
    assert fleet.shown("damped_outdoor_temperature")[1] == BAD_NO_DATA


def test_a_curve_that_is_adopted_begins_with_the_air_of_now() -> None:
    fleet = a_fleet(None)
    end = live(fleet, 60.0, 3, **{**STEADY, "outdoor_temperature": -9.0})
    end = live(fleet, end, 3, **{**STEADY, "outdoor_temperature": 8.0})
    machine = MachineModel.of_plate(fleet.pumps[0].plate)
    fleet.shadow.adopt("hp0", LearntModel(machine, WATER))
    live(fleet, end, 3, **{**STEADY, "outdoor_temperature": 8.0})
    assert fleet.shown("damped_outdoor_temperature")[0] == 8.0


def test_a_curve_that_was_learnt_from_the_water_says_nothing_good_of_a_setpoint() -> None:
    fleet = a_fleet(replace(WATER, has_setpoint=np.asarray(0.0)))
    live(fleet, 60.0, 3, **STEADY)
    assert not is_good(fleet.shown("expected_supply_setpoint")[1])
    assert not is_good(fleet.shown("supply_setpoint_residual")[1])


def test_a_charge_is_expected_by_the_coil_once_the_tank_has_got_warmer() -> None:
    fleet = a_fleet()
    end = live(fleet, 60.0, 5, **{**CHARGING, "dhw_temperature": 44.0})
    assert not is_good(fleet.shown("expected_supply_temperature")[1])
    live(fleet, end, 5, **{**CHARGING, "dhw_temperature": 45.0, "supply_temperature": 55.0})
    value, status = fleet.shown("expected_supply_temperature")
    assert value == pytest.approx(45.0 + 1.0 + 2.0 * 4.0)
    assert is_good(status)
    assert fleet.shown("supply_temperature_residual")[0] == pytest.approx(1.0)
    assert fleet.shown("expected_supply_setpoint")[1] == BAD_NO_DATA


def test_a_tank_rises_with_its_heat_and_falls_with_time() -> None:
    fleet = a_fleet()
    end = live(fleet, 60.0, 1, **{**STEADY, "dhw_temperature": 42.0})
    end = live(fleet, end, 31, **{**CHARGING, "dhw_temperature": 42.0})
    expected, status = fleet.shown("expected_dhw_temperature")
    assert expected == pytest.approx(42.0 + 2.5 * 4.0 * 0.5)
    assert is_good(status)
    narrow = fleet.shown("expected_dhw_temperature_uncertainty")[0]
    # From what is measured at the end of the charge, and not from what was expected then.
    live(fleet, end, 121, **{**RESTING, "dhw_temperature": 46.0})
    assert fleet.shown("expected_dhw_temperature")[0] == pytest.approx(46.0 - 0.5 * 2.0)
    assert fleet.shown("dhw_temperature_residual")[0] == pytest.approx(1.0)
    assert fleet.shown("expected_dhw_temperature_uncertainty")[0] > 0.5
    assert narrow > 0.5


def test_after_a_pause_a_tank_begins_anew() -> None:
    fleet = a_fleet()
    live(fleet, 60.0, 60, **{**RESTING, "dhw_temperature": 50.0})
    fleet.put(40_000.0, **{**RESTING, "dhw_temperature": 44.0})
    assert fleet.shown("expected_dhw_temperature")[0] == 44.0


async def test_damped_air_survives_a_restart() -> None:
    before = a_fleet()
    end = live(before, 60.0, 60, **STEADY)
    end = live(before, end, 60, **{**STEADY, "outdoor_temperature": 9.0})
    before.kept()
    after = a_fleet()
    image = Image(after.table, round(end) * S)
    model = LearntModel(MachineModel.of_plate(after.pumps[0].plate), WATER)
    clock = ManualClock(round(end) * S)
    shadow = Shadow(image, after.site, before.history, clock, {"hp0": model})
    await shadow.start()
    image.subscribe(shadow.take)
    after.image = image
    after.put(end, **{**STEADY, "outdoor_temperature": 9.0})
    point = "damped_outdoor_temperature"
    assert after.shown(point)[0] == pytest.approx(before.shown(point)[0], abs=0.05)
    assert after.shown(point)[0] < 5.0


def test_while_the_water_warms_up_nothing_is_good() -> None:
    fleet = a_fleet()
    live(fleet, 60.0, 5, **STEADY)
    assert is_good(fleet.shown("cop_residual")[1])
    for minute in range(5):
        water = 38.0 + 1.0 * minute
        values = {**STEADY, "meter_supply_temperature": water, "supply_temperature": water}
        fleet.put(360.0 + 60.0 * minute, **values)
    for point in ("cop_residual", "expected_supply_temperature"):
        assert not is_good(fleet.shown(point)[1]), point
