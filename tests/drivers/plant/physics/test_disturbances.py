"""Each fault changes what it should, and repair undoes it."""

from __future__ import annotations

import itertools
import math

import pytest

from heatpump_twin.drivers.plant.errors import DisturbanceError
from heatpump_twin.drivers.plant.physics.disturbances import KINDS

START = "2026-01-15T02:00:00"


@pytest.fixture
def pump(make_pump, live):
    pump = make_pump(START)
    pump.write("operating_mode", 1)
    pump.write("supply_setpoint", 45.0)
    live(pump, 1200.0)
    return pump


def test_a_clogged_strainer_costs_flow_and_widens_the_spread(pump, live) -> None:
    def passed() -> float:
        # The pump follows the heat: what the strainer takes shows beside the pump's speed.
        return pump.read("water_flow") / pump.physics.circulation.speed

    flow = passed()
    x = pump.truth()
    spread = x["supply_temperature"] - x["return_temperature"]
    pump.disturbances.start("strainer_clogged", 0.4)
    live(pump, 600.0)
    x = pump.truth()
    assert passed() == pytest.approx(0.6 * flow, rel=0.02)
    assert x["supply_temperature"] - x["return_temperature"] > 1.2 * spread
    assert pump.disturbances.stop("strainer_clogged") == 1
    live(pump, 60.0)
    assert passed() == pytest.approx(flow, rel=0.02)


def test_no_flow_trips_the_flow_switch_and_recovers(pump, live) -> None:
    pump.disturbances.start("strainer_clogged", 0.9)
    live(pump, 60.0)
    assert pump.read("error_code") == 62
    assert pump.read("fault_active") == 1
    assert not pump.read("compressor_running")
    assert pump.read("water_flow_detected") == 0
    pump.disturbances.stop()
    live(pump, 1200.0)
    assert pump.read("error_code") == 0
    assert pump.read("water_flow_detected") == 1


def test_a_reset_clears_a_trip_whose_cause_is_gone_and_no_other(pump, live) -> None:
    pump.disturbances.start("strainer_clogged", 0.9)
    live(pump, 60.0)
    pump.write("fault_reset", 1.0)
    live(pump, 5.0)
    assert pump.read("fault_active") == 0
    live(pump, 60.0)
    assert pump.read("fault_active") == 1  # still no flow: it trips once more
    pump.disturbances.stop()
    live(pump, 20.0)
    pump.write("fault_reset", 0.0)
    live(pump, 5.0)
    assert pump.read("fault_active") == 1  # letting the button go does nothing
    pump.write("fault_reset", 1.0)
    live(pump, 60.0)
    assert pump.read("fault_active") == 0


def test_undercharge_costs_capacity_and_shows_as_superheat(make_pump, live) -> None:
    healthy, ill = make_pump(START), make_pump(START)
    ill.disturbances.start("refrigerant_undercharge", 0.3)
    for x in (healthy, ill):
        x.write("operating_mode", 1)
        x.write("supply_setpoint", 55.0)
        live(x, 600.0)
    assert ill.truth()["heat_power"] < 0.85 * healthy.truth()["heat_power"]
    superheat = {
        name: x.truth()["suction_temperature"] - x.truth()["evaporator_inlet_temperature"]
        for name, x in (("healthy", healthy), ("ill", ill))
    }
    assert superheat["ill"] > superheat["healthy"] + 5.0
    assert ill.truth()["discharge_temperature"] > healthy.truth()["discharge_temperature"] + 5.0


@pytest.mark.parametrize(("name", "level"), [("fan_stopped", 1.0), ("coil_fouled", 0.6)])
def test_a_bad_coil_pulls_the_low_pressure_down(make_pump, name: str, level: float, live) -> None:
    healthy, ill = make_pump(START), make_pump(START)
    ill.disturbances.start(name, level)
    for x in (healthy, ill):
        x.write("operating_mode", 1)
        x.write("supply_setpoint", 55.0)
        live(x, 900.0)
    assert ill.truth()["low_pressure"] < healthy.truth()["low_pressure"] - 0.8
    assert ill.truth()["heat_power"] < 0.85 * healthy.truth()["heat_power"]


def test_a_wrong_sensor_misleads_the_controller(pump, live) -> None:
    true, shown = pump.truth()["supply_temperature"], pump.read("supply_temperature")
    pump.disturbances.start("sensor_offset", 5.0, "supply_temperature")
    assert pump.read("supply_temperature") == pytest.approx(shown + 5.0, abs=0.3)
    live(pump, 3600.0)
    assert pump.truth()["supply_temperature"] < true - 2.0


