"""Deadlines without drift, and pauses that grow."""

from __future__ import annotations

import random

from heatpump_twin.drivers.modbus.driver.poll_schedule import BackOff, PollSchedule


def test_ticks_keep_to_the_grid() -> None:
    schedule = PollSchedule(start=100.0, period=0.1)
    assert [round(schedule.next(100.0 + 0.1 * k - 0.03), 9) for k in range(4)] == [
        100.0,
        100.1,
        100.2,
        100.3,
    ]
    assert schedule.missed == 0


def test_a_tick_whose_work_is_not_over_at_the_next_one_is_missed() -> None:
    schedule = PollSchedule(start=0.0, period=1.0)
    assert schedule.next(0.0) == 0.0
    assert schedule.next(0.9) == 1.0
    assert schedule.missed == 0
    assert schedule.next(2.4) == 2.0  # late, but it can still be done before the one at 3
    assert schedule.missed == 1
    assert schedule.next(2.9) == 3.0
    assert schedule.missed == 1


def test_a_tick_that_is_over_is_left_out_and_missed() -> None:
    schedule = PollSchedule(start=0.0, period=1.0)
    assert schedule.next(0.0) == 0.0
    assert schedule.next(3.5) == 3.0  # the one at 0 was late, those at 1 and 2 were left out
    assert (schedule.tick, schedule.missed) == (3, 3)


def test_nobody_missed_what_was_due_before_the_start() -> None:
    schedule = PollSchedule(start=0.0, period=1.0)
    assert schedule.next(2.5) == 2.0
    assert schedule.missed == 0


def test_nobody_missed_the_ticks_of_an_outage() -> None:
    schedule = PollSchedule(start=0.0, period=1.0)
    schedule.next(0.0)
    schedule.resume(7.4)
    assert schedule.next(7.4) == 8.0
    assert schedule.missed == 0


def test_pauses_grow_to_a_limit_and_start_again() -> None:
    back_off = BackOff(1.0, random.Random(1))
    away = [0, 1, 2, 10, 60, 120, 1800, 7200, 36000]
    fulls = [0.25, 0.5, 1, 1, 1, 2, 30, 120, 120]
    for seconds, full in zip(away, fulls, strict=True):
        assert 0.75 * full <= back_off.pause(seconds) <= full
    back_off.reset()
    assert back_off.pause(0) <= 0.25


def test_the_longest_pause_can_be_set() -> None:
    back_off = BackOff(1.0, random.Random(1), longest=5.0)
    assert 3.75 <= back_off.pause(3600) <= 5.0
    assert BackOff(1.0, random.Random(1), longest=0.2).pause(3600) <= 0.2
    assert 450 <= BackOff(600.0, random.Random(1)).pause(86400) <= 600
