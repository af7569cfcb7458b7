"""Days, weeks, months and years of a place, as intervals: through changes of its clocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times
from heatpump_twin.twin_engine.aggregates.periods.intervals import Intervals


class Period(StrEnum):
    """What a calendar is divided into."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"

    def begin(self, day: date) -> date:
        """Return the first day of the period in which a day lies."""
        match self:
            case Period.WEEK:
                return day - timedelta(days=day.weekday())
            case Period.MONTH:
                return day.replace(day=1)
            case Period.YEAR:
                return day.replace(month=1, day=1)
        return day

    def following(self, day: date) -> date:
        """Return the first day of the period behind the one that begins with a day."""
        longest = {"day": 1, "week": 7, "month": 31, "year": 366}[self]
        return self.begin(day + timedelta(days=longest))


@dataclass(frozen=True, slots=True)
class LocalPeriods:
    """The periods of a time range: they begin at midnight of the place.

    What the range does not cover of the first and the last one is left out of them, and they are
    marked as cut.
    """

    start: int
    end: int
    """[µs since the Unix epoch]"""
    period: Period
    zone: ZoneInfo
    _edges: Times = field(init=False)
    """Of whole periods, so that the first one may begin before the range."""

    def __post_init__(self) -> None:
        edges = [self.period.begin(self._date(self.start))]
        last = self._date(max(self.start, self.end - 1))
        while edges[-1] <= last:
            edges.append(self.period.following(edges[-1]))
        object.__setattr__(self, "_edges", np.array([self._midnight(day) for day in edges]))

    def __len__(self) -> int:
        return len(self._edges) - 1 if self.end > self.start else 0

    def part(self, first: int, count: int) -> Intervals:
        """Return up to ``count`` intervals from number ``first`` on, from past to future."""
        whole = self._edges[first : min(first + count, len(self)) + 1]
        edges = np.clip(whole, self.start, self.end)
        cut = (edges[:-1] != whole[:-1]) | (edges[1:] != whole[1:])
        return Intervals(edges[:-1], edges[1:], cut)

    def _date(self, moment: int) -> date:
        return datetime.fromtimestamp(moment / MICROSECONDS, self.zone).date()

    def _midnight(self, day: date) -> int:
        # Where clocks skip midnight, the offset of before says when it would have been.
        moment = datetime.combine(day, time(), self.zone)
        return round(moment.timestamp()) * MICROSECONDS
