"""Queries of recorded events: a range given by start, end and count (OPC 10000-11, 6.5.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from asyncua import ua

from heatpump_twin.server import limits
from heatpump_twin.server.history.raw_query import RawQuery
from heatpump_twin.server.space.event import Event
from heatpump_twin.server.subscription.filters.event_filter import EventFilter
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry

PAGE = 500
"""Records that are read at once."""
MOST_LOOKED_AT = 5_000
"""Records that one response looks at, however few of them pass the filter."""


class AuditReader(Protocol):
    """Read access to the audit."""

    async def attempts(
        self,
        first: int,
        last: int,
        *,
        limit: int,
        reverse: bool = False,
        behind: tuple[int, int] | None = None,
    ) -> list[tuple[int, AuditEntry]]:
        """Return number and entry of attempts with first ≤ time < last, behind one of them."""
        ...


@dataclass(frozen=True, slots=True)
class EventQuery:
    """The events that are still to be returned: low ≤ time < high. [µs]"""

    filter: EventFilter
    low: int
    high: int
    reverse: bool
    page: int
    """Events per response."""
    left: int | None
    """Events that are still wanted; None: all in the range."""
    behind: tuple[int, int] | None = None
    """Time and number of the record after which to go on."""

    @classmethod
    def parse(cls, details: ua.ReadEventDetails, wanted: EventFilter) -> EventQuery | None:
        """Return the query of a request; None: fewer than two of start, end and count."""
        raw = ua.ReadRawModifiedDetails()
        raw.StartTime, raw.EndTime = details.StartTime, details.EndTime
        raw.NumValuesPerNode, raw.ReturnBounds = details.NumValuesPerNode, False
        span = RawQuery.parse("", raw, limits.MAX_HISTORY_EVENTS)
        if span is None:
            return None
        return cls(wanted, span.low, span.high, span.reverse, span.page, span.total)

    async def read(
        self, records: AuditReader, event_of: Callable[[int, AuditEntry], Event]
    ) -> tuple[list[Event], EventQuery | None]:
        """Return the next events that pass the filter, with the query for the rest."""
        most = self.page if self.left is None else min(self.page, self.left)
        found: list[Event] = []
        query = self
        for _ in range(MOST_LOOKED_AT // PAGE):
            page = await records.attempts(
                query.low, query.high, limit=PAGE, reverse=query.reverse, behind=query.behind
            )
            for number, entry in page:
                query = replace(query, behind=(entry.time, number))
                event = event_of(number, entry)
                if self.filter.passes(event):
                    found.append(event)
                    if len(found) == most:
                        return found, query.without(most)
            if len(page) < PAGE:
                return found, None
        return found, query.without(len(found))

    def without(self, number: int) -> EventQuery | None:
        """Return the query after a number of events; None: no more are wanted."""
        if self.left is None:
            return self
        return replace(self, left=self.left - number) if self.left > number else None
