"""Heat-ups found in a recorded temperature, and told by those before."""

from __future__ import annotations

import numpy as np
import pytest

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.smart_start.heat_up_search import RecordedSeries, found_heat_ups
from heatpump_twin.twin_engine.smart_start.walk_forward import FIRST, walk_forward

MINUTE = 60 * MICROSECONDS
STEP = 5
"""Between two samples. [min]"""
DAY = 1440 // STEP
NOTHING = RecordedSeries(np.empty(0, np.int64), np.empty(0))


def day(minutes: float, reaches: float = 55.0) -> np.ndarray:
    """Return a day at rest at 20 °C, heated from 05:30 until noon, that cycles and cools then."""
    value = np.full(DAY, 20.0)
    begin, end = 330 // STEP, 720 // STEP
    rise = np.arange(1, end - begin + 1) * STEP / minutes
    value[begin + 1 : end + 1] = 20.0 + (reaches - 20.0) * np.minimum(rise, 1.0)
    # It switches on and off around its setpoint, as machines do.
    warm = value[begin : end + 1] >= reaches
    value[begin : end + 1][warm] -= 4.0 * (np.arange(warm.sum()) % 8 > 4)
    value[end + 1 : end + 49] = np.linspace(reaches, 20.0, 48)
    return np.round(value)


def series(days) -> tuple[RecordedSeries, RecordedSeries]:
    value = np.concatenate(days)
    time = np.arange(len(value), dtype=np.int64) * STEP * MINUTE
    return RecordedSeries(time, value), RecordedSeries(time[:1], np.array([55.0]))


def test_each_morning_is_one_and_cycles_are_none() -> None:
    found = found_heat_ups(*series([day(60), day(40), day(120)]), NOTHING)
    assert (found.begin // MINUTE % 1440).tolist() == [330, 330, 330]
    assert found.seconds / 60 == pytest.approx([60, 40, 120], abs=STEP)
    assert found.initial.tolist() == [20.0, 20.0, 20.0]
    assert found.reached.all()
    assert np.isnan(found.outdoor).all()


def test_one_that_is_not_reached_ends_when_it_has_fallen_back() -> None:
    found = found_heat_ups(*series([day(60), day(60, reaches=50.0), day(60)]), NOTHING)
    assert found.reached.tolist() == [True, False, True]
    assert 390 <= found.seconds[1] / 60 <= 600


def test_a_start_after_a_short_pause_is_none() -> None:
    pause = day(60)
    pause[720 // STEP + 30 : 720 // STEP + 60] = 52.0
    assert len(found_heat_ups(*series([pause]), NOTHING)) == 1


def test_a_charge_of_the_tank_is_none() -> None:
    temperature, target = series([day(60), day(15), day(60)])
    charged = RecordedSeries(np.array([1440 + 330, 1440 + 720]) * MINUTE, np.array([1.0, 0.0]))
    found = found_heat_ups(temperature.while_idle(charged), target, NOTHING)
    assert (found.begin // MINUTE).tolist() == [330, 2 * 1440 + 330]
    unknown = temperature.while_idle(NOTHING)
    assert len(found_heat_ups(unknown, target, NOTHING)) == 3


def test_without_a_target_there_is_none() -> None:
    temperature, _ = series([day(60)])
    assert len(found_heat_ups(temperature, NOTHING, NOTHING)) == 0


def test_the_air_is_known_for_some_hours() -> None:
    temperature, target = series([day(60), day(60)])
    air = RecordedSeries(np.array([300 * MINUTE], np.int64), np.array([7.5]))
    found = found_heat_ups(temperature, target, air)
    assert found.outdoor[0] == 7.5
    assert np.isnan(found.outdoor[1])


def test_each_is_told_by_those_before_alone() -> None:
    minutes = [60, 65, 60, 70, 65, 60, 150, 155, 150, 160]
    past = found_heat_ups(*series([day(m) for m in minutes]), NOTHING)
    told = walk_forward(past, 0.9)
    assert len(told.expected) == len(minutes) - FIRST
    # The change is told by nobody beforehand, noticed after two, and what is learnt then holds.
    assert told.expected[3] < 4500
    assert told.expected[-2:] == pytest.approx(9150, rel=0.06)
    assert told.on_time.tolist()[-2:] == [True, True]
    # What comes later moves nothing that was told.
    other = walk_forward(past.part(0, 8), 0.9)
    assert other.lead.tolist() == told.lead[: len(other.lead)].tolist()
