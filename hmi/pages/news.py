"""Collect the news of one page since its last push: values, alarms, heartbeat."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

from heatpump_twin.hmi import presentation
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.live import PageValues
from heatpump_twin.hmi.pages.alarm_rows import AlarmNews
from heatpump_twin.hmi.person import Person, TwinLink

_LOOK = 0.5
"""[s]"""


class News:
    """News of one page: values, alarms, link and heartbeat; nothing is sent twice."""

    def __init__(
        self,
        person: Person,
        variables: Iterable[Variable],
        zone: ZoneInfo,
        *,
        with_acts: bool = False,
    ) -> None:
        self.values = PageValues(variables)
        self._person = person
        self._zone = zone
        self._alarms = AlarmNews(person, zone, with_acts=with_acts)
        self._beats = 0
        self._link: TwinLink | None = None
        self._open = False

    def open(self) -> None:
        """Watch the page's values."""
        self._open = True
        self._person.values.open(self.values)

    def close(self) -> None:
        """Watch nothing any more: the page is gone."""
        self._open = False
        self._person.values.close(self.values)

    def watch(self, variables: Iterable[Variable]) -> None:
        """Watch other values from now on."""
        # Somebody who still reads for a page that is gone would watch for ever.
        if self._open:
            self._person.values.turn(self.values, variables)

    async def wait(self) -> None:
        """Return when a value has come, or it is time to look whether something else has."""
        # Alarms, rights and heartbeat are looked for: each has an owner of its own, and half a
        # second is soon enough for them.
        # No wait_for: of Python 3.11 it takes no notice of a cancellation in the moment in which a
        # value comes, and the page would be pushed to for ever.
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK):
                await self.values.woken.wait()

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
        message |= self._alarms.take() or {}
        if self._person.link is not self._link:
            self._link = self._person.link
            message["link"] = str(self._link)
        if self._person.beats != self._beats:
            self._beats = self._person.beats
            message["now"] = presentation.epoch_ms(self._person.now())
            message["clock"] = presentation.date_time_text(self._person.now(), self._zone)
            # Also when no value moves: a page that hears nothing for 5 s greys its values, so
            # that a frozen server does not look like a steady machine.
            message["beat"] = self._beats
        return message or None
