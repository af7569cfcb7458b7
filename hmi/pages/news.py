"""Collect the news of one page since its last push: values, alarms, heartbeat."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from asyncua import ua

from heatpump_twin.hmi import presentation
from heatpump_twin.hmi.alarm_list import Alarm
from heatpump_twin.hmi.errors import TwinUnreachableError
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.live import LiveValues
from heatpump_twin.hmi.person import Person, TwinLink

logger = structlog.stdlib.get_logger(__name__)


class News:
    """News of one page: values, alarms, link and heartbeat; nothing is sent twice."""

    def __init__(self, person: Person, variables: Iterable[Variable], zone: ZoneInfo) -> None:
        self.values = LiveValues(variables)
        self._person = person
        self._zone = zone
        self._beats = 0
        self._alarms: tuple[int, tuple[tuple[bool, bool], ...]] | None = None
        self._link: TwinLink | None = None

    async def open(self) -> None:
        """Subscribe to the page's values."""
        try:
            await self._person.add(self.values)
        except (OSError, TimeoutError, ua.UaError, TwinUnreachableError) as error:
            # The person's session notices the loss by itself and attaches us on the next one.
            logger.warning("page_without_values", error=repr(error))

    async def close(self) -> None:
        """End the subscription: the page is gone."""
        await self._person.remove(self.values)

    def take(self) -> dict[str, Any] | None:
        """Return the message to push to the page; None: nothing is new."""
        message: dict[str, Any] = {}
        changes = self.values.take_changes()
        if changes:
            message["values"] = {
                key: presentation.message(self.values.variables[key], sample, self._zone)
                for key, sample in changes.items()
            }
        rows = self._person.alarms.rows()
        # The right to acknowledge is part of it: it comes a moment later than the alarm itself.
        person = self._person
        rights = tuple((person.may_respond(alarm), person.may_put_away(alarm)) for alarm in rows)
        alarms = (person.alarms.version, rights)
        if alarms != self._alarms:
            self._alarms = alarms
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
        # When it began: what is done about it must not make it look younger.
        time, until = alarm.raised or alarm.time, alarm.shelved_until
        return {
            "key": alarm.key,
            "unit": alarm.unit,
            "priority": alarm.priority,
            "severity": alarm.severity,
            "state": alarm.state,
            "retain": alarm.waits,
            "wants": alarm.wants,
            "time": presentation.date_time_text(time, self._zone) if time else "",
            "source": alarm.source,
            "message": alarm.message,
            "cause": alarm.cause,
            "action": alarm.action,
            "may": self._person.may_respond(alarm),
            "shelved": alarm.shelved,
            "until": presentation.date_time_text(until, self._zone) if until else "",
            "putsAway": alarm.puts_away if self._person.may_put_away(alarm) else "",
        }
