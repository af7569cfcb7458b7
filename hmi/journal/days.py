"""Ranges of whole days at the site."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

AHEAD = timedelta(hours=1)
"""Behind now, so that nothing of now is left out."""


def days_between(first: str, last: str, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return begin and end of the days from one to another, both included.

    They come from a field for a date; one that is empty, or none, is no limit.
    """
    begin, end = _day(first), _day(last)
    start = _midnight(begin, zone) if begin else datetime.fromtimestamp(0, UTC)
    return start, _midnight(end + timedelta(days=1), zone) if end else now + AHEAD


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # The field lets people type a year of one digit, before which OPC UA has no time.
    return day if 1970 <= day.year < 9000 else None
