"""The mean of a room over the last day, as it was seen, and as it was recorded before."""

from __future__ import annotations

import math

import numpy as np
import pytest

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.smart_start.last_day import DAY, LastDay

MINUTE = 60 * MICROSECONDS
NOW = 20_000 * DAY + 437 * MINUTE


def course(time):
    """Return what a room does: it swings by 2 K over the day. [°C]"""
    return 20.0 + np.sin(2 * np.pi * np.asarray(time) / DAY)


def looked_at(begin: int, end: int = NOW) -> LastDay:
    day = LastDay()
    for time in range(begin, end + 1, MINUTE):
        day.note(time, float(course(time)))
    return day


def test_what_was_recorded_is_as_if_it_had_been_seen() -> None:
    time = np.arange(NOW - DAY - 60 * MINUTE, NOW, MINUTE)
    seen = looked_at(NOW - DAY - 60 * MINUTE)
    for begin in (NOW, NOW - 5 * MINUTE, NOW - 300 * MINUTE):
        found = looked_at(begin)
        assert math.isnan(found.mean(NOW))
        found.recall(time, course(time), NOW)
        assert found.mean(NOW) == pytest.approx(seen.mean(NOW), abs=0.01)


def test_what_hardly_moves_and_is_seldom_recorded_stands_for_an_hour() -> None:
    time = np.arange(NOW - DAY - 60 * MINUTE, NOW, 50 * MINUTE)
    day = LastDay()
    day.recall(time, course(time), NOW)
    assert day.mean(NOW) == pytest.approx(20.0, abs=0.1)


def test_a_night_without_records_is_no_day() -> None:
    time = np.arange(NOW - DAY, NOW, MINUTE)
    time = time[(time < NOW - 600 * MINUTE) | (time > NOW - 120 * MINUTE)]
    day = LastDay()
    day.recall(time, course(time), NOW)
    assert math.isnan(day.mean(NOW))


def test_where_nothing_was_recorded_nothing_is_known() -> None:
    day = LastDay()
    day.recall(np.empty(0, np.int64), np.empty(0), NOW)
    assert math.isnan(day.mean(NOW))
