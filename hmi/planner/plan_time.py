"""When something shall be ready: on a day, or on days of the week, by the clock of the site."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONGEST_AHEAD = timedelta(days=7)
"""What the method takes."""


def once(day: str, clock: str, zone: ZoneInfo) -> datetime | None:
    """Return the time of a day's field and a time's field; None: they are not filled in."""
    try:
        return datetime.combine(date.fromisoformat(day), _clock(clock), zone)
    except ValueError:
        return None


def weekly(days: Collection[int], clock: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the first time on some days of the week, Monday 0; None: nothing is chosen."""
    try:
        wanted = _clock(clock)
    except ValueError:
        return None
    today = now.astimezone(zone).date()
    for ahead in range(8):
        first = datetime.combine(today + timedelta(days=ahead), wanted, zone)
        if first.weekday() in days and first > now:
            return first
    return None


def next_time(clock: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the next time at which the clock shows a time of day such as ``07:00``."""
    return weekly(range(7), clock, now, zone)


def weekday_bits(days: Collection[int]) -> int:
    """Return days of the week as the method takes them: Monday is the lowest bit."""
    return sum(1 << day for day in days)


def _clock(text: str) -> time:
    return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
