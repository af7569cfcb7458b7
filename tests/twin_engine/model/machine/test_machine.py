"""The machine's parts: published numbers, and what must hold whatever the coefficients are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_machine import plate

from heatpump_twin.twin_engine.model.machine.capacity import Capacity
from heatpump_twin.twin_engine.model.machine.frost import CoilFrost, levels
from heatpump_twin.twin_engine.model.machine.humid_air import humidity_ratio, saturation_ratio
from heatpump_twin.twin_engine.model.machine.machine_model import Course, MachineModel, course_power
from heatpump_twin.twin_engine.model.machine.operating_points import OperatingPoints
from heatpump_twin.twin_engine.model.machine.plate_performance import PlatePerformance
from heatpump_twin.twin_engine.model.machine.power_model import PowerModel
from heatpump_twin.twin_engine.model.machine.power_terms import TERMS


@pytest.mark.parametrize(
    ("temperature", "grams"),
    # ASHRAE Handbook Fundamentals (2017), chapter 1, table 2: W_s at 101.325 kPa.
    [(-20.0, 0.637), (-10.0, 1.606), (0.0, 3.790), (10.0, 7.661), (20.0, 14.758)],
)
def test_saturated_air_holds_what_the_tables_say(temperature, grams):
    # The tables have real air (enhancement factor 1.004); the Magnus form has 0.6 % of its own.
    assert saturation_ratio(np.array(temperature)) == pytest.approx(grams, rel=0.012)


def test_humidity_below_freezing_is_relative_to_water():
    over_water, over_ice = humidity_ratio(-10.0, 100.0), saturation_ratio(-10.0)
    # e_w/e_i at −10 °C is 2.863/2.599 hPa (WMO-No. 8).
    assert over_water / over_ice == pytest.approx(1.1015, rel=0.003)


def model(**changes: object) -> PowerModel:
    of_plate = PowerModel.of_plate(PlatePerformance(plate().heating), plate().pump_power)
    theta = np.zeros(TERMS)
    theta[[0, 1, 2, 4]] = 0.08, 0.02, 0.05, 0.1
    return replace(of_plate, **{"theta": theta, **changes})


def points() -> OperatingPoints:
    source, water, load = (
        a.ravel() for a in np.meshgrid([-10.0, 0.0, 7.0, 12.0], [30.0, 45.0, 55.0], [0.2, 0.6, 1.0])
    )
    return replace_ice(OperatingPoints.steady(source, water, 7000.0 * load))


def replace_ice(at: OperatingPoints) -> OperatingPoints:
    return OperatingPoints(at.source, at.water, at.heat, at.frost + 0.5, at.warming)


def test_the_plate_alone_says_what_the_plate_says_with_the_pump():
    prior = PlatePerformance(plate().heating)
    found = PowerModel.of_plate(prior, 40.0).power(OperatingPoints.steady(7.0, 35.0, 7000.0))
    assert found.value == pytest.approx(1500.0 + 40.0, rel=0.01)
    # Wide: of machines that nobody has calibrated, one in ten is off by more than that.
    assert 0.1 < found.uncertainty / found.value < 0.5


@pytest.mark.parametrize("loss", [0.0, 1.0])
def test_machines_together_say_what_each_says_alone(loss):
    first = model()
    theta = np.zeros(TERMS)
    theta[:3] = (0.1, 0.02, 1.6) if loss else (-0.05, 0.1, 0.0)
    second = model(theta=theta, constant_loss=np.asarray(loss), noise=np.asarray(0.01))
    both = PowerModel.stacked([first, second])
    at = points()
    for place in range(len(at)):
        pair = at[np.array([place, place])]
        together, heats = both.power(pair), both.heat(pair, np.array([1200.0, 1200.0]))
        for number, one in enumerate((first, second)):
            alone = one.power(at[np.array([place])])
            assert together.value[number] == pytest.approx(alone.value[0])
            assert together.uncertainty[number] == pytest.approx(alone.uncertainty[0])
            heat = one.heat(at[np.array([place])], np.array([1200.0]))
            assert heats.value[number] == pytest.approx(heat.value[0])


@pytest.mark.parametrize("loss", [0.0, 1.0])
def test_the_heat_for_a_power_is_the_one_that_takes_it(loss):
    theta = np.zeros(TERMS)
    theta[:4] = (0.08, 0.02, 1.5, 0.05) if loss else (0.08, 0.02, 0.05, 0.02)
    found = model(theta=theta, constant_loss=np.asarray(loss))
    at = points()
    for begin in (0.0 * at.heat, 0.5 * at.heat, at.heat):
        heat = found.heat(at.giving(begin), found.power(at).value).value
        assert heat == pytest.approx(at.heat, rel=0.003)


def test_a_load_that_was_never_seen_is_corrected_as_the_nearest_that_was():
    theta = np.zeros(TERMS)
    # As of a summer in which nothing but hot water was made, at full load.
    theta[[2, 3]] = -0.7, 1.0
    found = model(theta=theta, load=np.array([0.8, 1.2]))
    load = np.array([0.05, 0.3, 0.8, 1.0, 1.2, 1.6])
    at = OperatingPoints.steady(7.0, 35.0, 7000.0 * load)
    correction = found.power(at).value / found.plate_power(at)
    assert correction[:3] == pytest.approx(correction[2])
    assert correction[4:] == pytest.approx(correction[4])
    assert correction[3] != pytest.approx(correction[2], rel=0.01)


def test_the_cop_is_heat_over_power_with_the_same_relative_uncertainty():
    at = points()
    power, cop = model().power(at), model().cop(at)
    assert cop.value == pytest.approx(at.heat / power.value)
    assert cop.uncertainty / cop.value == pytest.approx(power.uncertainty / power.value)


def test_ice_grows_with_the_humidity_deficit_and_not_in_dry_or_warm_air():
    frost = CoilFrost()
    rate = [float(frost.growth(0.0, 0.0, humidity_ratio(0.0, r))) for r in (50.0, 80.0, 95.0)]
    assert rate[0] < rate[1] < rate[2]
    assert float(frost.growth(0.0, 12.0, humidity_ratio(12.0, 100.0))) == 0.0
    assert float(frost.growth(0.0, -5.0, humidity_ratio(-5.0, 10.0))) == 0.0


def test_ice_of_many_coils_is_that_of_each():
    rng = np.random.default_rng(3)
    outdoor, humid = rng.uniform(-8, 6, 80), rng.uniform(60, 100, 80)
    running = np.round(rng.uniform(0, 1, 80))
    defrosting = (np.arange(80) % 17 == 16).astype(float)
    coils = [CoilFrost(3.0, 0.0, 0.0, 1.0), CoilFrost(5.0, 2.0, 0.05, 2.0)]
    together = CoilFrost(*(np.array(parts) for parts in zip(*map(fields, coils), strict=True)))
    found = levels(together, 0.25, outdoor, humid, running, defrosting)
    for number, coil in enumerate(coils):
        alone = levels(coil, 0.25, outdoor, humid, running, defrosting)
        assert found[:, number] == pytest.approx(alone)
    assert found.max() > 0.2
    assert (found[defrosting > 0] == 0.0).all()


def fields(coil: CoilFrost) -> tuple[object, ...]:
    return coil.approach, coil.per_ice, coil.damping, coil.threshold


def test_the_capacity_goes_near_the_plate_and_falls_with_the_cold():
    capacity = Capacity.of_plate(plate().heating)
    assert capacity.full(7.0, 35.0) == pytest.approx(7000.0, rel=0.05)
    assert 0.65 < capacity.full(-7.0, 35.0) / capacity.full(7.0, 35.0) < 0.8


def test_a_course_counts_rest_starts_defrosts_and_heaters():
    found = replace(MachineModel.of_plate(plate()), standby=20.0, circulating=60.0, start=5.0)
    n = 6
    course = Course(
        hours=0.1,
        source=np.full(n, 2.0),
        water=np.full(n, 35.0),
        heat=np.array([0.0, 0.0, 4000.0, 4000.0, -2800.0, 4000.0]),
        warming=np.zeros(n),
        ice=np.zeros(n),
        running=np.array([0.0, 0.0, 1.0, 1.0, 1.0, 1.0]),
        defrost=np.array([0.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
        flowing=np.array([0.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        heater=np.array([0.0, 0.0, 0.0, 0.0, 0.0, 3000.0]),
    )
    steady = found.power.power(OperatingPoints.steady(2.0, 35.0, 4000.0)).value
    expected = [20.0, 60.0, steady + 5.0 / 0.1, steady, found.defrost.power, steady + 3000.0]
    assert course_power(found, course) == pytest.approx(expected)
