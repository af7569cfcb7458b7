"""Corrections of kept events that clients ask for (OPC 10000-11, 6.9.4 and 6.9.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from asyncua import ua

from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.server.history.event_codec import EventCodec
from heatpump_twin.server.history.event_history import keeps_events
from heatpump_twin.server.history.update.event_correction import EventCorrection
from heatpump_twin.server.history.update.event_form import EventForm
from heatpump_twin.server.history.update.event_reader import EventReader
from heatpump_twin.server.history.update.update_results import (
    FAILED,
    broken_off,
    in_rounds,
    rejected,
    results_of,
)
from heatpump_twin.server.limits import MAX_AHEAD
from heatpump_twin.server.security.recorder import Recorder
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.server.space.ua_values import status_code
from heatpump_twin.server.subscription.filters.event_fields import EventFields
from heatpump_twin.twin_engine.correction import Change
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.historian.events.event_log import EventLog

CODES = ua.StatusCodes
T = TypeVar("T")
PIECE = 100
"""Events in one record of the audit, and in one transaction."""


@dataclass(frozen=True, slots=True)
class EventUpdates:
    """The corrections of kept events that clients ask for."""

    log: EventLog
    codec: EventCodec
    recorder: Recorder
    aspace: TwinAddressSpace
    namespace: int
    clock: Clock
    flush: Callable[[], Awaitable[None]]
    """Have events of conditions written that wait; raises an `EngineError`."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """What one correction has found must be there until it has changed it."""

    async def update(self, who: tuple[str, str], details: object) -> ua.HistoryUpdateResult:
        """Carry out one update for a user from an origin, or tell why not."""
        # Whoever has just heard of an event may ask for it; where the database is away, what asks
        # for it says so.
        with suppress(EngineError):
            await self.flush()
        match details:
            case ua.UpdateEventDetails() if keeps_events(self.aspace, details.NodeId):
                return await self._write(self._work(who, details.NodeId), details)
            case ua.DeleteEventDetails() if keeps_events(self.aspace, details.NodeId):
                return await self._delete(self._work(who, details.NodeId), details)
        return rejected(CODES.BadHistoryOperationUnsupported)

    def _work(self, who: tuple[str, str], notifier: ua.NodeId) -> EventCorrection:
        now, fields = self.clock.now(), EventFields(self.aspace)
        latest = now + round(MAX_AHEAD * MICROSECONDS)
        reader = EventReader(
            self.aspace, fields, self.codec, notifier, self.namespace, to_datetime(now), latest
        )
        return EventCorrection(self.log, self.codec, self.recorder, reader, who)

    async def _write(
        self, work: EventCorrection, details: ua.UpdateEventDetails
    ) -> ua.HistoryUpdateResult:
        if details.PerformInsertReplace not in (1, 2, 3):  # Remove is none of them (6.9.4.1)
            return rejected(CODES.BadInvalidArgument)
        if not details.EventData:
            return rejected(CODES.BadNothingToDo)
        change = Change(int(details.PerformInsertReplace))
        form = EventForm.of(details.Filter, change)
        if isinstance(form, int):
            return rejected(form)
        rows = list(enumerate(event.EventFields or [] for event in details.EventData))
        results = [FAILED] * len(rows)
        # Those without an EventId are no two of the same.
        for some in in_rounds(rows, lambda values: form.event_id(values) or object()):
            for piece in _pieces(some):
                try:
                    async with self._turn:
                        codes = await work.write(change, form, [values for _, values in piece])
                except EngineError as error:
                    return broken_off(results, error)
                for (place, _), code in zip(piece, codes, strict=True):
                    results[place] = code
        return results_of(results)

    async def _delete(
        self, work: EventCorrection, details: ua.DeleteEventDetails
    ) -> ua.HistoryUpdateResult:
        if not details.EventIds:
            return rejected(CODES.BadNothingToDo)
        results: list[int] = []
        for piece in _pieces([event_id or b"" for event_id in details.EventIds]):
            try:
                async with self._turn:
                    results += await work.delete(piece)
            except EngineError as error:
                return broken_off(results, error)
        answer = results_of(results)
        if not any(code == CODES.Good for code in results):
            answer.StatusCode = status_code(CODES.BadNoData)
        return answer


def _pieces(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(items), PIECE):
        yield items[first : first + PIECE]
