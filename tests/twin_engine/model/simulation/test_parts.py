"""Tank, circuit and controller, each against what follows by hand or from another solver."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from heatpump_twin.twin_engine.model.simulation.circuit import (
    HeatingCircuit,
    conductance,
    step_emitters,
)
from heatpump_twin.twin_engine.model.simulation.control import (
    HeatingControl,
    curve_water,
    runs,
    wants_rooms,
    wants_tank,
)
from heatpump_twin.twin_engine.model.simulation.kernel import records
from heatpump_twin.twin_engine.model.simulation.tank import (
    LAYERS,
    WATER,
    StratifiedTank,
    mix_inversions,
    step_tank,
)

TANK = records([StratifiedTank()])[0]
CIRCUIT = records([HeatingCircuit()])[0]
CONTROL = records([HeatingControl()])[0]


def test_a_tank_keeps_all_heat_that_is_not_drawn_or_lost() -> None:
    layers = np.full(LAYERS, 40.0)
    before = layers.sum()
    inside = 0.0
    for minute in range(600):
        draw = 0.13 if minute % 90 < 4 else 0.0
        drawn, lost = step_tank(layers, TANK, 60.0, 2500.0, 500.0, draw, 11.0, 19.0)
        inside += (3000.0 - drawn - lost) * 60.0
    capacity = 180.0 / LAYERS * WATER
    assert capacity * (layers.sum() - before) == pytest.approx(inside, rel=1e-9)


def test_an_idle_tank_cools_as_its_loss_says() -> None:
    layers = np.full(LAYERS, 60.0)
    for _ in range(24 * 60):
        step_tank(layers, TANK, 60.0, 0.0, 0.0, 0.0, 10.0, 20.0)
    hours = 180.0 * WATER / 1.7
    assert layers.mean() == pytest.approx(20.0 + 40.0 * math.exp(-86_400.0 / hours), abs=0.02)


def test_layers_conduct_as_a_solver_of_differential_equations_finds() -> None:
    start = np.array([60.0, 58.0, 50.0, 35.0, 20.0, 15.0])
    capacity = 180.0 / LAYERS * WATER

    def slope(_: float, t: np.ndarray) -> np.ndarray:
        padded = np.concatenate([t[:1], t, t[-1:]])
        along = 4.0 * (padded[2:] - 2.0 * t + padded[:-2])
        return np.asarray((along - 1.7 / LAYERS * (t - 19.0)) / capacity)

    expected = solve_ivp(slope, (0.0, 6 * 3600.0), start, rtol=1e-9).y[:, -1]
    layers = start.copy()
    for _ in range(6 * 60):
        step_tank(layers, TANK, 60.0, 0.0, 0.0, 0.0, 10.0, 19.0)
    assert layers == pytest.approx(expected, abs=0.02)


def test_a_draw_pushes_cold_water_from_below() -> None:
    layers = np.full(LAYERS, 50.0)
    # 40 litres of mixed water, with mains of 10 °C 30 litres of 50 °C: one layer of six.
    for _ in range(5):
        step_tank(layers, TANK, 60.0, 0.0, 0.0, 8.0 / 60.0, 10.0, 20.0)
    assert layers[0] > 49.5
    assert layers[-1] < 30.0
    assert (50.0 - layers).sum() / 40.0 == pytest.approx(1.0, abs=0.03)


def test_inversions_mix_and_keep_the_heat() -> None:
    layers = np.array([50.0, 40.0, 44.0, 47.0, 20.0, 30.0])
    mix_inversions(layers)
    assert layers == pytest.approx([50.0, 131 / 3, 131 / 3, 131 / 3, 25.0, 25.0])


def test_emitters_give_what_they_are_rated_for() -> None:
    k = conductance(CIRCUIT, 1.0, 42.5, 20.0)
    assert k * 22.5 == pytest.approx(4300.0)
    # EN 442: half the excess gives 0.5^1.3 of the heat.
    assert conductance(CIRCUIT, 1.0, 31.25, 20.0) * 11.25 == pytest.approx(4300.0 * 0.5**1.3)
    assert conductance(CIRCUIT, 0.0, 42.5, 20.0) == pytest.approx(k / 4.0)


def test_the_water_follows_the_heat_with_a_first_order_lag() -> None:
    k, capacity = 191.0, 2e5
    water, given = step_emitters(CIRCUIT, capacity / k, 20.0, 20.0, k, 1910.0)
    # After one time constant 63 % of the way to 10 K above the room.
    assert water == pytest.approx(20.0 + 10.0 * (1.0 - math.exp(-1.0)))
    assert given == pytest.approx(1910.0 * math.exp(-1.0))


@pytest.mark.parametrize(
    ("outdoor", "water"), [(-20.0, 39.0), (-5.0, 39.0), (5.5, 32.0), (16.0, 25.0), (30.0, 25.0)]
)
def test_the_curve_is_a_line_between_two_points(outdoor: float, water: float) -> None:
    assert curve_water(CONTROL, outdoor) == pytest.approx(water)


def test_rooms_are_heated_below_the_summer_limit_with_hysteresis() -> None:
    decided = [wants_rooms(CONTROL, before, out, 20.0, 20.5) for before, out in (
        (1.0, 16.9), (1.0, 17.1), (0.0, 15.1), (0.0, 14.9)
    )]  # fmt: skip
    assert decided == [1.0, 0.0, 0.0, 1.0]
    assert wants_rooms(CONTROL, 1.0, 0.0, 22.1, 20.5) == 0.0
    assert wants_rooms(CONTROL, 0.0, 0.0, 21.5, 20.5) == 0.0
    assert wants_rooms(CONTROL, 0.0, 0.0, 21.2, 20.5) == 1.0


def test_hot_water_is_made_with_hysteresis_and_not_for_ever() -> None:
    assert wants_tank(CONTROL, 0.0, 43.0, 48.0, 0.0, 0.0) == 0.0
    assert wants_tank(CONTROL, 0.0, 41.9, 48.0, 0.0, 0.0) == 1.0
    assert wants_tank(CONTROL, 0.0, 41.9, 48.0, 0.0, 60.0) == 0.0
    assert wants_tank(CONTROL, 1.0, 47.9, 48.0, 600.0, 0.0) == 1.0
    assert wants_tank(CONTROL, 1.0, 47.9, 48.0, 5400.0, 0.0) == 0.0


def test_the_compressor_keeps_its_shortest_run_and_pause() -> None:
    assert runs(CONTROL, 1.0, 120.0, 40.0, 30.0) == 1.0
    assert runs(CONTROL, 1.0, 180.0, 40.0, 30.0) == 0.0
    assert runs(CONTROL, 0.0, 1499.0, 20.0, 30.0) == 0.0
    assert runs(CONTROL, 0.0, 1500.0, 20.0, 30.0) == 1.0
