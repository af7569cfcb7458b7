from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD, UNCERTAIN_SUB_NORMAL
from heatpump_twin.twin_engine.derive.daily_counter import DailyCounter, day_of
from heatpump_twin.twin_engine.history import Samples

MADRID = ZoneInfo("Europe/Madrid")
S = 1_000_000


def at(text: str, zone: ZoneInfo = MADRID) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * S


def run(counter: DailyCounter, readings):
    return [counter.update(value, at(when)) for when, value in readings][-1]


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)]
)
def test_a_day_is_as_long_as_it_is_on_the_wall_clock(day, hours):
    start, end = day_of(at(f"{day} 12:00"), MADRID)
    assert start == at(f"{day} 00:00")
    assert (end - start) == hours * 3600 * S


def test_a_midnight_that_does_not_exist_is_the_moment_of_the_change():
    havana = ZoneInfo("America/Havana")  # 2026-03-08 00:00 → 01:00
    start, end = day_of(at("2026-03-08 12:00", havana), havana)
    assert start == at("2026-03-08 01:00", havana)
    assert end - start == 23 * 3600 * S


def test_the_first_day_is_uncertain_and_the_next_is_good():
    counter = DailyCounter(MADRID, 5)
    assert run(counter, [("2026-01-05 10:00", 100.0), ("2026-01-05 12:00", 103.0)]) == (
        3.0,
        UNCERTAIN_SUB_NORMAL,
    )
    assert run(counter, [("2026-01-05 23:59", 110.0), ("2026-01-06 00:01", 110.0)]) == (0.0, GOOD)
    assert run(counter, [("2026-01-06 08:00", 115.5)]) == (5.5, GOOD)


def test_the_day_of_the_clock_change_starts_at_local_midnight():
    counter = DailyCounter(MADRID, 5)
    readings = [("2026-03-28 23:59", 10.0), ("2026-03-29 00:01", 10.0), ("2026-03-29 03:30", 14.0)]
    assert run(counter, readings) == (4.0, GOOD)
    # 23:30 on the short day is 22.5 hours after midnight, and still the same day
    assert run(counter, [("2026-03-29 23:30", 20.0)]) == (10.0, GOOD)
    assert run(counter, [("2026-03-29 23:59", 20.0), ("2026-03-30 00:00", 20.0)]) == (0.0, GOOD)


def test_a_midnight_nobody_saw_makes_the_day_uncertain_unless_nothing_was_counted():
    counter = DailyCounter(MADRID, 5)
    run(counter, [("2026-01-05 22:00", 100.0)])
    assert run(counter, [("2026-01-06 01:00", 102.0)]) == (0.0, UNCERTAIN_SUB_NORMAL)
    assert run(counter, [("2026-01-06 22:00", 104.0)]) == (2.0, UNCERTAIN_SUB_NORMAL)
    assert run(counter, [("2026-01-07 01:00", 104.0)]) == (0.0, GOOD)


@pytest.mark.parametrize(
    ("reading", "energy"),
    [
        (0.4, 10.4),  # reset: it counts from zero
        (5000.0, 10.0),  # another meter: its reading says nothing
        (50.0, 10.0),  # a smaller reading that cannot have been counted since
    ],
)
def test_a_counter_that_was_reset_or_replaced(reading, energy):
    counter = DailyCounter(MADRID, 5)
    run(counter, [("2026-01-05 23:59", 90.0), ("2026-01-06 00:00", 90.0)])
    run(counter, [("2026-01-06 06:00", 100.0)])
    assert run(counter, [("2026-01-06 06:10", reading)]) == (energy, UNCERTAIN_SUB_NORMAL)
    total, status = run(counter, [("2026-01-06 07:00", reading + 1)])
    assert (total, status) == (pytest.approx(energy + 1), UNCERTAIN_SUB_NORMAL)


def test_a_reading_older_than_the_last_changes_nothing():
    counter = DailyCounter(MADRID, 5)
    run(counter, [("2026-01-05 10:00", 100.0), ("2026-01-05 12:00", 103.0)])
    assert run(counter, [("2026-01-05 11:00", 101.0)])[0] == 3.0


def test_recorded_readings_restore_the_day_as_it_was_counted():
    rng = np.random.default_rng(5)
    time = at("2026-01-05 23:57") + np.arange(5000) * 10 * S
    value = 50 + np.cumsum(rng.uniform(0, 0.004, 5000))
    value[3000:] -= value[3000]  # a reset during the day
    status = np.zeros(5000, dtype=np.uint32)
    status[100:110] = BAD_NO_DATA
    value[100:110] = np.nan

    live = DailyCounter(MADRID, 5)
    for v, s, t in zip(value, status, time, strict=True):
        if s == GOOD:
            expected = live.update(float(v), int(t))
    restored = DailyCounter(MADRID, 5)
    restored.restore(Samples(value, status, time))
    energy, quality = restored.update(float(value[-1]), int(time[-1]))
    assert energy == pytest.approx(expected[0])
    assert quality == expected[1]
