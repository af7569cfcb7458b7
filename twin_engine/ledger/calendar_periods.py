"""The periods that a moment lies in, and the days between two moments, on the clock of a site."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.config.period_figure import CalendarSpan
from heatpump_twin.drivers.frame import Times
from heatpump_twin.twin_engine.derive.energy.calendar import HOUR, day_of, edges_of

PARTS = {CalendarSpan.MONTH: CalendarSpan.DAY, CalendarSpan.YEAR: CalendarSpan.MONTH}
"""What the figures of a span are the sum of."""


def begin_of(span: CalendarSpan, time: int, zone: ZoneInfo) -> int:
    """Return when the period began that a time lies in. [µs since the Unix epoch, UTC]"""
    return int(edges_of(span, time, time + 1, zone)[0])


def end_of(span: CalendarSpan, time: int, zone: ZoneInfo) -> int:
    """Return when the period ends that a time lies in. [µs since the Unix epoch, UTC]"""
    return int(edges_of(span, time, time + 1, zone)[-1])


def days_between(first: int, last: int, zone: ZoneInfo) -> list[int]:
    """Return the begins of all days from that of a time to that of another, both included."""
    return [int(edge) for edge in edges_of(CalendarSpan.DAY, first, last + 1, zone)[:-1]]


def hours_of(day: int, until: int, zone: ZoneInfo) -> Times:
    """Return the edges of the hours of a day that begins then, up to a time.

    They are counted from midnight on, so that they make up the day where clocks are moved by half
    an hour.
    """
    end = min(day_of(day, zone)[1], until)
    whole = np.arange(day, end, HOUR, dtype=np.int64)
    return np.append(whole, end)


def parts_of(span: CalendarSpan, time: int, until: int, zone: ZoneInfo) -> Times:
    """Return the edges of what a month or a year is made of, up to a time."""
    begin, end = begin_of(span, time, zone), end_of(span, time, zone)
    edges = edges_of(PARTS[span], begin, min(end, until), zone)
    return np.minimum(edges, min(end, until))
