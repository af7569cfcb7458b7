"""Loop and tank on their own: exact balances, stability, delay."""

from __future__ import annotations

import pytest

from heatpump_twin.drivers.plant.physics.stratified_tank import (
    DrawProfile,
    StratifiedTank,
    TankParameters,
)
from heatpump_twin.drivers.plant.physics.water_loop import (
    TO_ROOMS,
    TO_TANK,
    WATER_HEAT,
    LoopParameters,
    Paths,
    WaterLoop,
)


def run_loop(loop: WaterLoop, dt: float, heat: float, flow: float, paths: Paths) -> float:
    """Step once and return the heat that left. [W]"""
    loop.step(
        dt,
        heat,
        flow,
        paths=paths,
        room=20.0,
        plant_room=19.0,
        valve_opening=1.0,
        tank=(40.0, 38.0, 36.0),
    )
    return loop.fluxes.to_room + loop.fluxes.to_tank + loop.fluxes.to_plant_room


@pytest.mark.parametrize("dt", [1.0, 10.0, 60.0])
@pytest.mark.parametrize("flow", [0.0, 0.24])
@pytest.mark.parametrize(
    "paths", [TO_ROOMS, TO_TANK, Paths(tank=0.3), Paths(past=0.6), Paths(tank=0.2, past=0.5)]
)
def test_the_loop_loses_no_heat(dt: float, flow: float, paths: Paths) -> None:
    loop = WaterLoop(LoopParameters(), 30.0)
    before, given = loop.stored, 0.0
    for heat in (4000.0, 0.0, -3000.0, 2500.0):
        for _ in range(5):
            given += dt * (heat - run_loop(loop, dt, heat, flow, paths))
    assert loop.stored - before == pytest.approx(given, abs=1e-3)


def test_steady_spread_is_heat_over_flow() -> None:
    loop = WaterLoop(LoopParameters(exchanger_loss=0.0), 40.0)
    for _ in range(2000):
        run_loop(loop, 10.0, 3000.0, 0.24, paths=TO_ROOMS)
    assert loop.supply - loop.back == pytest.approx(3000.0 / (0.24 * WATER_HEAT), rel=1e-3)
    assert loop.fluxes.to_room == pytest.approx(3000.0, rel=0.05)


def test_the_heat_meter_sees_a_change_later() -> None:
    loop = WaterLoop(LoopParameters(), 30.0)
    for _ in range(12):
        run_loop(loop, 1.0, 5000.0, 0.24, paths=TO_ROOMS)
    assert loop.supply > 31.5
    assert 30.0 < loop.meter_supply < 30.0 + 0.5 * (loop.supply - 30.0)


def step_tank(tank: StratifiedTank, dt: float, **changes: float | bool) -> None:
    usual = {
        "coil_heat": 0.0,
        "coil_conductance": 0.0,
        "draw": 0.0,
        "cold": 14.0,
        "plant_room": 19.0,
        "heater": 0.0,
    }
    tank.step(dt, **{**usual, **changes})


def test_the_tank_loses_no_heat() -> None:
    tank = StratifiedTank(TankParameters(), 50.0, 30.0)
    before, given = tank.stored, 0.0
    for changes in ({"coil_heat": 3000.0}, {"draw": 0.1}, {"heater": 1.0}, {}):
        for _ in range(60):
            step_tank(tank, 10.0, **changes)
            x = tank.fluxes
            given += 10.0 * (changes.get("coil_heat", 0.0) + x.heater - x.drawn - x.lost)
    assert tank.stored - before == pytest.approx(given, abs=1.0)


def test_draws_leave_the_top_hot_and_the_bottom_cold() -> None:
    tank = StratifiedTank(TankParameters(), 50.0, 50.0)
    for _ in range(60):
        step_tank(tank, 10.0, draw=0.1)
    assert tank.layers[0] > 49.0
    assert tank.layers[-1] < 30.0


def test_a_coil_below_mixes_what_is_above() -> None:
    tank = StratifiedTank(TankParameters(), 40.0, 40.0)
    for _ in range(60):
        step_tank(tank, 10.0, coil_heat=4000.0)
    assert max(tank.layers) - min(tank.layers) < 1.0
    assert list(tank.layers) == sorted(tank.layers, reverse=True)


def test_people_draw_most_in_the_morning_and_the_evening(at) -> None:
    draws = DrawProfile(seed=1, longitude=0.0)
    hours = [0.0] * 24
    start = at("2026-05-01T00:00:00")
    for minute in range(10 * 1440):
        hours[minute // 60 % 24] += 60.0 * draws.flow(start + minute * 60_000_000)
    assert 90 < sum(hours) / 10 < 180
    assert sum(hours[0:6]) == 0.0
    assert hours[7] + hours[6] > 200
    assert hours[21] + hours[20] > 200
