"""Corrections of the kept events of one node for one client: on record before they are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from asyncua import ua

from heatpump_twin.drivers.status import GOOD
from heatpump_twin.server.history.event_codec import EventCodec
from heatpump_twin.server.history.event_history import is_below
from heatpump_twin.server.history.update.event_form import EVENT_ID, TIME, EventForm
from heatpump_twin.server.history.update.event_reader import SOURCE, EventReader, FieldError
from heatpump_twin.server.history.update.event_record import (
    deleted_events,
    key_of,
    old_events,
    written_events,
)
from heatpump_twin.server.history.update.update_results import FAILED, result_of
from heatpump_twin.server.security.recorder import Recorder
from heatpump_twin.server.space.event import Event
from heatpump_twin.server.space.point_values import to_microseconds
from heatpump_twin.twin_engine.commands.audit_entry import AuditKind
from heatpump_twin.twin_engine.correction import Change
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.historian.events.event_log import EventLog
from heatpump_twin.twin_engine.historian.events.event_rows import EventRecord, Numbered

CODES = ua.StatusCodes
Values = Sequence[ua.Variant]
Found = Mapping[bytes, Numbered]


@dataclass(frozen=True, slots=True)
class EventDraft:
    """An event that is about to be written."""

    event: Event
    record: EventRecord
    place: int | None
    """The row of the event in whose place it comes; None: it is a new one."""
    result: int


@dataclass(frozen=True, slots=True)
class EventCorrection:
    """The corrections that one update of a request makes; no other may go on at the same time."""

    log: EventLog
    codec: EventCodec
    recorder: Recorder
    reader: EventReader
    who: tuple[str, str]
    """User and origin."""

    async def write(self, change: Change, form: EventForm, rows: Sequence[Values]) -> list[int]:
        """Insert, replace or update events, each with another EventId; return their results."""
        found = await self._find([form.event_id(values) for values in rows])
        drafts = [
            self._draft(change, form, values, found.get(form.event_id(values))) for values in rows
        ]
        news = [draft for draft in drafts if isinstance(draft, EventDraft)]
        events = [draft.event for draft in news]
        asked = written_events(self.codec, change, form.known, events)
        added = [draft.record for draft in news if draft.place is None]
        replaced = {draft.place: draft.record for draft in news if draft.place is not None}
        number = await self._begin(asked)
        try:
            await self.log.correct(added, replaced)
        except EngineError as error:
            await self.recorder.end(number, FAILED, str(error))
            raise
        results = [draft.result if isinstance(draft, EventDraft) else draft for draft in drafts]
        old = [record for row, record in found.values() if row in replaced]
        await self._end(number, results, "written", old)
        return results

    async def delete(self, event_ids: Sequence[bytes]) -> list[int]:
        """Delete events; return the results."""
        found = await self._find(event_ids)
        gone = {key: one for key, one in found.items() if self._is_below(one)}
        number = await self._begin(deleted_events(event_ids))
        try:
            await self.log.remove([row for row, _ in gone.values()])
        except EngineError as error:
            await self.recorder.end(number, FAILED, str(error))
            raise
        old = [record for _, record in gone.values()]
        results = [
            result_of(Change.DELETE, there=gone.pop(key, None) is not None) for key in event_ids
        ]
        await self._end(number, results, "deleted", old)
        return results

    def _draft(
        self, change: Change, form: EventForm, values: Values, found: Numbered | None
    ) -> EventDraft | int:
        there = found is not None and self._is_below(found)
        result = result_of(change, there=there)
        if found is not None and not there and change is Change.UPDATE:
            result = int(CODES.BadEntryExists)  # it is another node's
        if result >> 31:
            return result
        old = self.codec.read(found[1].data) if found else None
        try:
            written = self.reader.event(form, values, old if change is Change.REPLACE else None)
            fields = written.event.fields
            if found and old and old.fields[SOURCE] == fields[SOURCE]:
                origin = found[1].origin  # a source may send on behalf of others
            else:
                origin = self.reader.origin(written.event)
        except FieldError as error:
            return error.code
        time = to_microseconds(fields[TIME].Value)
        data = self.codec.written(written.event)
        record = EventRecord(fields[EVENT_ID].Value, time, origin, data)
        if written.ignored:
            result = int(CODES.GoodDataIgnored)
        return EventDraft(written.event, record, found[0] if found else None, result)

    async def _find(self, event_ids: Iterable[bytes]) -> Found:
        known = [one for one in event_ids if one]
        return {record.event_id: (row, record) for row, record in await self.log.find(known)}

    def _is_below(self, found: Numbered) -> bool:
        return is_below(found[1].origin, self.reader.notifier)

    async def _begin(self, asked: str) -> int:
        key = key_of(self.reader.notifier)
        return await self.recorder.begin(AuditKind.HISTORY, self.who, key, after=asked)

    async def _end(
        self, number: int, results: Sequence[int], done: str, old: Sequence[EventRecord]
    ) -> None:
        good = sum(not code >> 31 for code in results)
        status = GOOD if good else results[0]
        before = old_events(self.codec, [self.codec.read(record.data) for record in old])
        message = f"{good} of {len(results)} events {done}"
        await self.recorder.end(number, status, message, before=before)
