"""Local days, hours, months and years as times in UTC, with the 23 and 25 hours that some have."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.config.period_figure import CalendarSpan
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times

HOUR = 3600 * MICROSECONDS


def day_of(time: int, zone: ZoneInfo) -> tuple[int, int]:
    """Return the local midnights before and after a time; they are 23, 24 or 25 hours apart."""
    local = datetime.fromtimestamp(time // MICROSECONDS, zone)
    # Made from the date and not by adding 24 h: with summer time a day has 23 or 25, and in some
    # zones midnight itself does not exist.
    start = datetime(local.year, local.month, local.day, tzinfo=zone)
    tomorrow = local.date() + timedelta(days=1)
    end = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone)
    return int(start.timestamp()) * MICROSECONDS, int(end.timestamp()) * MICROSECONDS


def edges_of(span: CalendarSpan, start: int, end: int, zone: ZoneInfo) -> Times:
    """Return the edges, one more than there are spans, of all spans that touch start to end.

    Parameters
    ----------
    start, end : int
        µs since the Unix epoch, UTC; ``start < end``.
    """
    edge, _ = _around(span, start, zone)
    edges = [edge]
    while edge < end:
        _, edge = _around(span, edge, zone)
        edges.append(edge)
    return np.array(edges, dtype=np.int64)


def _around(span: CalendarSpan, time: int, zone: ZoneInfo) -> tuple[int, int]:
    """Return the edges before and after a time; before: it may be the time itself."""
    if span is CalendarSpan.HOUR:
        # Of the clock on the wall: there are zones half an hour beside UTC.
        local = datetime.fromtimestamp(time // MICROSECONDS, zone)
        into = (local.minute * 60 + local.second) * MICROSECONDS + time % MICROSECONDS
        return time - into, time - into + HOUR
    if span is CalendarSpan.DAY:
        return day_of(time, zone)
    local = datetime.fromtimestamp(time // MICROSECONDS, zone)
    month = local.month if span is CalendarSpan.MONTH else 1
    months = 1 if span is CalendarSpan.MONTH else 12
    last = local.year * 12 + month - 1 + months
    return _midnight(local.year, month, zone), _midnight(last // 12, last % 12 + 1, zone)


def _midnight(year: int, month: int, zone: ZoneInfo) -> int:
    return int(datetime(year, month, 1, tzinfo=zone).timestamp()) * MICROSECONDS
