"""Whole heat pumps in their houses: balances, step halving, many at once as each alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from simulated_house import DAY, HOUSE, START, ZONE, winter

from heatpump_twin.twin_engine.model.house.envelope import Envelope
from heatpump_twin.twin_engine.model.simulation.circuit import HeatingCircuit
from heatpump_twin.twin_engine.model.simulation.household import Household
from heatpump_twin.twin_engine.model.simulation.simulate import Case, Simulated, simulate

WEATHER = winter()


def _month(*cases: Case, days: int = 30, step: float = 60.0) -> Simulated:
    return simulate(cases, START, START + days * DAY, step=step, every=round(900 / step))


BUFFERED = replace(HOUSE, circuit=HeatingCircuit(emitter_power=6000.0, buffer_litres=60.0))


@pytest.mark.parametrize("house", [HOUSE, BUFFERED])
def test_half_the_step_changes_energies_by_less_than_a_promille(house: object) -> None:
    case = Case(HOUSE if house is HOUSE else BUFFERED, WEATHER, ZONE)
    whole, half = (_month(case, step=step) for step in (60.0, 30.0))
    for quantity in ("power", "heat", "emitted"):
        assert whole.energy(quantity) == pytest.approx(half.energy(quantity), rel=1e-3)
    # A charge ends within a step, of some hundred: the tank is a little less exact.
    assert whole.energy("heat_to_tank") == pytest.approx(half.energy("heat_to_tank"), rel=1e-2)
    # The compressor starts a little sooner or later; of a day the room is the same.
    apart = (whole.of("room") - half.of("room")).reshape(30, -1).mean(axis=1)
    assert np.sqrt((apart**2).mean()) < 0.03


@pytest.mark.parametrize("house", [HOUSE, BUFFERED])
def test_heat_that_is_made_comes_out(house: object) -> None:
    run = _month(Case(HOUSE if house is HOUSE else BUFFERED, WEATHER, ZONE))
    made = run.energy("heat")
    given = run.energy("emitted") + run.energy("heat_to_tank")
    # The water is as warm at the end as at the beginning, to some kelvin of 0.06 kWh each.
    assert given == pytest.approx(made, abs=0.6)


def test_a_month_of_heat_is_what_the_house_loses() -> None:
    house = replace(HOUSE, aperture=(0.0,) * 5, household=Household(gains=(0.0,) * 24))
    run = _month(Case(house, WEATHER, ZONE), days=36)
    outdoor = np.interp(run.time, WEATHER.time, WEATHER.outdoor)
    lost = 150.0 * (run.of("room") - outdoor).sum() * run.interval / 3.6e6
    # The tank's loss, 1 kWh a day, warms the house as well.
    warmed = run.energy("emitted") + 36 * 24 * 1.7 * 26.0 / 1000.0
    assert warmed == pytest.approx(lost, rel=0.01)


def test_many_at_once_are_each_as_alone() -> None:
    cases = [
        Case(HOUSE, WEATHER, ZONE),
        Case(BUFFERED, WEATHER.warmer(2.0), ZONE),
        Case(replace(HOUSE, envelope=Envelope(interior_capacity=3e7)), WEATHER, ZONE, seed=3),
        Case(replace(HOUSE, household=Household(litres=40.0)), WEATHER, ZONE, seed=3),
    ]
    together = _month(*cases, days=4)
    for case, values in zip(cases, together.values, strict=True):
        assert np.array_equal(_month(case, days=4).values[0], values)


def test_a_seed_says_all() -> None:
    first, again, other = (
        _month(Case(HOUSE, WEATHER, ZONE, seed=seed), days=6).values for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_is_changed_has_its_consequence() -> None:
    base = Case(HOUSE, WEATHER, ZONE)
    control, envelope = HOUSE.control, HOUSE.envelope
    lower = replace(HOUSE, control=replace(control, shift=-3.0))
    better = replace(HOUSE, envelope=replace(envelope, loss=100.0))
    larger = replace(HOUSE, circuit=HeatingCircuit(emitter_power=9000.0))
    cases = [base, *(replace(base, installation=one) for one in (lower, better, larger))]
    run = _month(*cases)
    cop = run.energy("heat") / run.energy("power")
    room = run.of("room").mean(axis=1)
    assert cop[1] > 1.04 * cop[0]
    assert room[1] < room[0] - 0.3
    assert run.energy("heat")[2] < 0.8 * run.energy("heat")[0]
    assert room[3] > room[0] + 0.3


def test_no_house_is_heated_above_the_summer_limit() -> None:
    run = _month(Case(HOUSE, winter(mean=24.0), ZONE), days=10)
    rooms = run.of("heat") * (run.of("charging") < 0.01)
    assert rooms.max() < 1.0
    assert run.energy("heat_to_tank") > 5.0


def test_frost_takes_some_of_the_heat_and_dry_cold_none() -> None:
    damp, dry = (_month(Case(HOUSE, winter(mean=1.0, humidity=h), ZONE)) for h in (95.0, 45.0))
    cop_damp, cop_dry = (run.energy("heat") / run.energy("power") for run in (damp, dry))
    assert 0.85 * cop_dry < cop_damp < 0.97 * cop_dry


def test_disinfection_makes_the_tank_hot_on_sundays() -> None:
    home = Household(disinfection=60.0)
    tank = replace(HOUSE.tank, heater_power=2000.0)
    house = replace(HOUSE, household=home, tank=tank)
    run = _month(Case(house, WEATHER, ZONE), days=14)
    hot = run.time[run.of("tank")[0] > 58.0]
    assert len(hot)
    # 2026-01-01 is a Thursday: the first Sunday is day 3.
    assert {int((moment - START) // DAY) % 7 for moment in hot} <= {3, 4}


def test_a_machine_that_is_too_small_is_helped_by_its_heater() -> None:
    control = replace(HOUSE.control, backup_power=3000.0, water_high=52.0, water_low=40.0)
    house = replace(HOUSE, control=control, envelope=Envelope(loss=380.0))
    run = _month(Case(house, winter(mean=-14.0), ZONE), days=10)
    assert run.energy("heaters")[0] > 20.0
    assert run.energy("power") > run.energy("heaters")


def test_the_compiled_loop_is_the_loop_that_is_written() -> None:
    script = (
        "import json, sys\n"
        "from simulated_house import DAY, HOUSE, START, ZONE, winter\n"
        "from heatpump_twin.twin_engine.model.simulation.simulate import Case, simulate\n"
        "case = Case(HOUSE, winter(3.0), ZONE, seed=5)\n"
        "run = simulate([case], START, START + DAY, warm_up=0.0)\n"
        "json.dump(run.values.tolist(), sys.stdout)\n"
    )
    found = [
        np.array(json.loads(subprocess.check_output(
            [sys.executable, "-c", script],
            env={**os.environ, "NUMBA_DISABLE_JIT": off, "PYTHONPATH": "tests/support"},
        )))
        for off in ("0", "1")
    ]  # fmt: skip
    assert found[0] == pytest.approx(found[1], rel=1e-9, abs=1e-9)
