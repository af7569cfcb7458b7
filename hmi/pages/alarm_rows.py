"""Alarms as rows for the page's script: in the banner, in the list, in the journal."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from heatpump_twin.hmi import presentation
from heatpump_twin.hmi.alarms.alarm_list import rank
from heatpump_twin.hmi.alarms.condition_report import Alarm
from heatpump_twin.hmi.person import Person


class AlarmRows:
    """Rows of alarms in the words, the zone and with the rights of a person."""

    def __init__(self, person: Person, zone: ZoneInfo) -> None:
        self._person = person
        self._zone = zone

    def live(self, alarm: Alarm) -> dict[str, Any]:
        """Return the row of an alarm of the list, with what can be done about it."""
        return {
            **self.recorded(alarm),
            **self.brief(alarm),
            "acts": self._person.may(alarm),
            "rights": self._person.is_known_what_may(alarm),
        }

    def brief(self, alarm: Alarm) -> dict[str, Any]:
        """Return what every page tells of an alarm of the list: its line in the banner."""
        return {**self._line(alarm), "key": alarm.key, "rank": rank(alarm)}

    def recorded(self, alarm: Alarm) -> dict[str, Any]:
        """Return the row of an alarm of the journal."""
        raised = alarm.raised or alarm.time
        return {
            **self._line(alarm),
            "raised": presentation.epoch_ms(raised) if raised else 0,
            "value": self._raised_value(alarm),
            "acknowledged": self._time(alarm.acknowledged_at) if alarm.acknowledged else "",
            "by": alarm.acknowledged_by,
            "returned": self._time(alarm.returned_at),
            "cause": alarm.cause,
            "action": alarm.action,
            "comment": alarm.comment,
            "first": alarm.first,
            "until": self._time(alarm.shelved_until),
        }

    def _line(self, alarm: Alarm) -> dict[str, Any]:
        # When it began: what is done about it must not make it look younger.
        raised = alarm.raised or alarm.time
        return {
            "id": alarm.occurrence,
            "unit": alarm.unit,
            "input": alarm.input,
            "priority": alarm.priority,
            "severity": alarm.severity,
            "state": alarm.state,
            "retain": alarm.waits,
            "time": self._time(raised),
            "source": alarm.source,
            "message": alarm.message,
        }

    def _time(self, time: datetime | None) -> str:
        return presentation.date_time_text(time, self._zone) if time else ""

    def _raised_value(self, alarm: Alarm) -> str:
        """Return what the watched value was when the alarm began, with its unit."""
        if alarm.raised_value is None:
            return ""
        variable = self._person.points.find(alarm.input)
        # A moment later it is known, and the row is told again.
        if variable is None:
            return ""
        decimal = self._person.language.decimal
        return presentation.told_text(variable, alarm.raised_value, decimal)


class AlarmNews:
    """What has changed of a person's alarms since their page was last told.

    Only that: of a large site in trouble all would be half a megabyte with each alarm that comes.

    Parameters
    ----------
    with_acts
        Whether the page shows all of an alarm, and what can be done about it.
    """

    def __init__(self, person: Person, zone: ZoneInfo, *, with_acts: bool) -> None:
        self._person, self._rows, self._with_acts = person, AlarmRows(person, zone), with_acts
        self._told: dict[str, tuple[Alarm, dict[str, Any] | None]] = {}
        self._version = -1

    def take(self) -> dict[str, Any] | None:
        """Return rows that are new or other than before, and keys of those gone; None: none."""
        alarms = self._person.alarms
        if alarms.version == self._version:
            return None
        self._version = alarms.version
        known = alarms.known()
        gone = [key for key in self._told if key not in known]
        for key in gone:
            del self._told[key]
        rows = [row for alarm in known.values() if (row := self._row(alarm)) is not None]
        return {"current": alarms.current, "alarms": {"rows": rows, "gone": gone}}

    def _row(self, alarm: Alarm) -> dict[str, Any] | None:
        """Return the row of an alarm; None: it is as it was told."""
        before, row = self._told.get(alarm.key, (None, None))
        if not self._with_acts:
            # It follows from the alarm alone, and need not be kept: there may be hundreds.
            self._told[alarm.key] = (alarm, None)
            return None if before is alarm else self._rows.brief(alarm)
        # The right to acknowledge is part of it: it comes a moment later than the alarm itself.
        fresh = self._rows.live(alarm)
        self._told[alarm.key] = (alarm, fresh)
        return None if fresh == row else fresh
