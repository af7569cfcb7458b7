"""A simulation as a forecast: from what is measured, in the weather that was forecast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from learnt_house import METHOD, PLACE, course
from simulated_house import DAY as DAY_LONG
from simulated_house import HOUSE, START, ZONE, winter

from heatpump_twin.twin_engine.forecasting.baselines import CLIMATOLOGY, NAIVE
from heatpump_twin.twin_engine.forecasting.leakage import leaks
from heatpump_twin.twin_engine.forecasting.method import baselines
from heatpump_twin.twin_engine.forecasting.mixture import MixedMethod, RememberedMethod
from heatpump_twin.twin_engine.forecasting.quarter_hours import STEPS
from heatpump_twin.twin_engine.forecasting.rolling_origin import judge, origins_of
from heatpump_twin.twin_engine.forecasting.simulated import SimulationMethod, fleet_forecasts
from heatpump_twin.twin_engine.forecasting.skill import scores
from heatpump_twin.twin_engine.forecasting.targets import POWER, ROOM
from heatpump_twin.twin_engine.model.simulation.simulate import Case, Measured, simulate


def test_a_learnt_house_in_the_right_weather_beats_what_was_usual() -> None:
    model = RememberedMethod(METHOD)
    methods = [*baselines(), model, MixedMethod(model)]
    judged = judge(course(), methods, origins_of(course()))
    for target in (POWER, ROOM):
        one = judged[target]
        assert one.scores(model.name).mae < 0.8 * one.scores(NAIVE).mae
        assert one.scores(model.name).loss < one.scores(CLIMATOLOGY).loss
        assert one.chosen in (model.name, methods[-1].name)


def test_a_simulation_knows_nothing_of_the_future() -> None:
    assert not any(leaks([METHOD], course(), np.array([500, 700])).values())


def test_it_begins_from_what_is_measured() -> None:
    weather = winter(8.0)
    end = START + 4 * DAY_LONG
    warm = Measured(room=25.0, tank=55.0)
    cases = [Case(HOUSE, weather, ZONE), Case(HOUSE, weather, ZONE, measured=warm)]
    usual, moved = simulate(cases, end, end + 3_600_000_000, every=15).of("room")
    assert moved[0] == pytest.approx(25.0, abs=0.5)
    assert usual[0] < 23.0
    tank = simulate(cases, end, end + 3_600_000_000, every=15).of("tank")
    assert tank[1, 0] == pytest.approx(55.0, abs=0.5)


def test_without_a_forecast_of_the_weather_it_is_wider_and_there() -> None:
    blind = replace(course(), weather=None)
    origins = np.array([700, 800, 900])
    for target in (POWER, ROOM):
        known = METHOD.forecast(course(), origins)[target]
        found = METHOD.forecast(blind, origins)[target]
        assert np.isfinite(found).all()
        if target is ROOM:
            assert (found[:, 2] - found[:, 0]).mean() > (known[:, 2] - known[:, 0]).mean()


def test_without_a_sensor_of_the_air_it_says_nothing() -> None:
    points = {p: v for p, v in course().points.items() if p != "outdoor_temperature"}
    found = METHOD.forecast(replace(course(), points=points), np.array([900]))
    assert np.isnan(found[POWER]).all()
    assert scores(found[POWER], np.zeros((1, STEPS))).count == 0


def test_a_site_that_is_simulated_at_once_says_what_each_house_says_alone() -> None:
    known = course()
    cool = {**known.points, "room_temperature": known.points["room_temperature"] - 2.0}
    other = SimulationMethod([replace(HOUSE, frost=30.0)], PLACE)
    courses = [known, replace(known, points=cool)]
    together = fleet_forecasts(list(zip((METHOD, other), courses, strict=True)))
    for method, one, said in zip((METHOD, other), courses, together, strict=True):
        alone = method.forecast(one, np.array([len(one)]))
        for target, values in alone.items():
            assert said.quantiles[target] == pytest.approx(values, nan_ok=True)
