"""Key figures from arrays: against published numbers, and against what is known by construction."""

from __future__ import annotations

import math

import numpy as np
import pytest

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.derive.energy.energy_curve import EnergyCurve, counter_curve
from heatpump_twin.twin_engine.kpi.boundaries import spf_figures
from heatpump_twin.twin_engine.kpi.climate import degree_days, discomfort
from heatpump_twin.twin_engine.kpi.figure import Figure, ratio
from heatpump_twin.twin_engine.kpi.figure_sources import heat_source, lacking
from heatpump_twin.twin_engine.kpi.meter_accuracy import electricity_error, heat_error
from heatpump_twin.twin_engine.kpi.period_energy import energies_by_state, period_energy
from heatpump_twin.twin_engine.kpi.runs import run_figures, stretches
from heatpump_twin.twin_engine.kpi.seasonal import (
    AVERAGE,
    WARMER,
    annual_consumption,
    cycling_cop,
    part_load,
    scop_on,
    seasonal_efficiency,
)

S, HOUR = MICROSECONDS, 3600 * MICROSECONDS


def test_a_certificate_is_reckoned_as_its_laboratory_does():
    assert annual_consumption(5.0, 5.07) == pytest.approx(2037, rel=1e-3)
    assert 100 * seasonal_efficiency(5.07) == pytest.approx(199.8, rel=1e-3)
    # Hours of the standard's heating seasons.
    assert sum(AVERAGE.hours) == 4910
    assert sum(WARMER.hours) == 3590
    # The equivalent hours at full load follow from the bins.
    load = part_load(AVERAGE.temperatures, AVERAGE.design)
    assert (np.array(AVERAGE.hours) * load).sum() == pytest.approx(2066, rel=1e-3)


def test_a_season_at_one_cop_has_it_and_a_heater_lowers_it():
    hours = np.array(AVERAGE.hours, dtype=float)
    load = 5000 * part_load(AVERAGE.temperatures, AVERAGE.design)
    cop = np.full(len(load), 4.0)
    assert scop_on(hours, load, np.full(len(load), 5000.0), cop) == pytest.approx(4.0)
    assert scop_on(hours, load, np.full(len(load), 3000.0), cop) < 3.95
    assert cycling_cop(np.array([4.0]), np.array([1.3])) == pytest.approx(4.0)
    # Half of the time on: 0.5 / (0.9 · 0.5 + 0.1).
    assert cycling_cop(np.array([4.0]), np.array([0.5])) == pytest.approx(4.0 * 0.5 / 0.55)


def curve(*knots: tuple[float, float]) -> EnergyCurve:
    time, energy = zip(*knots, strict=True)
    return EnergyCurve(np.array([round(t * HOUR) for t in time]), np.array(energy))


def test_the_interval_is_that_of_the_class_and_widens_with_what_is_missing():
    whole = period_energy("heat", [curve((0, 0), (24, 48))], 0, 24 * HOUR, 0.02)
    assert (whole.value, whole.doubts) == (48, ())
    assert (whole.low, whole.high) == pytest.approx((48 * 0.98, 48 * 1.02))
    part = period_energy("heat", [curve((0, 0), (12, 24))], 0, 24 * HOUR, 0.02)
    assert part.doubts == ("50.0% of the time",)
    assert part.high > 48  # as much again may have been used
    assert heat_error(None, 3.0, metered=True) > heat_error(None, 8.0, metered=True)
    assert heat_error("1", 5.0, metered=True) < heat_error("3", 5.0, metered=True)
    assert electricity_error("A", metered=True) == pytest.approx(
        4 * electricity_error("C", metered=True)
    )
    assert electricity_error(None, metered=False) > electricity_error("A", metered=True)


def test_a_replaced_meter_is_named_and_what_it_missed_is_in_the_interval():
    hours = np.arange(48)
    shown = np.where(hours < 20, 500 + hours * 1.0, 7000 + hours * 1.0)
    found = counter_curve(hours * HOUR, shown, 5.0)
    energy = period_energy("electricity", [found], 0, 47 * HOUR, 0.005)
    assert "replaced" in energy.doubts
    assert energy.low <= 47 <= energy.high


def test_energy_goes_to_the_state_in_which_it_was_used():
    time = np.array([0, 2, 3, 5]) * HOUR
    split = energies_by_state(
        curve((0, 0), (2, 4), (3, 10), (10, 10.7)), time, np.array([2.0, 3.0, math.nan, 1.0]),
        10 * HOUR,
    )  # fmt: skip
    assert split[2.0] == pytest.approx(4.0)
    assert split[3.0] == pytest.approx(6.0)
    assert split[1.0] == pytest.approx(0.5)
    assert sum(split.values()) == pytest.approx(10.7)


def test_runs_are_those_that_were_seen():
    minutes = np.arange(0, 600)
    on = ((minutes % 60) < 20).astype(float)  # ten runs of twenty minutes
    of = stretches(minutes * 60 * S, on, 0, 600 * 60 * S)
    known = {figure.name: figure for figure in run_figures(of, 0, 600 * 60 * S)}
    # The first was on already.
    assert known["starts"].value == 9
    assert known["run hours"].value == pytest.approx(10 / 3)
    assert known["run length, median"].value == pytest.approx(20)
    # After twenty minutes without a sample nothing is known: no start, and no hour.
    kept = (minutes < 200) | (minutes > 400)
    gap = stretches(minutes[kept] * 60 * S, on[kept], 0, 600 * 60 * S)
    assert 3 < run_figures(gap, 0, 600 * 60 * S)[0].value < 9
    assert run_figures(gap, 0, 600 * 60 * S)[0].doubts == ("69.7% of the time",)


def test_degree_days_and_discomfort():
    time = np.arange(0, 49) * HOUR
    days = degree_days(time, np.full(49, 5.5), 0, 48 * HOUR)
    assert (days.value, days.doubts) == (pytest.approx(20.0), ())
    assert discomfort(time, np.full(49, 19.5), 21.0, 0, 48 * HOUR).value == pytest.approx(48.0)
    assert math.isnan(degree_days(np.empty(0, np.int64), np.empty(0), 0, HOUR).value)


def test_boundaries_without_a_meter_of_their_own_say_so():
    heat = Figure("heat", "kWh", 300.0, 290.0, 310.0)
    used = Figure("electricity", "kWh", 100.0, 99.0, 101.0)
    h1, h2, h3, h4 = spf_figures(heat, used, 4.0, heater_used=False, heater_known=True)
    assert h4.value == pytest.approx(3.0)
    assert h4.low < 3.0 < h4.high
    assert not h4.doubts
    assert h1.value == h2.value == h3.value == pytest.approx(300 / 96)
    assert "pump by its plate" in h3.doubts
    h1, h2, *_ = spf_figures(heat, used, 4.0, heater_used=True, heater_known=True)
    assert math.isnan(h1.value)
    assert h1.doubts == h2.doubts == ("the heater has no meter of its own",)
    assert math.isnan(ratio("SPF", heat, Figure("electricity", "kWh", 0.0, 0.0, 0.0)).value)


def test_what_a_site_lacks_is_named():
    assert lacking({"electrical_power"}).keys() >= {"heat", "SPF", "degree days"}
    counters = {"heating_heat_energy", "dhw_heat_energy"}
    assert heat_source(counters).points == ("heating_heat_energy", "dhw_heat_energy")
    assert heat_source({"dhw_heat_energy"}) is None
