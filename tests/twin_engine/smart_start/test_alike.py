"""Heat-ups that began alike: what no straight line tells, a tank that is charged first, walls."""

from __future__ import annotations

import numpy as np
import pytest

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.smart_start.alike import tank_limit
from heatpump_twin.twin_engine.smart_start.heat_ups import HeatUps, HeatUpStart
from heatpump_twin.twin_engine.smart_start.last_day import LastDay
from heatpump_twin.twin_engine.smart_start.lead import lead_model

NAN = float("nan")
DAY = 86_400 * MICROSECONDS
QUARTER = 900 * MICROSECONDS


def start(outdoor=NAN, tank=NAN, lately=NAN, target=45.0, initial=20.0) -> HeatUpStart:
    return HeatUpStart(99 * DAY, initial, target, outdoor, tank=tank, lately=lately)


def lived(starts, took) -> HeatUps:
    """Return heat-ups of so many minutes."""
    return HeatUps.of((one, 60.0 * m, True) for one, m in zip(starts, took, strict=True))


def test_frost_takes_longer_than_cold() -> None:
    draw = np.random.default_rng(1)
    air = draw.uniform(-10, 15, 60)
    took = np.where((air > 0) & (air < 5), 120.0, 50.0) * draw.lognormal(0, 0.05, 60)
    model = lead_model(lived([start(outdoor=a) for a in air], took), 0.9)
    assert model.method == "heat-ups that began alike"
    frost, cold, mild = (model.expected(start(outdoor=a)) / 60 for a in (2.5, -6.0, 11.0))
    assert frost > 1.7 * cold
    assert frost > 1.7 * mild


def test_a_tank_that_is_charged_first_is_told_by_its_temperature() -> None:
    draw = np.random.default_rng(2)
    tank = draw.uniform(32, 44, 60)
    took = np.where(tank < 34.0, 90.0, 25.0) * draw.lognormal(0, 0.08, 60)
    past = lived([start(tank=t) for t in tank], took)
    limit = tank_limit(past.tank, np.log(past.seconds))
    assert limit == pytest.approx(34.0, abs=0.5)
    model = lead_model(past, 0.9)
    cold, warm = start(tank=33.0), start(tank=40.0)
    assert model.expected(cold) > 2.5 * model.expected(warm)
    # What cold tanks take is no reserve for a warm one.
    assert model.lead(warm) < 40 * 60
    assert model.lead(cold) > 80 * 60


def test_no_tank_is_blamed_for_what_it_has_not_done() -> None:
    draw = np.random.default_rng(3)
    tank, took = draw.uniform(32, 44, 60), draw.lognormal(0, 0.3, 60)
    assert tank_limit(tank, np.log(took)) == -np.inf
    assert tank_limit(np.full(60, NAN), np.log(took)) == -np.inf
    # The warmer the tank the longer: that is no charge.
    assert tank_limit(tank, np.where(tank > 40, 1.0, 0.0)) == -np.inf


def test_a_room_that_was_cold_all_day_takes_longer() -> None:
    draw = np.random.default_rng(4)
    lately = draw.uniform(18, 21, 60)
    took = 60.0 * np.exp(-0.5 * (lately - 19.5)) * draw.lognormal(0, 0.05, 60)
    starts = [start(lately=t, target=20.0, initial=18.0) for t in lately]
    model = lead_model(lived(starts, took), 0.9)
    cold, warm, unknown = (
        model.expected(start(lately=t, target=20.0, initial=18.0)) for t in (18.3, 20.7, NAN)
    )
    assert cold > 2.5 * warm
    assert warm < unknown < cold


def test_of_one_heat_up_the_same_is_expected_again() -> None:
    model = lead_model(lived([start(tank=40.0, lately=19.0)], [60.0]), 0.9)
    assert model.expected(start()) == pytest.approx(3600, rel=0.05)


def test_the_mean_of_a_day_needs_a_day() -> None:
    day = LastDay()
    for quarter in range(96):
        day.note(quarter * QUARTER, 18.0 + (quarter >= 48) * 2.0)
        day.note(quarter * QUARTER + MICROSECONDS, 99.0)
        assert np.isnan(day.mean(quarter * QUARTER)) == (quarter < 79)
    assert day.mean(95 * QUARTER) == pytest.approx(19.0)
    # After a day without a look nothing is known.
    assert np.isnan(day.mean(95 * QUARTER + DAY))


def test_what_is_equally_cold_is_not_told_apart_by_its_order() -> None:
    longer = np.where(np.arange(30) < 8, 1.0, 0.0)
    assert tank_limit(np.full(30, 48.0), longer) == -np.inf
    # A sensor in whole degrees: between two of them, or nowhere.
    assert tank_limit(np.repeat([33.0, 48.0], [8, 22]), longer) == 40.5
