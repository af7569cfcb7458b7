"""What is no contradiction: a site that cannot tell, and devices that are polled slowly."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP
from heatpump_twin.config.settings import Plate
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD
from heatpump_twin.twin_engine.derive.plausibility.contradictions import (
    CONTRADICTIONS,
    ContradictionWatch,
)
from heatpump_twin.twin_engine.derive.plausibility.fleet_view import FleetView
from heatpump_twin.twin_engine.derive.plausibility.implausibility import Implausibility

PLATE = Plate(
    manufacturer="Any",
    model="Any",
    nominal_flow=20.0,
    max_power=3000.0,
    heating=[{"outdoor": 7, "water": 35, "capacity": 6000, "power": 1500}],
)
START = 1_000_000.0
RUNS = {"compressor_on": 1, "compressor_running": 1, "electrical_power": 1500.0}
HEATS = {**RUNS, "operating_state": 2, "water_flow": 20.0}
TOLD = {"defrost_active": 0, "valve_direction": 0, "operation_cycle": 2}
EXCHANGED = {"meter_supply_temperature": 30.0, "meter_return_temperature": 35.0}
NO_FLOW = {**HEATS, "water_flow": 0.0}


class Machine:
    """A heat pump of which the values are set by hand, looked at after each period."""

    def __init__(self):
        ids = list(CATALOGUE[HEAT_PUMP])
        self.place = {point: index for index, point in enumerate(ids)}
        self.image = SimpleNamespace(
            value=np.full(len(ids), np.nan),
            status=np.full(len(ids), BAD_NO_DATA, dtype=np.uint32),
            time=np.zeros(len(ids), dtype=np.int64),
        )
        self.view = FleetView()
        self.view.add({p: SimpleNamespace(index=i) for p, i in self.place.items()}, PLATE)
        self.watches = [ContradictionWatch(record) for record in CONTRADICTIONS]
        self.now = START

    def polled(self, values):
        for point, value in values.items():
            index = self.place[point]
            self.image.value[index], self.image.status[index] = value, GOOD
            self.image.time[index] = round(self.now * MICROSECONDS)

    def lives(self, seconds, values, period=1.0):
        """Return what is blamed, with the reason, in a time with such values."""
        blamed = set()
        for _ in range(round(seconds / period)):
            self.polled(values)
            self.now += period
            self.view.look(self.image, period)
            for watch in self.watches:
                if watch.found(self.view)[0]:
                    blamed |= {(point, watch.record.reason) for point in watch.record.blames}
        return blamed


def blamed(seconds, values, period=1.0):
    return {point for point, _ in Machine().lives(seconds, values, period)}


def test_a_pair_is_called_exchanged_where_defrost_and_cooling_are_told():
    found = Machine().lives(240, {**HEATS, **TOLD, **EXCHANGED})
    assert found == {(point, Implausibility.EXCHANGED) for point in EXCHANGED}


def test_a_defrost_that_nothing_tells_exchanges_no_pair():
    untold = {**HEATS, "operation_cycle": 2, **EXCHANGED}
    assert not blamed(15 * 60, untold, 10.0)
    assert blamed(25 * 60, untold, 10.0) == set(EXCHANGED)


@pytest.mark.parametrize("told", [{}, {"operating_mode": 6}, {"operating_mode": 0}])
def test_a_cooling_that_nothing_tells_exchanges_no_pair(told):
    assert not blamed(3600, {**HEATS, "defrost_active": 0, **told, **EXCHANGED}, 30.0)


def test_no_flow_is_the_meters_where_the_machine_tells_that_it_heats():
    assert blamed(180, {**NO_FLOW, **TOLD}) == {"water_flow"}


@pytest.mark.parametrize(
    "values",
    [
        # a heater in the tank of a site that has meters alone, for two hours
        {"compressor_on": 1, "electrical_power": 1500.0, "operating_state": 2, "water_flow": 0.0},
        # hot water, told and not, with the heat meter in the circuit of the rooms
        {**NO_FLOW, **TOLD, "operating_state": 3, "valve_direction": 1},
        {**NO_FLOW, "defrost_active": 0},
        {
            **NO_FLOW,
            **TOLD,
            "operating_state": 3,
            "valve_direction": 1,
            "controller_water_flow": 20,
        },
        # a heater that is told
        {**NO_FLOW, **TOLD, "compressor_running": math.nan, "dhw_heater_on": 1},
    ],
)
def test_no_flow_is_right_where_no_water_has_to_pass_the_meter(values):
    assert "water_flow" not in blamed(7200, values, 30.0)


def test_a_flow_from_before_the_start_is_no_evidence():
    machine = Machine()
    machine.lives(60, {**TOLD, "compressor_running": 0, "water_flow": 0.0})
    assert not machine.lives(240, {**TOLD, **RUNS, "operating_state": 2})
    machine.polled({"water_flow": 20.0})
    assert not machine.lives(300, {**TOLD, **RUNS, "operating_state": 2})


def test_heat_from_before_a_stop_is_no_evidence_against_the_power():
    machine = Machine()
    pair = {"meter_supply_temperature": 38.0, "meter_return_temperature": 34.0}
    machine.lives(60, {**HEATS, **TOLD, **pair, "thermal_power": 5000.0})
    stopped = {"electrical_power": 5.0, "compressor_running": 0, "compressor_on": 0}
    assert not machine.lives(59, stopped)
    # What is left in the condenser is sampled once.
    machine.polled({"water_flow": 20.0, **pair, "thermal_power": 1500.0})
    assert not machine.lives(59, stopped)
    machine.polled({"water_flow": 20.0, **pair, "thermal_power": 300.0})
    assert not machine.lives(59, stopped)


def test_a_power_that_is_lost_is_named_in_seconds():
    heat = {"meter_supply_temperature": 38.0, "meter_return_temperature": 34.0}
    lost = {**HEATS, **TOLD, **heat, "electrical_power": 0.0, "thermal_power": 5000.0}
    lost |= {"compressor_running": math.nan}
    assert blamed(15, lost) == {"electrical_power"}


def test_one_poll_outlasts_no_delay_however_slow_it_is():
    assert not blamed(720, {**NO_FLOW, **TOLD}, period=720.0)
    assert blamed(1440, {**NO_FLOW, **TOLD}, period=720.0) == {"water_flow"}


def test_a_backup_heater_lies_between_the_two_supply_sensors():
    warm = {"supply_temperature": 30.0, "meter_supply_temperature": 40.0}
    warm |= {"meter_return_temperature": 26.0, "return_temperature": 26.0}
    assert set(blamed(1000, {**HEATS, **TOLD, **warm, "backup_heater_on": 0}, 10.0)) == {
        "supply_temperature",
        "meter_supply_temperature",
    }
    assert not blamed(3600, {**HEATS, **TOLD, **warm, "backup_heater_on": 1}, 30.0)


def test_what_is_true_again_after_a_pause_begins_anew():
    machine = Machine()
    for _ in range(5):
        assert not machine.lives(100, {**NO_FLOW, **TOLD})
        assert not machine.lives(2, {**HEATS, **TOLD})


def test_an_expectation_that_may_be_far_off_contradicts_no_sensor():
    cop = {**HEATS, **TOLD, "cop": 6.0, "expected_cop": 3.5}
    assert "meter_return_temperature" in blamed(1500, {**cop, "expected_cop_uncertainty": 0.4}, 10)
    assert not blamed(7200, {**cop, "expected_cop_uncertainty": 1.5}, 30)
