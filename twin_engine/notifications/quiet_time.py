"""When a receiver may be told: quiet hours are hours of the site's day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from heatpump_twin.config.notifications.quiet_hours import QuietHours
from heatpump_twin.config.tariff import DAYS, MINUTES_PER_DAY
from heatpump_twin.drivers.clock import MICROSECONDS

_WEEK = 8
"""Quiet hours that follow one another without end are broken off after so many."""


def ready_at(time: int, severity: int, quiet: Sequence[QuietHours], zone: ZoneInfo) -> int:
    """Return when something of a severity may be told that happens at a time. [µs, UTC]"""
    moment = dt.datetime.fromtimestamp(time / MICROSECONDS, dt.UTC)
    ready = moment
    for _ in range(_WEEK):
        ends = [end for hours in quiet if (end := _end(ready, severity, hours, zone)) is not None]
        if not ends:
            break
        ready = max(ends)
    return time if ready == moment else round(ready.timestamp() * MICROSECONDS)


def _end(
    moment: dt.datetime, severity: int, hours: QuietHours, zone: ZoneInfo
) -> dt.datetime | None:
    """Return the end of the quiet hours that a moment is in; None: it is in none."""
    if severity >= hours.severity:
        return None
    local = moment.astimezone(zone)
    # They may have begun yesterday.
    for day in (local.date() - dt.timedelta(days=1), local.date()):
        last = day if hours.begin < hours.end else day + dt.timedelta(days=1)
        begin, end = _moment(day, hours.begin, zone), _moment(last, hours.end, zone)
        if DAYS[day.weekday()] in hours.days and begin <= moment < end:
            return end
    return None


def _moment(day: dt.date, minute: int, zone: ZoneInfo) -> dt.datetime:
    """Return a minute of a local day; 1440 is the end of the day."""
    later = day + dt.timedelta(days=minute // MINUTES_PER_DAY)
    hours, minutes = divmod(minute % MINUTES_PER_DAY, 60)
    return dt.datetime.combine(later, dt.time(hours, minutes), zone).astimezone(dt.UTC)
