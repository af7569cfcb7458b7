"""Read the alarm journal for one page, and carry it on with what happens meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
from asyncua import ua
from nicegui import Client

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.alarms.condition_report import Alarm, identifier_of
from heatpump_twin.hmi.endpoint import status_name
from heatpump_twin.hmi.errors import TwinUnreachableError
from heatpump_twin.hmi.journal.alarm_journal import AlarmJournal, alarm_events
from heatpump_twin.hmi.journal.days import AHEAD, days_between
from heatpump_twin.hmi.pages.alarm_rows import AlarmRows
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.presentation import date_time_text, epoch_ms

_DAYS = 7
"""Of which the journal shows the alarms, until somebody chooses other ones."""
_OVERLAP = timedelta(seconds=10)
"""Read again with what is new: an event is written some tenths of a second after it was sent."""


class JournalReader:
    """Journal of the range of time that a page has chosen; one reading is under way at a time."""

    def __init__(self, person: Person, zone: ZoneInfo, client: Client) -> None:
        self._person, self._zone, self._client = person, zone, client
        self._rows = AlarmRows(person, zone)
        self._journal = AlarmJournal()
        self._busy = asyncio.Lock()
        self._range = ("", "")
        self._version = -1
        self._read_to: datetime | None = None

    async def begin(self) -> None:
        """Read for the first time, and have what is put away in the list as well."""
        first = self._person.now().astimezone(self._zone).date() - timedelta(days=_DAYS - 1)
        self._run(f"document.querySelector('[data-filter=from]').value ||= '{first}'")
        await self.choose(str(first), "")
        try:
            await self._person.find_put_away()
            self._run("alarmTable.complete()")
        except (TwinUnreachableError, OSError, TimeoutError, ua.UaError) as error:
            self._fail(error)

    async def choose(self, first: str, last: str) -> None:
        """Read the days from one to another, both included; empty: as far as there are any."""
        self._range = (first, last)
        async with self._busy:
            self._journal = AlarmJournal()
            start, end = self._span()
            self._say(texts.JOURNAL_READING)
            await self._read(start, end, anew=True)

    async def follow(self) -> None:
        """Read what has happened since, if something has."""
        person = self._person
        if person.alarms.version == self._version or self._read_to is None or self._busy.locked():
            return
        async with self._busy:
            self._version = person.alarms.version
            await self._read(self._read_to - _OVERLAP, person.now() + AHEAD, anew=False)

    async def _read(self, start: datetime, end: datetime, *, anew: bool) -> None:
        now = self._person.now()
        try:
            client = self._person.client
            found = await alarm_events(client, start, end)
            inputs = [identifier_of(event.get("InputNode")) for event in found.events]
            await self._person.points.learn(client, inputs)
        except (TwinUnreachableError, OSError, TimeoutError, ua.UaError) as error:
            self._fail(error)
            return
        self._read_to = now
        changed = self._journal.take(reversed(found.events))
        self._show(changed.values(), anew=anew)
        if anew:
            oldest = found.events[-1]["Time"] if found.events and not found.complete else None
            said = texts.journal_from(date_time_text(oldest, self._zone)) if oldest else ""
            self._say(said)

    def _show(self, alarms: Iterable[Alarm], *, anew: bool) -> None:
        rows = [self._rows.recorded(alarm) for alarm in alarms]
        start, end = (epoch_ms(time) for time in self._span())
        said = orjson.dumps([rows, anew, start, end]).decode()
        self._run(f"alarmTable.journal(...{said})")

    def _span(self) -> tuple[datetime, datetime]:
        return days_between(*self._range, self._person.now(), self._zone)

    def _fail(self, error: Exception) -> None:
        why = (
            texts.reason(status_name(error.code))
            if isinstance(error, ua.UaStatusCodeError)
            else texts.TWIN_UNREACHABLE
        )
        self._say(texts.journal_failed(self._person.say(why)))

    def _say(self, text: str) -> None:
        words = orjson.dumps(self._person.say(text)).decode()
        self._run(f"document.getElementById('journal-note').textContent = {words}")

    def _run(self, code: str) -> None:
        self._client.run_javascript(code)
