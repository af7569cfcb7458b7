"""The shadow of several heat pumps: together as alone, over a restart, live as from pieces."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_machine import KnownMachine, plate
from shadowed_fleet import RESTING, STEADY, S, ShadowedFleet

from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, BAD_NO_DATA, is_bad, is_good
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.calibration.calibrate import calibrate
from heatpump_twin.twin_engine.model.shadow.run_residuals import (
    LEAST_STEADY,
    RunMoment,
    RunResiduals,
)
from heatpump_twin.twin_engine.model.shadow.shadow import UNSEEN, Shadow
from heatpump_twin.twin_engine.model.shadow.shadow_points import BY_LOAD, OF_RUNS, shadow_points
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel


def learnt(machine: KnownMachine) -> LearntModel:
    found = calibrate(machine.record(), plate(), heat_pump="hp0", now=0, software="test")
    return found.card.learnt()


@pytest.fixture(scope="module")
def model() -> LearntModel:
    return learnt(KnownMachine())


def test_a_learnt_model_is_good_where_it_was_learnt_and_narrower_than_the_plate(model):
    by_plate, by_model = ShadowedFleet(), ShadowedFleet(models={"hp0": model})
    for fleet in (by_plate, by_model):
        fleet.put(1, **STEADY)
        assert is_good(fleet.shown("expected_cop")[1])
    truth = KnownMachine().power(np.array([2.0]), np.array([38.0]), np.array([4000.0]))[0]
    value, _ = by_model.shown("expected_electrical_power")
    assert value == pytest.approx(truth, rel=0.02)
    assert by_plate.shown("expected_electrical_power")[0] < 0.95 * truth
    widths = [f.shown("expected_cop_uncertainty")[0] for f in (by_plate, by_model)]
    assert widths[1] < 0.5 * widths[0]
    # Hot water is nothing that a plate tells; a model that has seen such water does.
    for fleet, good in ((by_plate, False), (by_model, True)):
        fleet.put(3, **{**STEADY, "operating_state": 3.0})
        assert is_good(fleet.shown("expected_cop")[1]) is good
    by_model.put(5, **{**STEADY, "outdoor_temperature": 25.0})
    assert not is_good(by_model.shown("expected_cop")[1])


def test_expected_heat_and_power_are_two_sides_of_one_model(model):
    fleet = ShadowedFleet(models={"hp0": model})
    fleet.put(1, **STEADY)
    power, _ = fleet.shown("expected_electrical_power")
    fleet.put(3, **{**STEADY, "electrical_power": power})
    assert fleet.shown("expected_thermal_power")[0] == pytest.approx(4000.0, rel=0.002)
    assert fleet.shown("thermal_power_residual")[0] == pytest.approx(0.0, abs=8.0)
    assert fleet.shown("electrical_power_residual")[0] == pytest.approx(0.0, abs=1e-6)


def test_a_score_is_the_residual_over_its_deviation(model):
    fleet = ShadowedFleet(models={"hp0": model})
    fleet.put(1, **STEADY)
    for quantity in ("cop", "electrical_power", "thermal_power"):
        residual, _ = fleet.shown(f"{quantity}_residual")
        half, _ = fleet.shown(f"expected_{quantity}_uncertainty")
        # With what a month of other weather adds to the interval.
        deviation = math.hypot(half / 1.645, UNSEEN * fleet.shown(f"expected_{quantity}")[0])
        score, status = fleet.shown(f"{quantity}_residual_score")
        assert score == pytest.approx(residual / deviation)
        assert is_good(status)


def test_it_says_at_what_load_it_runs_and_what_expected_values_follow_from(model):
    fleet = ShadowedFleet(2, models={"hp1": model})
    for name, source in (("hp0", 0.0), ("hp1", 1.0)):
        fleet.put(1, name, **STEADY)
        fleet.shadow.settle()
        assert fleet.shown("expectation_source", name)[0] == source
        rated = float(model.machine.power.prior.rated_capacity)
        assert fleet.shown("relative_load", name)[0] == pytest.approx(100.0 * 4000.0 / rated)
    fleet.put(3, **RESTING)
    assert fleet.shown("relative_load")[0] == 0.0


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.floats(-8, 12), st.booleans()), max_size=12))
def test_heat_pumps_together_are_what_each_is_alone(moves):
    together, alone = ShadowedFleet(2), [ShadowedFleet(2) for _ in range(2)]
    for second, (number, outdoor, running) in enumerate(moves):
        values = {**(STEADY if running else RESTING), "outdoor_temperature": outdoor}
        together.put(2.0 * second + 1, f"hp{number}", **values)
        alone[number].put(2.0 * second + 1, f"hp{number}", **values)
    for number in range(2):
        name = f"hp{number}"
        for fleet in (together, alone[number]):
            fleet.put(100.0 + number, name, **STEADY)
        expected = alone[number].all_shown(name)
        for point, (value, status) in together.all_shown(name).items():
            assert status == expected[point][1], point
            assert value == pytest.approx(expected[point][0], nan_ok=True), point


def test_frames_in_pieces_say_what_frames_in_one_say(model):
    whole, pieces = ShadowedFleet(models={"hp0": model}), ShadowedFleet(models={"hp0": model})
    rng = np.random.default_rng(7)
    for second in range(1, 250):
        values = {
            **(RESTING if 150 <= second < 170 else STEADY),
            "outdoor_temperature": 2.0 + rng.normal(0, 0.3),
        }
        whole.put(second, **values)
        # Devices answer one after the other, and what is derived comes with the last of them.
        half = len(values) // 2
        pieces.put(second, **dict(list(values.items())[:half]))
        pieces.put(second + 0.01, **dict(list(values.items())[half:]))
        pieces.shadow.settle()
    for point, (value, status) in whole.all_shown("hp0").items():
        assert pieces.shown(point)[1] == status, point
        assert pieces.shown(point)[0] == pytest.approx(value, rel=1e-3, nan_ok=True), point


def a_run(fleet: ShadowedFleet, begin: float, minutes: int, **values: float) -> float:
    for minute in range(minutes):
        fleet.put(begin + 60.0 * minute, **{**STEADY, **values})
    end = begin + 60.0 * minutes
    fleet.put(end, **RESTING)
    return end + 60.0


def test_a_run_leaves_its_residual_and_moves_the_mean_of_its_load(model):
    fleet = ShadowedFleet(models={"hp0": model})
    fleet.put(1, **STEADY)
    assert fleet.shown("run_cop_residual")[1] == BAD_NO_DATA
    expected = fleet.shown("expected_electrical_power")[0]
    time = a_run(fleet, 60.0, 40, electrical_power=1.1 * expected)
    value, status = fleet.shown("run_cop_residual")
    assert is_good(status)
    # One statement in three units: more electricity for the heat, less heat for the electricity.
    power, heat = (fleet.shown(f"run_{q}_power_residual")[0] for q in ("electrical", "thermal"))
    assert (1.0 + power / 100.0) * (1.0 + value / 100.0) == pytest.approx(1.0)
    assert -15.0 < heat < -4.0
    # Ice grows meanwhile, so that a little more was expected than at the begin.
    assert value == pytest.approx(-9.0, abs=2.0)
    first = fleet.shown("cop_residual_medium_load")[0]
    assert first < -2.0
    assert is_bad(fleet.shown("cop_residual_low_load")[1])
    a_run(fleet, time, 40, electrical_power=expected)
    assert first < fleet.shown("cop_residual_medium_load")[0] < 0.0
    time = a_run(fleet, time + 3000, 40, thermal_power=2000.0, electrical_power=600.0, cop=3.33)
    assert is_good(fleet.shown("cop_residual_low_load")[1])


def test_a_short_run_leaves_nothing(model):
    fleet = ShadowedFleet(models={"hp0": model})
    a_run(fleet, 60.0, int(LEAST_STEADY / 60) - 2)
    assert fleet.shown("run_cop_residual")[1] == BAD_NO_DATA


async def test_what_runs_have_told_and_ice_survive_a_restart(model):
    before = ShadowedFleet(models={"hp0": model})
    a_run(before, 60.0, 40, electrical_power=1400.0)
    before.kept()
    after = ShadowedFleet(models={"hp0": model})
    image = Image(after.table, 2_600 * S)
    shadow = Shadow(image, after.site, before.history, ManualClock(2_600 * S), {"hp0": model})
    await shadow.start()
    image.subscribe(shadow.take)
    after.image = image
    after.put(2_601, **RESTING)
    for point in (*OF_RUNS, *BY_LOAD, "coil_ice"):
        assert after.shown(point)[1] == before.shown(point)[1], point
        assert after.shown(point)[0] == pytest.approx(
            before.shown(point)[0], abs=1.0, nan_ok=True
        ), point


def test_ice_grows_while_it_runs_in_humid_cold_and_a_defrost_takes_it():
    fleet = ShadowedFleet()
    for minute in range(60):
        fleet.put(60.0 * minute + 1, **STEADY)
    assert 5.0 < fleet.shown("coil_ice")[0] <= 150.0
    fleet.put(3700, **{**STEADY, "operating_state": 5.0})
    assert fleet.shown("coil_ice")[0] == 0.0
    assert fleet.shown("expected_cop")[1] == BAD_NO_DATA


def test_another_model_is_used_from_now_on_and_none_is_the_plate(model):
    fleet = ShadowedFleet()
    fleet.put(1, **STEADY)
    plate_value = fleet.shown("expected_cop")[0]
    fleet.shadow.adopt("hp0", model)
    fleet.put(3, **STEADY)
    assert fleet.shown("expected_cop")[0] < 0.96 * plate_value
    fleet.shadow.adopt("hp0", None)
    fleet.put(5, **STEADY)
    assert fleet.shown("expected_cop")[0] == pytest.approx(plate_value, rel=0.02)


def test_a_heat_pump_without_a_heat_meter_has_the_heat_that_is_expected_alone():
    ids = {"operating_state", "electrical_power", "supply_temperature", "return_temperature"}
    assert shadow_points(ids) == []  # nothing tells what enters it
    found = shadow_points({*ids, "outdoor_temperature"})
    assert found == [
        "expected_thermal_power", "expected_thermal_power_uncertainty", "expectation_source",
        "coil_ice",
    ]  # fmt: skip


def test_a_value_that_is_away_makes_what_follows_from_it_bad():
    fleet = ShadowedFleet(2)
    fleet.put(1, **STEADY)
    fleet.put(1, "hp1", **STEADY)
    index = fleet.table.by_asset["hp0"]["outdoor_temperature"].index
    fleet.image.ingest(Frame.bad([index], BAD_NO_COMMUNICATION, 3 * S))
    for point in ("expected_cop", "expected_electrical_power", "cop_residual"):
        assert fleet.shown(point)[1] == BAD_NO_COMMUNICATION, point
        assert not is_bad(fleet.shown(point, "hp1")[1]), point


def test_sums_of_many_are_those_of_each():
    rng = np.random.default_rng(2)
    many, each = RunResiduals.of(4), [RunResiduals.of(1) for _ in range(4)]
    for step in range(200):
        time = np.full(4, (step + 1) * 60 * S)
        good, over = rng.random(4) < 0.9, rng.random(4) < 0.03
        powers, heats = rng.uniform(900, 1100, (2, 4)), rng.uniform(2900, 3100, (2, 4))
        now = RunMoment(*powers, *heats, rng.uniform(0.2, 1, 4), np.full(4, 0.05))
        many.take(time, good, over, now)
        for k, one in enumerate(each):
            part = slice(k, k + 1)
            one.take(time[part], good[part], over[part], RunMoment(*(a[part] for a in now)))
    assert np.isfinite(many.last).any()
    for k, one in enumerate(each):
        assert many.last[:, k] == pytest.approx(one.last[:, 0], nan_ok=True)
        assert many.scores[:, k] == pytest.approx(one.scores[:, 0], nan_ok=True)


def test_a_heat_pump_that_goes_takes_nothing_of_the_others_along(model):
    fleet = ShadowedFleet(3, models={"hp2": model})
    for name in fleet.names:
        fleet.put(1, name, **STEADY)
    assert math.isnan(fleet.shown("expected_cop", "hp2")[0])
    fleet.shadow.settle()
    before = fleet.shown("expected_cop", "hp2")
    fleet.shadow.remove("hp1")
    fleet.shadow.settle()
    fleet.put(3, "hp2", **STEADY)
    fleet.put(5, "hp1", **{**STEADY, "outdoor_temperature": -7.0})
    assert fleet.shown("expected_cop", "hp2")[0] == pytest.approx(before[0], rel=0.01)


async def test_the_only_heat_pump_may_go_and_come_back_while_something_waits():
    fleet = ShadowedFleet()
    fleet.put(1, **STEADY)
    fleet.put(1.5, **STEADY)
    fleet.shadow.remove("hp0")
    fleet.shadow.settle()
    fleet.put(3, **STEADY)
    await fleet.shadow.add(fleet.pumps[0])
    fleet.shadow.settle()
    fleet.put(5, **{**STEADY, "outdoor_temperature": 7.0})
    assert is_good(fleet.shown("expected_cop")[1])
