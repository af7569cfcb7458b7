"""When something is to be ready next, on the clock of the site."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.smart_start.ready_calendar import ALL_DAYS, next_ready

MADRID = ZoneInfo("Europe/Madrid")


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=MADRID).timestamp()) * MICROSECONDS


@pytest.mark.parametrize(
    ("first", "weekdays", "after", "expected"),
    [
        ("2026-01-05 07:00", 0, "2026-01-05 06:00", "2026-01-05 07:00"),
        ("2026-01-05 07:00", 0, "2026-01-05 07:00", None),
        ("2026-01-05 07:00", ALL_DAYS, "2026-01-05 07:00", "2026-01-06 07:00"),
        ("2026-01-05 07:00", 0b11111, "2026-01-09 07:00", "2026-01-12 07:00"),
        ("2026-01-05 07:00", 0b1000000, "2026-01-05 08:00", "2026-01-11 07:00"),
        # The first time is on a day that is left out.
        ("2026-01-10 07:00", 0b11111, "2026-01-08 12:00", "2026-01-12 07:00"),
        # Clocks go forward on 29 March and back on 25 October: 23 and 25 hours later.
        ("2026-03-28 07:00", ALL_DAYS, "2026-03-28 07:00", "2026-03-29 07:00"),
        ("2026-10-24 07:00", ALL_DAYS, "2026-10-24 07:00", "2026-10-25 07:00"),
        # Holidays: one of a year, one of each.
        ("2026-12-23 07:00", ALL_DAYS, "2026-12-23 08:00", "2026-12-26 07:00"),
        ("2027-12-23 07:00", ALL_DAYS, "2027-12-23 08:00", "2027-12-24 07:00"),
    ],
)
def test_the_next_time(first: str, weekdays: int, after: str, expected: str | None) -> None:
    holidays = ("2026-12-24", "12-25")
    found = next_ready(at(first), weekdays, holidays, MADRID, at(after))
    assert found == (None if expected is None else at(expected))


def test_a_calendar_without_days_has_no_next() -> None:
    every = [f"{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 32)]
    assert (
        next_ready(at("2026-01-05 07:00"), ALL_DAYS, every, MADRID, at("2026-01-05 08:00")) is None
    )
