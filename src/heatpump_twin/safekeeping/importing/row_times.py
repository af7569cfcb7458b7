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
    """Times of the rows of tables, which depend on those before them in the same series.

    Each row is asked for once: two equal times are two rows. ``latest`` is the last time that can
    have been measured. [µs since the Unix epoch]
    """

    def __init__(self, rule: TimeRule, zone: ZoneInfo, latest: int) -> None:
        self._rule, self._latest = rule, latest
        self._zone = zone if rule.zone is None else ZoneInfo(rule.zone)
        self._series: dict[str, _Series] = {}

    def time(self, text: str, series: str) -> int:
        """Return a time in µs since the Unix epoch; raise `ValueError` for what is none."""
        try:
            time = self._time(text, series)
        except OverflowError as error:
            raise ValueError("no calendar has it") from error
        if 0 <= time <= self._latest:
            return time
        in_ms = self._rule.format == "unix s" and 0 <= time // 1000 <= self._latest
        hint = "; write time: {format: unix ms}" if in_ms else ""
        raise ValueError(f"it is before 1970, or more than a day ahead of now{hint}")

    def _time(self, text: str, series: str) -> int:
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
        if self._rule.ambiguous == "order" and before is not None:
            hour = dt.timedelta(microseconds=second - first)
            try:
                state.second = self._in_second(before, local, hour)
            except ValueError:
                # What comes next is compared with what was in order.
                self._series[series] = before
                raise
        return second if self._rule.ambiguous == "second" or state.second else first

    def _in_second(self, before: _Series, local: dt.datetime, hour: dt.timedelta) -> bool:
        """Tell whether a time that is there twice is the second one, by the row before.

        The clock is set back once, by the whole hour: a row that is somewhat late does not do it.
        """
        back, least = before.local - local, hour / 2
        if abs(back) >= _TWICE:
            return False
        if back < dt.timedelta(0):
            return before.second
        if self._is_twice(before.local) and (
            back < least if before.second else not back or back >= least
        ):
            return True
        raise ValueError(
            "it was there twice, as the clock was set back, and the order of the rows does not "
            "tell which it is; write time: {ambiguous: first} or second"
        )

    def _is_repeated(self, before: dt.datetime, now: dt.datetime) -> bool:
        """Tell whether a clock that went back was set back."""
        back = before - now
        return dt.timedelta(0) < back < _TWICE and self._is_twice(before) and self._is_twice(now)

    def _is_twice(self, local: dt.datetime) -> bool:
        first, second = (local.replace(tzinfo=self._zone, fold=f).utcoffset() for f in (0, 1))
        return first != second


def _microseconds(moment: dt.datetime) -> int:
    return (moment - EPOCH) // dt.timedelta(microseconds=1)
