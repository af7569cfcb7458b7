"""Times of rows: with an offset, in a zone whose clocks change, or without a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.safekeeping.importing.import_map import TimeRule

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_UNIX = {"unix s": MICROSECONDS, "unix ms": MICROSECONDS // 1000}
_TWICE = dt.timedelta(hours=3)
"""No clock is set back by more."""


@dataclass(slots=True)
class _Series:
    """What was last in a series."""

    local: dt.datetime
    """As its clock showed it."""
    second: bool = False
    """Whether it is in the second of two equal hours."""


class RowTimes:
    """Times of the rows of a file, which depend on those before them in the same series."""

    def __init__(self, rule: TimeRule, zone: ZoneInfo) -> None:
        self._rule = rule
        self._zone = zone if rule.zone is None else ZoneInfo(rule.zone)
        self._series: dict[str, _Series] = {}

    def time(self, text: str, series: str) -> int:
        """Return a time in µs since the Unix epoch; raise `ValueError` for what is none."""
        if (factor := _UNIX.get(self._rule.format)) is not None:
            return round(float(text) * factor)
        if self._rule.format == "clock":
            return self._resolved(self._of_day(text, series), series)
        if self._rule.format == "iso":
            moment = dt.datetime.fromisoformat(text)
        else:
            moment = dt.datetime.strptime(text, self._rule.format)  # noqa: DTZ007 (below)
        if moment.tzinfo is not None:
            return _microseconds(moment)
        return self._resolved(moment, series)

    def _of_day(self, text: str, series: str) -> dt.datetime:
        """Return a time of day with the day that follows from the rows before."""
        day_name, _, clock = text.rpartition(" ") if self._rule.weekdays else ("", "", text)
        time = dt.time.fromisoformat(clock)
        before = self._series.get(series)
        if before is None:
            begin = self._rule.begin or dt.date.min
            self._check_weekday(begin, day_name)
            return dt.datetime.combine(begin, time)
        moment = dt.datetime.combine(before.local.date(), time)
        if self._rule.weekdays:
            ahead = (self._weekday(day_name) - moment.weekday()) % 7
            moment += dt.timedelta(days=ahead)
        if moment < before.local and not self._is_repeated(before.local, moment):
            moment += dt.timedelta(days=7 if self._rule.weekdays else 1)
        return moment

    def _weekday(self, name: str) -> int:
        if name.strip() not in self._rule.weekdays:
            raise ValueError(f"{name!r} is no day of the week")
        return self._rule.weekdays.index(name.strip())

    def _check_weekday(self, begin: dt.date, name: str) -> None:
        if self._rule.weekdays and self._weekday(name) != begin.weekday():
            right = self._rule.weekdays[begin.weekday()]
            raise ValueError(f"the first row is of {name!r}, and {begin} is {right!r}")

    def _resolved(self, local: dt.datetime, series: str) -> int:
        """Return the moment at which the clock of the zone showed a time."""
        before = self._series.get(series)
        first, second = (_microseconds(local.replace(tzinfo=self._zone, fold=f)) for f in (0, 1))
        state = _Series(local)
        self._series[series] = state
        if first == second:
            return first
        if first > second:
            # A time that the clock has jumped over: the rule of before gives the later moment.
            if self._rule.skipped == "refuse":
                raise ValueError(
                    "no clock has shown it, as it was set forward; write time: {skipped: later}"
                )
            return first
        if self._rule.ambiguous == "refuse":
            raise ValueError("it was there twice, as the clock was set back")
        if self._rule.ambiguous == "order":
            again = before is not None and (before.second or self._is_repeated(before.local, local))
            state.second = again
            return second if again else first
        return first if self._rule.ambiguous == "first" else second

    def _is_repeated(self, before: dt.datetime, now: dt.datetime) -> bool:
        """Tell whether a clock that went back was set back."""
        both = (
            moment.replace(tzinfo=self._zone, fold=0).utcoffset()
            != moment.replace(tzinfo=self._zone, fold=1).utcoffset()
            for moment in (before, now)
        )
        return dt.timedelta(0) < before - now < _TWICE and all(both)


def _microseconds(moment: dt.datetime) -> int:
    return (moment - EPOCH) // dt.timedelta(microseconds=1)
