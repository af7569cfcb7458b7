"""The performance map goes through the plate points and behaves between them."""

from __future__ import annotations

import pytest

from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.plant.physics.performance_map import Impairment
from heatpump_twin.drivers.plant.physics.sizing import cooling_map_of, map_of
from heatpump_twin.drivers.plant.refrigerant import R32, R410A

PUMPS = {p.id: p for p in load_site("two-heat-pumps", environment={}).heat_pumps}


@pytest.mark.parametrize("name", ["east", "west"])
def test_full_load_at_the_plate_points(name: str) -> None:
    plate = PUMPS[name].plate
    performance = map_of(plate)
    for point in plate.heating:
        operation = performance.operate(point.outdoor, point.water, 1.0)
        assert operation.capacity == pytest.approx(point.capacity, rel=0.001)
        assert operation.power == pytest.approx(point.power, rel=0.001)


def test_heat_is_cop_times_electricity() -> None:
    performance = map_of(PUMPS["east"].plate)
    for outdoor in (-15.0, 0.0, 7.0, 20.0):
        for water in (30.0, 45.0, 55.0):
            for modulation in (0.27, 0.6, 1.0):
                x = performance.operate(outdoor, water, modulation)
                carnot = (x.condensing + 273.15) / max(x.condensing - x.evaporating, 15.0)
                assert x.capacity == pytest.approx(x.cop * x.power)
                assert 1.0 < x.cop < carnot


def test_colder_air_and_warmer_water_cost_more() -> None:
    performance = map_of(PUMPS["east"].plate)
    by_air = [performance.operate(t, 45.0, 1.0) for t in range(-15, 21, 5)]
    assert [x.capacity for x in by_air] == sorted(x.capacity for x in by_air)
    assert [x.cop for x in by_air] == sorted(x.cop for x in by_air)
    by_water = [performance.operate(7.0, t, 1.0).cop for t in range(30, 56, 5)]
    assert by_water == sorted(by_water, reverse=True)


@pytest.mark.parametrize("name", ["east", "west"])
@pytest.mark.parametrize("outdoor", [-7, 2, 7, 12])
def test_part_load_is_more_efficient_than_full_load(name: str, outdoor: int) -> None:
    performance = map_of(PUMPS[name].plate)
    for water in (30.0, 35.0, 45.0, 55.0):
        full = performance.operate(outdoor, water, 1.0)
        for speed in (0.3, 0.4, 0.5, 0.6):
            part = performance.operate(outdoor, water, speed)
            assert 1.10 < part.cop / full.cop < 1.20, (water, speed)
            assert part.capacity == pytest.approx(speed * full.capacity, rel=0.01)


@pytest.mark.parametrize("name", ["east", "west"])
@pytest.mark.parametrize("outdoor", range(-15, 13, 3))
def test_warm_water_costs_alike_everywhere(name: str, outdoor: int) -> None:
    performance = map_of(PUMPS[name].plate)
    for speed in (0.3, 0.6, 1.0):
        at = {water: performance.operate(outdoor, water, speed) for water in (35.0, 45.0)}
        assert 0.75 <= round(at[45.0].cop / at[35.0].cop, 2) <= 0.80


def test_between_plate_points_there_is_no_hole_and_no_hill() -> None:
    performance = map_of(PUMPS["east"].plate)
    for water in (30.0, 45.0, 55.0):
        steps = [performance.operate(t / 2, water, 1.0).cop for t in range(-30, 31)]
        assert steps == sorted(steps)


def test_the_power_limit_holds() -> None:
    plate = PUMPS["east"].plate.model_copy(update={"max_power": 1000.0})
    operation = map_of(plate).operate(-10.0, 55.0, 1.0)
    assert operation.power <= 1000.0 * 1.01
    assert operation.modulation < 1.0


@pytest.mark.parametrize(
    "bad", [Impairment(undercharge=0.3), Impairment(coil_fouling=0.5), Impairment(fan_loss=1.0)]
)
def test_impairments_cost_capacity_and_efficiency(bad: Impairment) -> None:
    performance = map_of(PUMPS["east"].plate)
    healthy = performance.operate(7.0, 40.0, 0.8)
    ill = performance.operate(7.0, 40.0, 0.8, impairment=bad)
    assert ill.capacity < 0.9 * healthy.capacity
    assert ill.cop < 0.95 * healthy.cop


@pytest.mark.parametrize(
    ("refrigerant", "temperature", "bar"),
    [
        # CoolProp 8.0, dew line.
        (R410A, -20.0, 3.993),
        (R410A, 20.0, 14.429),
        (R410A, 60.0, 38.348),
        (R32, -20.0, 4.058),
        (R32, 20.0, 14.746),
        (R32, 60.0, 39.332),
    ],
)
def test_saturation_pressures(refrigerant, temperature, bar) -> None:
    assert refrigerant.pressure(temperature) == pytest.approx(bar, rel=0.008)
    assert refrigerant.temperature(refrigerant.pressure(temperature)) == pytest.approx(temperature)


def test_discharge_temperature() -> None:
    # CoolProp 8.0, R410A, 0/40 °C, 5 K superheat, 70 % isentropic efficiency: 73.1 °C.
    assert R410A.discharge_temperature(5.0, 0.0, 40.0) == pytest.approx(73.1, abs=1.0)


def test_cooling_at_the_rated_point_and_around_it() -> None:
    plate = load_site("default", environment={}).heat_pumps[0].plate
    (rated,) = plate.cooling
    cooling = cooling_map_of(plate)
    at = cooling.operate(rated.outdoor, rated.water, 1.0)
    assert at.capacity == pytest.approx(rated.capacity, rel=0.001)
    assert at.power == pytest.approx(rated.power, rel=0.001)
    assert cooling.operate(35.0, 18.0, 1.0).cop > 1.15 * at.cop
    assert cooling.operate(25.0, 7.0, 1.0).cop > 1.1 * at.cop
    assert 1.10 < cooling.operate(35.0, 7.0, 0.5).cop / at.cop < 1.25
    # A plate that says nothing of cooling gets what such machines have.
    derived = cooling_map_of(PUMPS["west"].plate).operate(35.0, 7.0, 1.0)
    assert 2.4 < derived.cop < 3.0
