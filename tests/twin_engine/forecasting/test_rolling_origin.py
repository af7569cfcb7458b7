"""Which method is shown, and how good it is said to be, follows from the record alone."""

from __future__ import annotations

import numpy as np
import pytest
from repeating_house import repeating

from heatpump_twin.twin_engine.forecasting.baselines import (
    BASELINES,
    CLIMATOLOGY,
    NAIVE,
    PERSISTENCE,
)
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.method import baselines
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY, STEPS, known_quantiles
from heatpump_twin.twin_engine.forecasting.rolling_origin import judge, origins_of
from heatpump_twin.twin_engine.forecasting.skill import scores
from heatpump_twin.twin_engine.forecasting.targets import COP, POWER


def test_where_each_day_is_like_the_one_before_yesterday_is_shown() -> None:
    course = repeating(30)
    day = np.random.default_rng(2).normal(1000.0, 300.0, DAY)
    week = np.repeat(np.arange(30) // 5 * 200.0, DAY)  # steps that a mean of weeks comes after
    points = {"electrical_power": np.tile(day, 30) + week}
    judged = judge(PumpCourse(course.start, points), baselines(), origins_of(course))
    assert judged[POWER].chosen == NAIVE


def test_where_nothing_changes_but_by_chance_the_weeks_are_shown() -> None:
    chance = np.random.default_rng(3).normal(1000.0, 300.0, 30 * DAY)
    course = PumpCourse(repeating(1).start, {"electrical_power": chance})
    judged = judge(course, baselines(), origins_of(course))[POWER]
    assert judged.chosen == CLIMATOLOGY
    assert judged.scores().loss < judged.scores(NAIVE).loss
    assert judged.scores().coverage == pytest.approx(0.8, abs=0.05)


def test_scores_are_those_of_the_formulas() -> None:
    forecast = np.array([[[0.0] * 3, [2.0] * 3, [4.0] * 3]])
    came = np.array([[2.0, 5.0, -1.0]])
    found = scores(forecast, came)
    assert found.mae == pytest.approx((0.0 + 3.0 + 3.0) / 3.0)
    assert found.coverage == pytest.approx(1.0 / 3.0)
    losses = [
        (0.1 * 2.0 + 0.0 + 0.1 * 2.0) / 3.0,
        (0.1 * 5.0 + 0.5 * 3.0 + 0.9 * 1.0) / 3.0,
        (0.9 * 1.0 + 0.5 * 3.0 + 0.1 * 5.0) / 3.0,
    ]
    assert found.loss == pytest.approx(np.mean(losses))


def test_a_cop_is_there_while_the_machine_runs() -> None:
    power = np.array([2000.0] * 50 + [30.0] * 50)
    course = PumpCourse(0, {"electrical_power": power, "thermal_power": 3.0 * power})
    assert np.isfinite(course.of(COP)).sum() == 50
    assert np.nanmean(course.of(COP)) == pytest.approx(3.0)


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_of_nothing_says_nothing_and_one_of_gaps_fills_them(name: str) -> None:
    rule = BASELINES[name]
    assert np.isnan(rule(np.full(10, np.nan))).all()
    past = repeating(5).points["electrical_power"].copy()
    past[-DAY - 20 : -DAY] = np.nan
    past[-3:] = np.nan
    found = rule(past)
    assert found.shape == (3, STEPS)
    assert np.isfinite(found).all()


def test_persistence_is_not_of_long_ago() -> None:
    past = np.concatenate([np.full(100, 21.0), np.full(12, np.nan)])
    assert np.isnan(BASELINES[PERSISTENCE](past)).all()


def test_quantiles_of_what_is_known_are_those_of_numpy() -> None:
    chance = np.random.default_rng(4)
    values = np.where(chance.random((7, 5, 30)) < 0.3, np.nan, chance.normal(size=(7, 5, 30)))
    levels = np.array([0.1, 0.5, 0.9])
    assert known_quantiles(values, levels) == pytest.approx(np.nanquantile(values, levels, axis=-1))
