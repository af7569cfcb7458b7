"""Values that cannot be: their status, what follows from them, and which sensor is named."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from judged_plant import SUMMER, WINTER, JudgedPlant, good

from heatpump_twin.drivers.status import (
    BAD_NO_DATA,
    UNCERTAIN_ENGINEERING_UNITS_EXCEEDED,
    UNCERTAIN_SENSOR_NOT_ACCURATE,
    is_bad,
    is_good,
)

HOUR = 3600.0


@pytest.fixture
def running():
    """Return a plant that heats steadily, with a COP that is Good."""
    plant = JudgedPlant(WINTER)
    for _ in range(240):
        plant.live(60)
        if is_good(plant["cop"][1]):
            return plant
    raise AssertionError("it does not run")


def named(plant):
    return plant.text("implausible_sensor"), plant.text("implausible_reason")


def test_half_a_day_without_a_fault_names_no_sensor_and_has_no_cop_at_rest():
    plant = JudgedPlant(WINTER, period=60.0)
    day = plant.live(7 * HOUR)
    plant.plant.write("dhw_setpoint", 60.0)
    day += plant.live(7 * HOUR)
    states = Counter(poll["operating_state"][0] for poll in day)
    assert states[1.0] > 30  # it rests,
    assert states[2.0] > 30  # heats,
    assert states[3.0] > 5  # and makes hot water
    assert {poll["implausible_sensor"][0] for poll in day} == {0.0}
    rests = [poll["cop"] for poll in day if poll["compressor_on"][0] == 0]
    assert {status for _, status in rests} == {BAD_NO_DATA}
    assert all(math.isnan(value) for value, _ in rests)
    value, status = plant["water_pair_offset"]
    assert is_good(status)
    assert abs(value) < 0.3


def test_what_no_outdoor_air_can_be_is_shown_and_nothing_follows_from_it(running):
    shown = running.live(600, lambda _: {"outdoor_temperature": -50.0})
    assert running["outdoor_temperature"] == (-50.0, UNCERTAIN_ENGINEERING_UNITS_EXCEEDED)
    assert all(is_bad(poll["expected_cop"][1]) for poll in shown)
    assert all(is_bad(poll["expected_electrical_power"][1]) for poll in shown)
    assert named(running) == ("Outdoor temperature", "Out of range")
    running.live(120)
    assert named(running) == ("No sensor", "No doubt")
    assert is_good(running["outdoor_temperature"][1])


def test_no_power_while_heat_comes_is_the_meters_and_no_standby(running):
    shown = running.live(600, lambda _: {"electrical_power": 0.0})[2:]
    assert {poll["electrical_power"] for poll in shown} == {(0.0, UNCERTAIN_SENSOR_NOT_ACCURATE)}
    assert {poll["operating_state"][0] for poll in shown} == {2.0}
    assert good(shown, "operating_state") == good(shown, "cop") == 0
    assert named(running) == ("Electrical power", "Contradicts other sensors")


@pytest.mark.parametrize(
    ("values", "sensor", "point"),
    [
        ({"electrical_power": 200e3}, "Electrical power", "cop"),
        ({"electrical_power": -900.0}, "Electrical power", "cop"),
        ({"water_flow": 120.0}, "Water flow", "thermal_power"),
    ],
)
def test_what_a_machine_cannot_do_gives_no_figure(running, values, sensor, point):
    shown = running.live(300, lambda _: values)
    assert all(is_bad(poll[point][1]) for poll in shown)
    assert named(running) == (sensor, "Out of range")


def test_heat_goes_on_with_the_controllers_pair_where_the_meters_cannot_be(running):
    shown = running.live(300, lambda _: {"meter_supply_temperature": 130.0})
    assert good(shown, "thermal_power") == good(shown, "cop") == 0
    assert 1000 < running["thermal_power"][0] < 9000
    assert named(running) == ("Meter supply temperature", "Out of range")


def test_supply_and_return_exchanged_give_no_good_heat(running):
    pairs = {"meter_supply_temperature": 35.0, "meter_return_temperature": 40.0}
    shown = running.live(600, lambda _: pairs)
    assert good(shown, "thermal_power") == good(shown, "cop") == 0
    assert running.text("implausible_reason") == "Supply and return exchanged"


def test_no_flow_while_it_runs_on(running):
    running.live(300, lambda _: {"water_flow": 0.0})
    assert running["water_flow"] == (0.0, UNCERTAIN_SENSOR_NOT_ACCURATE)
    assert not is_good(running["heat_energy"][1])
    assert named(running) == ("Water flow", "Contradicts other sensors")


def test_a_meter_that_is_off_by_a_kelvin_gives_no_good_cop(running):
    shown = running.live(
        HOUR, lambda v: {"meter_supply_temperature": v["meter_supply_temperature"] + 1.0}
    )
    assert not is_good(running["cop"][1])
    assert good(shown, "cop") < len(shown) / 2
    assert "eter" in running.text("implausible_sensor")


def test_heat_at_standstill_is_an_offset_of_the_pair():
    # It rests, with its pump on for a while, when it gets milder in the morning.
    plant = JudgedPlant(WINTER, period=60.0)
    shown = plant.live(
        12 * HOUR, lambda v: {"meter_supply_temperature": v["meter_supply_temperature"] + 0.3}
    )
    flowing = [
        poll for poll in shown if poll["compressor_on"][0] == 0 and poll["water_flow"][0] > 5.0
    ]
    small = [
        poll
        for poll in flowing
        if abs(poll["meter_supply_temperature"][0] - poll["meter_return_temperature"][0]) < 1.0
    ]
    assert len(small) > 50
    assert good(small, "thermal_power") == 0
    assert 0.3 < plant["water_pair_offset"][0] < 0.6
    assert named(plant)[1] == "Offset of the pair at rest"
    assert not is_good(plant["heat_energy"][1])
    assert not is_good(plant["heat_energy_today"][1])


def test_a_tank_that_leaps_is_not_believed_until_it_is_back():
    plant = JudgedPlant(SUMMER)
    plant.live(600)
    plant.live(HOUR, lambda _: {"dhw_temperature": 20.0})
    assert plant["dhw_temperature"] == (20.0, UNCERTAIN_SENSOR_NOT_ACCURATE)
    assert named(plant) == ("Hot water temperature", "Jumped")
    plant.live(120)
    assert is_good(plant["dhw_temperature"][1])


def test_a_tank_that_does_not_move_while_it_is_charged():
    plant = JudgedPlant(WINTER)
    plant.plant.write("dhw_setpoint", 60.0)
    held = plant.live(10)[0]["dhw_temperature"][0]
    plant.live(2 * HOUR, lambda _: {"dhw_temperature": held})
    assert named(plant) == ("Hot water temperature", "Does not move")


def test_two_outdoor_sensors_that_contradict_each_other():
    plant = JudgedPlant(WINTER, period=60.0)
    plant.live(600)
    drift = iter(range(10**6))
    plant.live(
        2 * HOUR,
        lambda v: {"ambient_temperature": v["outdoor_temperature"] + min(15.0, next(drift))},
    )
    assert named(plant)[1] == "Contradicts other sensors"
    assert not is_good(plant["outdoor_temperature"][1])
    assert not is_good(plant["ambient_temperature"][1])
