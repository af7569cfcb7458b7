"""A monitored notifier: events that pass the filter wait in a queue (OPC 10000-4, 5.13.1.5)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from asyncua import ua

from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.server.limits import MAX_QUEUE
from heatpump_twin.server.space.event import Event, system_event
from heatpump_twin.server.subscription.filters.event_filter import EventFilter
from heatpump_twin.server.subscription.queue_budget import QueueBudget
from heatpump_twin.server.subscription.value_item import OBJECT

LOST = Text("Events were lost: the queue was full", Context.MESSAGES)


EVENT, FIELDS = 10, 4
"""Values that take as much memory as an event, and fields that take as much as a value."""


class EventItem:
    """One monitored item for the events of an object."""

    def __init__(
        self,
        number: int,
        notifier: ua.NodeId,
        mode: ua.MonitoringMode,
        news: Callable[[EventItem], None],
        budget: QueueBudget,
    ) -> None:
        self.number = number
        self.notifier = notifier
        self.mode = mode
        self.handle = 0
        self.triggered = False
        self._news = news
        self._budget = budget
        self._filter: EventFilter | None = None
        self._size = MAX_QUEUE
        self._clauses = 0
        self._oldest = True
        self._queue: deque[ua.EventFieldList] = deque()
        self._lost: int | None = None
        """When an event was lost first. [µs]"""

    @property
    def queued(self) -> int:
        """Number of events that wait."""
        return len(self._queue)

    @property
    def room(self) -> int:
        """Values that take as much memory as the item, without the events that it holds."""
        return OBJECT + self._clauses * FIELDS

    @property
    def reportable(self) -> bool:
        """Whether there is something to report."""
        waits = bool(self._queue) or self._lost is not None
        return waits and (self.mode is ua.MonitoringMode.Reporting or self.triggered)

    def change(self, filter_: EventFilter, wanted: ua.MonitoringParameters) -> int:
        """Take the settings of a request; return the revised size of the queue."""
        self.handle = wanted.ClientHandle
        self._filter = filter_
        # 0 asks for the server's own limit, 1 for its smallest useful one.
        self._size = MAX_QUEUE if wanted.QueueSize <= 1 else min(wanted.QueueSize, MAX_QUEUE)
        self._clauses = len(filter_.select)
        self._oldest = bool(wanted.DiscardOldest)
        return int(self._size)

    def set_mode(self, mode: ua.MonitoringMode) -> None:
        """Queue, report or do neither from now on."""
        self.mode = mode
        if mode is ua.MonitoringMode.Disabled:
            self.clear()

    def clear(self) -> None:
        """Forget what waits."""
        while self._queue:
            self._pop(0)
        self._lost = None

    def offer(self, event: Event, now: int) -> None:
        """Queue an event that passes the filter."""
        if (
            self.mode is ua.MonitoringMode.Disabled
            or self._filter is None
            or not self._filter.passes(event)
        ):
            return
        fields = self._fields(event)
        self._queue.append(fields)
        self._budget.held += _weight(fields)
        if len(self._queue) > self._size or self._budget.crowded:
            self._lost = now
            self._pop(0 if self._oldest or len(self._queue) == 1 else -2)
        self._news(self)

    def take(self, most: int) -> list[ua.EventFieldList]:
        """Return what is to be reported, ``most`` at most, and forget it."""
        taken: list[ua.EventFieldList] = []
        if self._lost is not None and self._oldest:
            taken.append(self._overflow(self._lost))
        taken.extend(self._pop(0) for _ in range(min(most - len(taken), self.queued)))
        if self._lost is not None and not self._oldest and not self._queue and len(taken) < most:
            taken.append(self._overflow(self._lost))
            self._lost = None
        if self._oldest:
            self._lost = None
        self.triggered &= bool(self._queue)
        return taken

    def _pop(self, place: int) -> ua.EventFieldList:
        event = self._queue[place]
        del self._queue[place]
        self._budget.held -= _weight(event)
        return event

    def _fields(self, event: Event) -> ua.EventFieldList:
        fields = self._filter.fields(event) if self._filter is not None else []
        return ua.EventFieldList(self.handle, fields)

    def _overflow(self, time: int) -> ua.EventFieldList:
        """Return the event that says where in the queue others are missing (OPC 10000-5, 6.4.33).

        It is not counted in the queue, and passes every filter.
        """
        return self._fields(system_event(ua.ObjectIds.EventQueueOverflowEventType, LOST, time))


def _weight(event: ua.EventFieldList) -> int:
    return EVENT + len(event.EventFields) // FIELDS
