"""The usual machine: what metered systems of its size take, as a prior."""

from __future__ import annotations

import numpy as np
import pytest

from heatpump_twin.twin_engine.model.machine.plate_performance import PlatePerformance
from heatpump_twin.twin_engine.model.machine.usual_machine import (
    UsualMachine,
    YearOfHeating,
    seasonal_performance,
    usual_points,
)


def a_year(**other: float) -> YearOfHeating:
    """Return the year of a usual house: 12 MWh at 35 °C, by a machine of 7 kW."""
    usual = {
        "source": 7.0, "water": 35.0, "heat": 3500.0, "capacity": 7000.0, "energy": 12_000.0,
        "hours": 4000.0, "starts": 2000.0,
    }  # fmt: skip
    return YearOfHeating(**{k: np.array([v]) for k, v in {**usual, **other}.items()})


def test_a_year_costs_what_its_parts_cost():
    # η Carnot at A7/W35 is 0.5 · 310.15 K / 36 K; beside it 4,760 h at rest, the pump, starts.
    machine = UsualMachine(np.log(0.5), 0.0, 0.0, 0.0, 20.0, 0.01, 0.003)
    compressor = 12_000.0 / (0.5 * 310.15 / 36.0)
    others = 20.0 * 4760.0 / 1e3 + 0.01 * 7.0 * 4000.0 + 0.003 * 7.0 * 2000.0
    spf = seasonal_performance(machine, a_year())
    assert spf == pytest.approx(12_000.0 / (compressor + others))


@pytest.mark.parametrize(
    "worse",
    [
        {"water": 45.0}, {"source": 2.0}, {"hours": 8000.0}, {"starts": 20_000.0},
        {"energy": 4000.0}, {"heat": 7000.0},
    ],
    ids=lambda worse: next(iter(worse)),
)  # fmt: skip
def test_what_costs_more_has_a_lower_spf(worse):
    spf = [seasonal_performance(UsualMachine(), a_year(**w)).item() for w in ({}, worse)]
    assert spf[1] < spf[0]


def test_metered_systems_reach_what_the_field_reports():
    # Mean SPF of air-to-water systems: 3.9 to 4.1 with water of 36 °C in air of 7 °C.
    spf = seasonal_performance(UsualMachine(), a_year(water=36.0)).item()
    assert 3.8 < spf < 4.3


def test_its_plate_is_one_that_a_calibration_can_begin_with():
    prior = PlatePerformance(usual_points(7000.0))
    assert prior.cop(7.0, 35.0) == pytest.approx(4.0, abs=0.2)
    assert prior.cop(7.0, 55.0) < prior.cop(7.0, 45.0) < prior.cop(7.0, 35.0)
    heat = np.array([2100.0, 4200.0, 7000.0])
    usual = heat / UsualMachine().power(
        *(np.full(3, v) for v in (7.0, 35.0)), heat, np.full(3, 7e3)
    )
    # A plate's gain at part load and that of the metered fleet are two accounts of one thing.
    assert prior.cop(7.0, 35.0) * (1.0 + prior.part_load_gain(heat)) == pytest.approx(
        usual, rel=0.13
    )
