"""Collect the news of one page since its last push: values, alarms, heartbeat."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from heatpump_twin.hmi import presentation
from heatpump_twin.hmi.alarms.alarm_list import Alarm
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.live import PageValues
from heatpump_twin.hmi.person import Person, TwinLink

_LOOK = 0.5
"""[s]"""


class News:
    """News of one page: values, alarms, link and heartbeat; nothing is sent twice."""

    def __init__(self, person: Person, variables: Iterable[Variable], zone: ZoneInfo) -> None:
        self.values = PageValues(variables)
        self._person = person
        self._zone = zone
        self._beats = 0
        self._alarms: tuple[int, bool, tuple[tuple[bool, bool], ...]] | None = None
        self._link: TwinLink | None = None

    def open(self) -> None:
        """Watch the page's values."""
        self._person.values.open(self.values)

    def close(self) -> None:
        """Watch nothing any more: the page is gone."""
        self._person.values.close(self.values)

    async def wait(self) -> None:
        """Return when a value has come, or it is time to look whether something else has."""
        # Alarms, rights and heartbeat are looked for: each has an owner of its own, and half a
        # second is soon enough for them.
        with suppress(TimeoutError):
            await asyncio.wait_for(self.values.woken.wait(), _LOOK)

    def take(self) -> dict[str, Any] | None:
        """Return the message to push to the page; None: nothing is new."""
        message: dict[str, Any] = {}
        changes = self.values.take()
        if changes:
            decimal = self._person.language.decimal
            message["values"] = {
                key: presentation.message(self.values.variables[key], sample, self._zone, decimal)
                for key, sample in changes.items()
            }
        rows = self._person.alarms.rows()
        # The right to acknowledge is part of it: it comes a moment later than the alarm itself.
        person = self._person
        rights = tuple((person.may_respond(alarm), person.may_put_away(alarm)) for alarm in rows)
        alarms = (person.alarms.version, person.alarms.current, rights)
        if alarms != self._alarms:
            self._alarms = alarms
            message["current"] = person.alarms.current
            message["alarms"] = [self._row(alarm) for alarm in rows]
        if self._person.link is not self._link:
            self._link = self._person.link
            message["link"] = str(self._link)
        if self._person.beats != self._beats:
            self._beats = self._person.beats
            message["clock"] = presentation.date_time_text(self._person.now(), self._zone)
            # Also when no value moves: a page that hears nothing for 5 s greys its values, so
            # that a frozen server does not look like a steady machine.
            message["beat"] = self._beats
        return message or None

    def _row(self, alarm: Alarm) -> dict[str, Any]:
        return {
            "key": alarm.key,
            "unit": alarm.unit,
            "priority": alarm.priority,
            "severity": alarm.severity,
            "state": alarm.state,
            "retain": alarm.waits,
            "wants": alarm.wants,
            # When it began: what is done about it must not make it look younger.
            "time": self._time(alarm.raised or alarm.time),
            "value": self._raised_value(alarm),
            "acknowledged": self._time(alarm.acknowledged_at) if alarm.acknowledged else "",
            "returned": self._time(alarm.returned_at),
            "source": alarm.source,
            "message": alarm.message,
            "cause": alarm.cause,
            "action": alarm.action,
            "may": self._person.may_respond(alarm),
            "shelved": alarm.shelved,
            "until": self._time(alarm.shelved_until),
            "putsAway": alarm.puts_away if self._person.may_put_away(alarm) else "",
        }

    def _time(self, time: datetime | None) -> str:
        return presentation.date_time_text(time, self._zone) if time else ""

    def _raised_value(self, alarm: Alarm) -> str:
        """Return what the watched value was when the alarm began, with its unit."""
        unit = self._person.unit(alarm.unit)
        variable = unit.variables.get(alarm.input.rpartition(".")[2]) if unit else None
        if variable is None or alarm.raised_value is None or variable.key != alarm.input:
            return ""
        text = presentation.value_text(variable, alarm.raised_value, self._person.language.decimal)
        return f"{text} {variable.unit}".rstrip()
