"""Quiet hours of the site's day, over midnight and through changes of the clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from heatpump_twin.config.notifications.quiet_hours import QuietHours
from heatpump_twin.twin_engine.notifications.quiet_time import ready_at

MADRID = ZoneInfo("Europe/Madrid")
NIGHT = {"from": "22:00", "to": "06:30"}


def ready(at: str, *quiet: dict[str, object], severity: int = 500) -> str:
    time = round(datetime.fromisoformat(at).replace(tzinfo=MADRID).timestamp() * 1e6)
    hours = [QuietHours.model_validate(one) for one in quiet]
    found = ready_at(time, severity, hours, MADRID)
    return datetime.fromtimestamp(found / 1e6, MADRID).strftime("%d %H:%M")


@pytest.mark.parametrize(
    ("at", "then"),
    [
        ("2026-01-15 21:59", "15 21:59"),
        ("2026-01-15 22:00", "16 06:30"),
        ("2026-01-16 06:29", "16 06:30"),
        ("2026-01-16 06:30", "16 06:30"),
        ("2026-03-29 01:30", "29 06:30"),  # an hour of this night is not there
        ("2026-10-25 02:30", "25 06:30"),  # and of this one is there twice
    ],
)
def test_what_happens_at_night_is_told_in_the_morning(at: str, then: str) -> None:
    assert ready(at, NIGHT) == then


def test_what_cannot_wait_does_not() -> None:
    assert ready("2026-01-15 23:00", NIGHT, severity=900) == "15 23:00"
    assert ready("2026-01-15 23:00", {**NIGHT, "severity": 1001}, severity=1000) == "16 06:30"


def test_they_begin_on_their_days_only_and_may_follow_one_another() -> None:
    friday = {**NIGHT, "days": ["fri"]}
    assert ready("2026-01-17 05:00", friday) == "17 06:30"  # Saturday: begun on Friday
    assert ready("2026-01-18 05:00", friday) == "18 05:00"
    weekend = {"from": "06:30", "to": "20:00", "days": ["sat", "sun"]}
    assert ready("2026-01-17 05:00", friday, weekend) == "17 20:00"


def test_a_day_without_end_is_broken_off() -> None:
    always = [{"from": "00:00", "to": "12:00"}, {"from": "12:00", "to": "00:00"}]
    assert ready("2026-01-15 01:00", *always) > "15"
