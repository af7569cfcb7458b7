from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD, UNCERTAIN_SUB_NORMAL
from heatpump_twin.twin_engine.derive.energy.calendar import day_of
from heatpump_twin.twin_engine.derive.energy.daily_counter import DailyCounter
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
    # 2 kWh in the three hours around midnight
    assert run(counter, [("2026-01-06 01:00", 102.0)]) == (
        pytest.approx(2 / 3),
        UNCERTAIN_SUB_NORMAL,
    )
    assert run(counter, [("2026-01-06 22:00", 104.0)]) == (
        pytest.approx(2 + 2 / 3),
        UNCERTAIN_SUB_NORMAL,
    )
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


def test_a_digit_that_falls_over_and_back_counts_once():
    """Each minute for twelve hours."""
    counter = DailyCounter(MADRID, 5.18)
    start = at("2026-01-09 23:59")
    for minute in range(12 * 60):
        energy, status = counter.update(215.6 + 0.1 * (minute % 2), start + minute * 60 * S)
    assert energy == pytest.approx(0.1, abs=0.1001)
    assert status == GOOD


def hours(first: str, count: int, reading: float = 5000.0, gain: float = 0.6):
    start = at(first)
    return [(start + h * 3600 * S, reading + gain * h) for h in range(count)]


def test_a_sample_of_a_time_that_has_not_come_is_taken_back():
    counter = DailyCounter(MADRID, 5.18)
    for time, reading in hours("2026-01-09 23:00", 9):
        counter.update(reading, time)
    counter.update(5004.81, at("2036-01-08 07:00"))
    assert run(counter, [("2026-01-10 08:00", 5005.4)])[0] == pytest.approx(4.8)
    assert run(counter, [("2026-01-10 12:00", 5007.8)])[0] == pytest.approx(7.2)
    energy, _ = run(counter, [("2026-01-10 13:00", 5008.4)])
    assert energy == pytest.approx(7.8)
    for time, reading in hours("2026-01-10 14:00", 24, 5009.0):
        energy, status = counter.update(reading, time)
    assert (energy, status) == (pytest.approx(13 * 0.6), GOOD)


def test_a_clock_that_was_an_hour_ahead_does_not_stop_the_day():
    counter = DailyCounter(MADRID, 5.18)
    for time, reading in hours("2026-01-09 23:00", 9):
        counter.update(reading, time)
    run(counter, [("2026-01-10 08:00", 5004.85)])
    assert run(counter, [("2026-01-10 07:10", 5004.95)])[0] == pytest.approx(4.35)
    assert run(counter, [("2026-01-10 07:59", 5005.44)])[0] == pytest.approx(4.84)


def test_a_clock_that_was_ahead_for_hours_and_past_midnight():
    counter = DailyCounter(MADRID, 5.18)
    true = at("2026-01-09 23:58")
    used = 0.0
    for minute in range(3 * 24 * 60):
        ahead = 3600 * S if 22 * 60 <= minute < 24 * 60 else 0
        used += 0.02
        energy, _ = counter.update(round(100 + used, 2), true + minute * 60 * S + ahead)
        if minute == 24 * 60:  # the hour back: two minutes to midnight
            assert energy == pytest.approx(1440 * 0.02, abs=0.1)
    assert energy == pytest.approx(1438 * 0.02, abs=0.05)


def test_what_was_used_while_the_counter_was_away_is_spread_over_the_days():
    counter = DailyCounter(MADRID, 5.18)
    run(counter, [("2026-01-09 23:59", 5000.0), ("2026-01-10 00:00", 5000.0)])
    assert run(counter, [("2026-01-10 20:00", 5008.0)]) == (8.0, GOOD)
    assert run(counter, [("2026-01-11 09:00", 5014.0)]) == (
        pytest.approx(6 * 9 / 13),
        UNCERTAIN_SUB_NORMAL,
    )
    assert run(counter, [("2026-01-11 10:00", 5014.6)])[0] == pytest.approx(6 * 9 / 13 + 0.6)


@pytest.mark.parametrize("period", [1, 60, 900, 3600])
@pytest.mark.parametrize("count", [0.001, 0.1])
def test_a_heater_behind_the_meter_counts_whatever_the_period_of_polling(period, count):
    counter = DailyCounter(MADRID, 5.18)
    run(counter, [("2026-01-09 23:59", 5000.0), ("2026-01-10 00:00", 5000.0)])
    run(counter, [("2026-01-10 06:00", 5000.0)])
    start = at("2026-01-10 06:00")
    for second in range(0, 3601, period):
        reading = 5000 + np.floor(8.4 * second / 3600 / count + 1e-6) * count
        energy, _ = counter.update(float(reading), start + second * S)
    assert energy == pytest.approx(8.4, abs=count)


def test_a_load_that_nobody_named_is_believed_when_it_goes_on():
    """Three times what the plate says, read once an hour."""
    counter = DailyCounter(MADRID, 5.18)
    for time, reading in hours("2026-01-09 23:00", 12, gain=18.0):
        energy, status = counter.update(reading, time)
    assert (energy, status) == (pytest.approx(180.0), UNCERTAIN_SUB_NORMAL)


@pytest.mark.parametrize("spikes", [(57.2166,), (57.2166, 57.2166), (57.2166, 65535.0), (0.0,)])
def test_a_value_that_returns_to_where_it_was_had_not_reset(spikes):
    counter = DailyCounter(MADRID, 5.18)
    start = at("2026-01-10 04:00")
    counter.update(0.0182, at("2026-01-09 23:59"))
    counter.update(0.0182, start)
    counter.update(0.0182, start + 13 * 3600 * S)
    now = start + (13 * 3600 + 638) * S
    for spike in spikes:
        counter.update(spike, now)
        now += 5 * S
    energy, _ = counter.update(0.0182, now + 47 * S)
    assert energy == 0.0
    assert counter.update(0.6182, now + 3600 * S)[0] == pytest.approx(0.6)


def test_a_spike_of_a_big_counter_and_back():
    counter = DailyCounter(MADRID, 5.18)
    run(counter, [("2026-01-09 23:59", 5000.0), ("2026-01-10 00:00", 5000.0)])
    readings = [5001, 65535, 5001, 5001.6]
    found = [counter.update(r, at(f"2026-01-10 0{h + 1}:00")) for h, r in enumerate(readings)]
    assert found[1] == (1.0, UNCERTAIN_SUB_NORMAL)
    assert found[3] == (pytest.approx(1.6), GOOD)


def test_a_reset_after_two_hours_away():
    counter = DailyCounter(MADRID, 5.18)
    for time, reading in hours("2026-01-09 23:00", 9):
        counter.update(reading, time)
    energy = run(counter, [("2026-01-10 09:00", 0.718)])
    # 0.6 of 4.8 were yesterday's.
    assert energy == (pytest.approx(4.2 + 0.718), UNCERTAIN_SUB_NORMAL)
    assert run(counter, [("2026-01-10 10:00", 1.318)])[0] == pytest.approx(5.518)


def test_a_meter_that_is_brought_up_to_date_each_quarter_of_an_hour():
    """Polled each second: 0.6 kWh at once are no spike."""
    counter = DailyCounter(MADRID, 5.18)
    start = at("2026-01-10 00:00")
    counter.update(100.0, start - 60 * S)
    for second in range(0, 2 * 3600, 5):
        energy, status = counter.update(100 + 0.6 * (second // 900), start + second * S)
    assert (energy, status) == (pytest.approx(4.2), GOOD)


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
