"""When something is to be ready next: on which days of the week, and not on holidays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from zoneinfo import ZoneInfo

from heatpump_twin.drivers.clock import MICROSECONDS

ONCE = 0
ALL_DAYS = 0b111_1111
"""Days of the week as bits, Monday the lowest."""
_FURTHEST = 400
"""A calendar whose every day is a holiday has no next day."""


def next_ready(
    ready_at: int, weekdays: int, holidays: Collection[str], zone: ZoneInfo, after: int
) -> int | None:
    """Return the first time after ``after`` at which it shall be ready; None: there is none.

    Parameters
    ----------
    ready_at : int
        Of the first time; the time of day on the site's clock is that of all. [µs since the epoch]
    weekdays : int
        Bits from Monday on; `ONCE`: at ``ready_at`` alone.
    holidays : collection of str
        Days that are left out: ``2026-12-24``, or ``12-25`` of each year.
    """
    if weekdays == ONCE:
        return ready_at if ready_at > after else None
    first = dt.datetime.fromtimestamp(ready_at / MICROSECONDS, zone)
    begin = dt.datetime.fromtimestamp(max(after, ready_at - 1) / MICROSECONDS, zone).date()
    for ahead in range(_FURTHEST):
        day = begin + dt.timedelta(days=ahead)
        # Put together on the clock of the site, whose days may have 23 or 25 hours.
        local = dt.datetime.combine(day, first.timetz())
        moment = round(local.timestamp()) * MICROSECONDS
        free = day.isoformat() in holidays or f"{day:%m-%d}" in holidays
        if moment > after and weekdays >> day.weekday() & 1 and not free:
            return moment
    return None
