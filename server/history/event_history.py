"""Events of the past: those that were sent to clients, and the audit for whoever may see it."""

from __future__ import annotations

from dataclasses import dataclass

from asyncua import ua

from heatpump_twin.server.history.event_codec import EventCodec
from heatpump_twin.server.history.event_query import EventPlace, EventQuery, EventSource
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.event import SERVER_NODE, Event
from heatpump_twin.server.space.point_values import to_microseconds
from heatpump_twin.server.space.ua_values import content
from heatpump_twin.server.subscription.filters.event_fields import EventFields
from heatpump_twin.server.subscription.filters.event_filter import checked
from heatpump_twin.twin_engine.historian.events.event_log import EventLog
from heatpump_twin.twin_engine.historian.events.event_rows import EventRecord

CODES = ua.StatusCodes
READABLE = ua.EventNotifier.HistoryRead.mask


@dataclass(frozen=True, slots=True)
class SentEvents:
    """The kept events of a node and of those beneath it, as a source."""

    log: EventLog
    codec: EventCodec
    beneath: str

    async def events(
        self, first: int, last: int, *, limit: int, reverse: bool, behind: EventPlace | None
    ) -> list[tuple[EventPlace, Event]]:
        """Return events with first ≤ time < last in order of time, behind one of them."""
        found = await self.log.page(
            first, last, beneath=self.beneath, limit=limit, reverse=reverse, behind=behind
        )
        return [((record.time, number), self.codec.read(record.data)) for number, record in found]


class EventHistory:
    """The history of events of all notifiers."""

    def __init__(self, log: EventLog, codec: EventCodec, audit: EventSource) -> None:
        self._log = log
        self._codec = codec
        self._audit = audit

    def keep(self, event: Event, notifier: ua.NodeId) -> None:
        """Keep an event that climbs up from a notifier."""
        self._log.note(self.record_of(event, notifier))

    def record_of(self, event: Event, notifier: ua.NodeId) -> EventRecord:
        """Return an event that climbs up from a notifier as it is kept."""
        event_id = event.fields[("EventId",)].Value
        time = to_microseconds(event.fields[("Time",)].Value)
        origin, data = str(notifier.Identifier), self._codec.written(event)
        return EventRecord(event_id, time, origin, data)

    def query(
        self, node: ua.NodeId, details: ua.ReadEventDetails, aspace: TwinAddressSpace
    ) -> EventQuery | int:
        """Return the query of a node, or why it is refused."""
        if node not in aspace:
            return int(CODES.BadNodeIdUnknown)
        if not keeps_events(aspace, node):
            return int(CODES.BadHistoryOperationUnsupported)
        if not isinstance(details.Filter, ua.EventFilter):
            return int(CODES.BadEventFilterInvalid)
        wanted, _ = checked(details.Filter, EventFields(aspace))
        if wanted is None:
            return int(CODES.BadEventFilterInvalid)
        query = EventQuery.parse(details, wanted, _beneath(node))
        return int(CODES.BadHistoryOperationInvalid) if query is None else query

    async def page(
        self, query: EventQuery, *, audit: bool
    ) -> tuple[ua.HistoryEvent, EventQuery | None]:
        """Return the selected fields of the next events, with the query for the rest.

        ``audit``: those of the audit are among them, which are events of the Server object.
        """
        sources: list[EventSource] = [SentEvents(self._log, self._codec, query.beneath)]
        if audit and not query.beneath:
            sources.append(self._audit)
        events, rest = await query.read(sources)
        answer = ua.HistoryEvent()
        answer.Events = [ua.HistoryEventFieldList(query.filter.fields(event)) for event in events]
        return answer, rest


def keeps_events(aspace: TwinAddressSpace, node: ua.NodeId) -> bool:
    """Tell whether a node is one whose events are kept."""
    notifier = aspace.read_attribute_value(node, ua.AttributeIds.EventNotifier)
    return bool((content(notifier) or 0) & READABLE)


def is_below(origin: str, notifier: ua.NodeId) -> bool:
    """Tell whether what climbs up from a node is an event of a notifier, too."""
    beneath = _beneath(notifier)
    return not beneath or origin == beneath or origin.startswith(f"{beneath}.")


def _beneath(notifier: ua.NodeId) -> str:
    """Return the node whose events and those beneath it are a notifier's; empty: all are."""
    return "" if notifier == SERVER_NODE else str(notifier.Identifier)
