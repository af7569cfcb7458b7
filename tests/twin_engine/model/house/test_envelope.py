"""The house as a network, against an independent solver and what follows by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from heatpump_twin.twin_engine.model.house.envelope import (
    Envelope,
    Structure,
    discretised,
    state_space,
    steady,
)

LIGHT = Envelope()
HEAVY = Envelope(interior_capacity=40e6, heat_to_air=0.4)


@pytest.mark.parametrize("house", [LIGHT, HEAVY])
def test_a_house_at_rest_loses_what_is_put_into_it(house: Envelope) -> None:
    heat, people = 2400.0, 300.0
    inputs = np.array([-3.0, heat, 0.0, people])
    temperatures = steady(house, inputs)
    through_mass = (1.0 - house.heat_to_air) * heat + (1.0 - house.people_to_air) * people
    # All heat goes to outdoors; what is put into the envelope itself warms the air by less.
    if house.structure is Structure.R3C3:
        assert temperatures[0] == pytest.approx(-3.0 + (heat + people) / house.loss)
        warmer = temperatures[2] - temperatures[0]
        assert warmer == pytest.approx(through_mass / house.interior_coupling)
    else:
        assert -3.0 + heat / house.loss < temperatures[0] < -3.0 + (heat + people) / house.loss


@pytest.mark.parametrize("house", [LIGHT, HEAVY])
def test_one_step_is_what_a_solver_of_differential_equations_finds(house: Envelope) -> None:
    a, b = state_space(house)
    inputs = np.array([-5.0, 3000.0, 800.0, 250.0])
    start = np.array([20.0, 17.0, 19.0 if house is HEAVY else 0.0])
    found = solve_ivp(lambda _, t: a @ t + b @ inputs, (0.0, 7200.0), start, rtol=1e-10, atol=1e-10)
    matrix, drive = (part[0] for part in discretised([house], 7200.0))
    assert matrix @ start + drive @ inputs == pytest.approx(found.y[:, -1], abs=1e-7)


def test_many_short_steps_are_one_long_one() -> None:
    short, long = (discretised([HEAVY, LIGHT], step)[0] for step in (60.0, 3600.0))
    for one, other in zip(short, long, strict=True):
        assert np.linalg.matrix_power(one, 60) == pytest.approx(other, abs=1e-12)


def test_time_constants_of_an_air_node_alone_follow_by_hand() -> None:
    # With hardly any coupling the air has C/H of its direct loss.
    house = Envelope(direct_share=0.999, envelope_coupling=0.2, loss=100.0)
    constants = house.time_constants
    assert min(constants) == pytest.approx(house.air_capacity / 100.0, rel=0.01)


def test_a_house_without_interior_mass_has_two_time_constants() -> None:
    assert len(LIGHT.time_constants) == 2
    assert len(HEAVY.time_constants) == 3
    assert HEAVY.time_constants[0] > LIGHT.time_constants[0]
