"""What the ledger must never do: lose energy without saying so, or invent it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from heatpump_twin.twin_engine.derive.energy.calendar import CalendarSpan, edges_of
from heatpump_twin.twin_engine.derive.energy.counter_track import Doubt
from heatpump_twin.twin_engine.derive.energy.daily_counter import DailyCounter
from heatpump_twin.twin_engine.derive.energy.energy_curve import EnergyCurve, counter_curve
from tests.twin_engine.derive.energy.counter_histories import LARGEST_RATE, counter_history

MADRID = ZoneInfo("Europe/Madrid")
S = 1_000_000
MISSING = (Doubt.RESET, Doubt.REPLACED, Doubt.CORRECTED)


def at(text: str, zone: ZoneInfo = MADRID) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * S


def days(curve: EnergyCurve, zone: ZoneInfo = MADRID):
    edges = edges_of(CalendarSpan.DAY, int(curve.time[0]), int(curve.time[-1]) + 1, zone)
    return curve.rows(edges)


SPIKE_AND_CLOCK = (1270, 1754, 2433)
"""Histories in which a clock is ahead beside or within a spike of several readings."""


@pytest.mark.parametrize(
    "seeds", [*(range(k, k + 100) for k in range(0, 300, 100)), SPIKE_AND_CLOCK]
)
def test_the_days_add_up_to_what_was_used_or_what_is_missing_is_named(seeds):
    """Hundreds of random histories of counters, and some that were not right at first."""
    add_up_or_are_named(seeds)


@pytest.mark.long
@pytest.mark.parametrize("seeds", [range(k, k + 100) for k in range(300, 3000, 100)])
def test_the_days_add_up_in_thousands_of_histories(seeds):
    add_up_or_are_named(seeds)


def add_up_or_are_named(seeds):
    for seed in seeds:
        history = counter_history(seed)
        curve = counter_curve(history.time, history.reading, LARGEST_RATE)
        rows = days(curve)
        found = sum(row.energy for row in rows)
        used = history.true_energy[-1] - history.true_energy[0]
        named = [d for row in rows for d in row.doubts if d.doubt in MISSING]
        missing = sum(history.used(d.since, d.until) for d in set(named))
        slack = (2 + len(set(named))) * history.count + 1e-6
        assert used - missing - slack <= found <= used + slack, (seed, history.kinds, found, used)
        replaced = [d for d in named if d.doubt is not Doubt.CORRECTED]
        # The jump of a counter that is brought up to date at times looks the same as another meter
        # where the clock jumps with it.
        assert not replaced or {"reset", "replaced", "blocks"} & set(history.kinds), seed


@pytest.mark.parametrize("block", range(4))
def test_live_and_afterwards_the_day_is_the_same(block):
    for seed in range(block * 50, block * 50 + 50):
        history = counter_history(seed)
        if {"clock", "future"} & set(history.kinds):  # a later look knows more of these
            continue
        counter = DailyCounter(MADRID, LARGEST_RATE)
        for reading, time in zip(history.reading.tolist(), history.time.tolist(), strict=True):
            energy, _ = counter.update(reading, time)
        afterwards = days(counter_curve(history.time, history.reading, LARGEST_RATE))[-1]
        assert energy == pytest.approx(afterwards.energy, abs=1e-6), seed


def curve_of(*readings: tuple[str, float], zone: ZoneInfo = MADRID) -> EnergyCurve:
    time = np.array([at(when, zone) for when, _ in readings])
    return counter_curve(time, np.array([reading for _, reading in readings]), 5.18)


def test_what_was_used_while_nobody_looked_is_in_both_days_and_marked_there():
    curve = curve_of(
        ("2026-01-10 00:00", 5000.0), ("2026-01-10 20:00", 5008.0), ("2026-01-11 09:00", 5014.0),
        ("2026-01-11 10:00", 5014.6), ("2026-01-12 00:00", 5014.6), ("2026-01-13 00:00", 5020.0),
    )  # fmt: skip
    first, second, third = days(curve)[:3]
    assert (first.energy, second.energy) == (
        pytest.approx(8 + 6 * 4 / 13),
        pytest.approx(6 * 9 / 13 + 0.6),
    )
    assert (first.estimated, second.estimated, third.estimated) == (True, True, False)
    assert (first.certain, third.certain) == (False, True)


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/Madrid", "2026-03-29", 23),
        ("Europe/Madrid", "2026-10-25", 25),
        ("America/Santiago", "2026-09-06", 23),
        ("Asia/Beirut", "2026-03-29", 23),
        ("Africa/Cairo", "2026-04-24", 23),
    ],
)
def test_a_day_has_the_hours_of_its_clock_and_its_energy_is_theirs(zone, day, length):
    where = ZoneInfo(zone)
    noon = at(f"{day} 12:00", where)
    time = noon + np.arange(-72, 73) * 1800 * S
    curve = counter_curve(time, 100 + 0.5 * np.arange(145), 5.18)
    edges = edges_of(CalendarSpan.DAY, noon, noon + 1, where)
    (row,) = curve.rows(edges)
    assert row.energy == pytest.approx(length)  # 1 kWh an hour
    assert row.certain
    hours = curve.rows(edges_of(CalendarSpan.HOUR, int(edges[0]), int(edges[1]), where))
    assert [hour.energy for hour in hours] == pytest.approx([1.0] * length)


def test_months_and_years_are_the_sum_of_their_days():
    time = at("2025-11-15 06:00") + np.arange(0, 120 * 24 * 4) * 900 * S
    reading = np.floor(np.cumsum(np.random.default_rng(1).uniform(0, 0.8, len(time))) * 10) / 10
    curve = counter_curve(time, reading, 5.18)
    start, end = int(time[0]), int(time[-1])
    by_span = {span: curve.rows(edges_of(span, start, end, MADRID)) for span in CalendarSpan}
    total = reading[-1] - reading[0]
    for rows in by_span.values():
        assert sum(row.energy for row in rows) == pytest.approx(total)
    assert len(by_span[CalendarSpan.YEAR]) == 2
    assert [len(by_span[s]) for s in (CalendarSpan.MONTH, CalendarSpan.DAY)] == [5, 120 + 1]
    # It was read for half of November.
    assert by_span[CalendarSpan.MONTH][0].completeness == pytest.approx(15.75 / 30)
    assert by_span[CalendarSpan.MONTH][1].completeness == 1.0


def test_what_is_missing_has_a_name_and_a_time():
    curve = curve_of(
        ("2026-01-10 00:00", 5000.0), ("2026-01-10 06:00", 5003.0), ("2026-01-10 07:00", 12.0),
        *((f"2026-01-10 {hour:02}:00", 12.5 + (hour - 8) / 8) for hour in range(8, 21)),
        ("2026-01-10 21:00", 0.2),
        ("2026-01-10 22:00", 0.7), ("2026-01-11 00:00", 1.0),
    )  # fmt: skip
    assert [(d.doubt, d.since, d.until) for d in curve.doubts] == [
        (Doubt.REPLACED, at("2026-01-10 06:00"), at("2026-01-10 07:00")),
        (Doubt.RESET, at("2026-01-10 20:00"), at("2026-01-10 21:00")),
    ]
    (row,) = days(curve)[:1]
    assert row.energy == pytest.approx(3.0 + 2.0 + 1.0)
    assert row.doubts == curve.doubts
