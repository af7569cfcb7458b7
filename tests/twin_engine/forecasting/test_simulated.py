"""A simulation as a forecast: from what is measured, in the weather that was forecast."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from simulated_house import DAY as DAY_LONG
from simulated_house import HOUSE, START, ZONE, winter

from heatpump_twin.twin_engine.forecasting.baselines import CLIMATOLOGY, NAIVE
from heatpump_twin.twin_engine.forecasting.course import PumpCourse, WeatherIssues
from heatpump_twin.twin_engine.forecasting.leakage import leaks
from heatpump_twin.twin_engine.forecasting.method import baselines
from heatpump_twin.twin_engine.forecasting.mixture import MixedMethod, RememberedMethod
from heatpump_twin.twin_engine.forecasting.quarter_hours import STEP, STEPS
from heatpump_twin.twin_engine.forecasting.rolling_origin import judge, origins_of
from heatpump_twin.twin_engine.forecasting.simulated import SimulationMethod
from heatpump_twin.twin_engine.forecasting.skill import scores
from heatpump_twin.twin_engine.forecasting.targets import POWER, ROOM
from heatpump_twin.twin_engine.model.simulation.simulate import Case, Measured, simulate
from heatpump_twin.twin_engine.model.whatif.observed_house import HousePlace

DAYS = 12
PLACE = HousePlace(48.5, 7.7, ZONE)
METHOD = SimulationMethod([HOUSE], PLACE)


@cache
def course() -> PumpCourse:
    """Return what a simulated house has shown, with forecasts of its weather that came true."""
    weather = winter(DAYS + 4.0)
    end = START + DAYS * DAY_LONG
    run = simulate([Case(HOUSE, weather, ZONE, seed=1)], START, end, every=15)
    time = START + STEP * np.arange(DAYS * 96) + STEP // 2
    outdoor = np.interp(time, weather.time, weather.outdoor)
    hours = np.arange(56) * 3_600_000_000
    issued = START + np.arange(DAYS * 4) * 6 * 3_600_000_000
    ahead = issued[:, np.newaxis] + hours
    right = np.interp(ahead, weather.time, weather.outdoor)
    members = np.stack([right - 0.5, right, right + 0.5], axis=1)
    unknown = np.full(members.shape, np.nan)
    points = {
        "electrical_power": run.of("power")[0],
        "thermal_power": run.of("heat")[0],
        "supply_temperature": run.of("supply")[0],
        "room_temperature": run.of("room")[0],
        "dhw_temperature": run.of("tank")[0],
        "outdoor_temperature": outdoor,
    }
    issues = WeatherIssues(issued, ahead, members, np.full(members.shape, 85.0), unknown)
    return PumpCourse(START, points, issues)


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
    assert not leaks(METHOD, course(), np.array([500, 700]))


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
