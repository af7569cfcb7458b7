"""Queries of recorded events: a range given by start, end and count (OPC 10000-11, 6.5.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from asyncua import ua

from heatpump_twin.server import limits
from heatpump_twin.server.history.raw_query import RawQuery
from heatpump_twin.server.space.event import Event
from heatpump_twin.server.subscription.filters.event_filter import EventFilter

PAGE = 500
"""Events of a source that are read at once."""
MOST_LOOKED_AT = 5_000
"""Events of a source that one response looks at, however few of them pass the filter."""


EventPlace = tuple[int, int]
"""Time and number of an event in its source."""


class EventSource(Protocol):
    """Where events of the past come from."""

    async def events(
        self, first: int, last: int, *, limit: int, reverse: bool, behind: EventPlace | None
    ) -> list[tuple[EventPlace, Event]]:
        """Return events with first ≤ time < last in order of time, behind one of them."""
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
    beneath: str = ""
    """The node whose events and those beneath it are meant; empty: all."""
    behind: tuple[EventPlace | None, ...] = (None, None)
    """For each source, the event after which to go on."""

    @classmethod
    def parse(
        cls, details: ua.ReadEventDetails, wanted: EventFilter, beneath: str
    ) -> EventQuery | None:
        """Return the query of a request; None: fewer than two of start, end and count."""
        raw = ua.ReadRawModifiedDetails()
        raw.StartTime, raw.EndTime = details.StartTime, details.EndTime
        raw.NumValuesPerNode, raw.ReturnBounds = details.NumValuesPerNode, False
        span = RawQuery.parse("", raw, limits.MAX_HISTORY_EVENTS)
        if span is None:
            return None
        return cls(wanted, span.low, span.high, span.reverse, span.page, span.total, beneath)

    async def read(self, sources: Sequence[EventSource]) -> tuple[list[Event], EventQuery | None]:
        """Return the next events that pass the filter, with the query for the rest."""
        most = self.page if self.left is None else min(self.page, self.left)
        found: list[Event] = []
        query = self
        for _ in range(MOST_LOOKED_AT // PAGE):
            pages = [await query.look(source, which) for which, source in enumerate(sources)]
            left = [len(page) for page in pages]
            for which, place, event in self.merged(pages):
                query = query.passed(which, place)
                left[which] -= 1
                if self.filter.passes(event):
                    found.append(event)
                    if len(found) == most:
                        return found, query.without(most)
                if left[which] == 0 and len(pages[which]) == PAGE:
                    break  # its next ones may be before those of the others
            else:
                return found, None
        return found, query.without(len(found))

    async def look(self, source: EventSource, which: int) -> list[tuple[EventPlace, Event]]:
        """Return the next events of a source."""
        return await source.events(
            self.low, self.high, limit=PAGE, reverse=self.reverse, behind=self.behind[which]
        )

    def merged(
        self, pages: Sequence[list[tuple[EventPlace, Event]]]
    ) -> list[tuple[int, EventPlace, Event]]:
        """Return events of all sources in order of time, with the number of the source."""
        events = [(which, *found) for which, page in enumerate(pages) for found in page]
        # Stable: the order of a source stays.
        return sorted(events, key=lambda found: found[1][0], reverse=self.reverse)

    def passed(self, which: int, place: EventPlace) -> EventQuery:
        """Return the query after an event of a source."""
        behind = (*self.behind[:which], place, *self.behind[which + 1 :])
        return replace(self, behind=behind)

    def without(self, number: int) -> EventQuery | None:
        """Return the query after a number of events; None: no more are wanted."""
        if self.left is None:
            return self
        return replace(self, left=self.left - number) if self.left > number else None