def test_a_stuck_sensor_keeps_its_value(pump, live) -> None:
    pump.disturbances.start("sensor_stuck", None, "outdoor_temperature")
    held = pump.read("outdoor_temperature")
    live(pump, 3600.0)
    assert pump.read("outdoor_temperature") == held
    assert pump.read("ambient_temperature") != held
    pump.disturbances.start("sensor_stuck", -7.5, "outdoor_temperature")
    assert pump.read("outdoor_temperature") == -7.5
    pump.disturbances.stop("sensor_stuck", "outdoor_temperature")
    assert pump.read("outdoor_temperature") != -7.5


def test_a_controller_error_stops_the_compressor(pump, live) -> None:
    pump.disturbances.start("controller_error", 76)
    live(pump, 30.0)
    assert (pump.read("error_code"), pump.read("fault_active")) == (76, 1)
    assert not pump.read("compressor_running")
    pump.disturbances.stop("controller_error")
    live(pump, 900.0)
    assert pump.read("error_code") == 0


def test_a_leak_empties_the_circuit_until_repaired(pump, live) -> None:
    full = pump.read("water_pressure")
    pump.disturbances.start("water_leak", 1.0)
    live(pump, 1800.0)
    assert pump.read("water_pressure") == pytest.approx(full - 0.5, abs=0.1)
    live(pump, 3 * 3600.0)
    assert pump.read("error_code") == 62  # the pump draws air
    pump.disturbances.stop("water_leak")
    live(pump, 1200.0)
    assert pump.read("water_pressure") == pytest.approx(full, abs=0.15)


def test_a_stuck_valve_heats_the_wrong_thing(pump, live) -> None:
    tank = pump.truth()["dhw_temperature"]
    pump.disturbances.start("valve_stuck", 1.0)
    live(pump, 1800.0)
    assert pump.read("valve_direction") == 0
    assert pump.physics.loop.fluxes.to_tank > 0.0
    assert pump.truth()["dhw_temperature"] != pytest.approx(tank, abs=0.2)


def test_a_stuck_heater_and_a_meter_offset_show_at_the_meter(pump, live) -> None:
    pump.write("unit_enabled", 0.0)
    live(pump, 600.0)
    idle = pump.read("electrical_power")
    pump.disturbances.start("meter_offset", 250.0)
    assert pump.read("electrical_power") == pytest.approx(idle + 250.0, abs=10.0)
    pump.disturbances.start("tank_heater_stuck")
    live(pump, 30.0)
    assert pump.read("dhw_heater_on") == 1
    assert pump.read("electrical_power") == pytest.approx(idle + 2250.0, rel=0.02)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("gremlins",), "there are: strainer_clogged"),
        (("strainer_clogged", 1.5), "outside 0…1"),
        (("sensor_offset", 1.0), "needs the point of a sensor"),
        (("sensor_offset", 1.0, "operating_mode"), "needs the point of a sensor"),
        (("fan_stopped", 1.0, "supply_temperature"), "leave out the point"),
    ],
)
def test_mistakes_are_explained(pump, arguments, says: str) -> None:
    with pytest.raises(DisturbanceError, match=says):
        pump.disturbances.start(*arguments)
    assert not list(pump.disturbances)


def test_every_kind_states_a_usable_default(pump, live) -> None:
    for name, kind in KINDS.items():
        pump.disturbances.start(name, None, "supply_temperature" if kind.of_sensor else None)
    live(pump, 60.0)
    assert len(list(pump.disturbances)) == len(KINDS)
    assert pump.disturbances.stop() == len(KINDS)


def test_two_faults_at_once_keep_the_first_law_and_are_repaired(make_pump, live) -> None:
    """All pairs, each for an hour, one after the other on a machine that lives on."""
    pump = make_pump(START, step=20.0)
    pump.write("dhw_setpoint", 52.0)
    for one, other in itertools.combinations(KINDS, 2):
        for name in (one, other):
            point = "supply_temperature" if KINDS[name].of_sensor else None
            pump.disturb(name, severity=0.4, point=point)
        live(pump, 1200.0)
        assert pump.disturbances.stop() == 2
    live(pump, 6 * 3600.0)
    assert pump.read("error_code") == 0
    assert all(math.isfinite(value) for value in pump.truth().values())
    assert 10.0 < pump.truth()["room_temperature"] < 35.0
    left = pump.residual
    assert abs(left.loop) + abs(left.tank) + abs(left.building) < 1e-4 * pump.ledger.to_outdoors
