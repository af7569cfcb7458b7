"""A monitored notifier: events that pass the filter wait in a queue (OPC 10000-4, 5.13.1.5)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from asyncua import ua

from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.server.limits import MAX_QUEUE
from heatpump_twin.server.space.event import Event, system_event
from heatpump_twin.server.subscription.filters.event_filter import EventFilter
from heatpump_twin.server.subscription.value_item import OBJECT

LOST = Text("Events were lost: the queue was full", Context.MESSAGES)


FIELDS = 4
"""Fields of an event that take as much memory as a value: they are the event's own."""


class EventItem:
    """One monitored item for the events of an object."""

    def __init__(
        self,
        number: int,
        notifier: ua.NodeId,
        mode: ua.MonitoringMode,
        news: Callable[[EventItem], None],
    ) -> None:
        self.number = number
        self.notifier = notifier
        self.mode = mode
        self.handle = 0
        self.triggered = False
        self._news = news
        self._filter: EventFilter | None = None
        self._size = MAX_QUEUE
        self._fields_each = 0
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
        """Values that it may hold: an event is as large as the fields that it has."""
        return OBJECT + self._size * (1 + self._fields_each // FIELDS)

    @property
    def reportable(self) -> bool:
        """Whether there is something to report."""
        waits = bool(self._queue) or self._lost is not None
        return waits and (self.mode is ua.MonitoringMode.Reporting or self.triggered)

    def change(self, filter_: EventFilter, wanted: ua.MonitoringParameters, room: int) -> int:
        """Take the settings of a request; return the revised size of the queue.

        ``room``: values that its queue may hold.
        """
        self.handle = wanted.ClientHandle
        self._filter = filter_
        # 0 asks for the server's own limit, 1 for its smallest useful one.
        asked = MAX_QUEUE if wanted.QueueSize <= 1 else min(wanted.QueueSize, MAX_QUEUE)
        self._fields_each = len(filter_.select)
        self._size = max(1, min(asked, room // (1 + self._fields_each // FIELDS)))
        self._oldest = bool(wanted.DiscardOldest)
        return int(self._size)

    def set_mode(self, mode: ua.MonitoringMode) -> None:
        """Queue, report or do neither from now on."""
        self.mode = mode
        if mode is ua.MonitoringMode.Disabled:
            self._queue.clear()
            self._lost = None

    def offer(self, event: Event, now: int) -> None:
        """Queue an event that passes the filter."""
        if (
            self.mode is ua.MonitoringMode.Disabled
            or self._filter is None
            or not self._filter.passes(event)
        ):
            return
        self._queue.append(self._fields(event))
        if len(self._queue) > self._size:
            self._lost = now
            del self._queue[0 if self._oldest else -2]
        self._news(self)

    def take(self, most: int) -> list[ua.EventFieldList]:
        """Return what is to be reported, ``most`` at most, and forget it."""
        taken: list[ua.EventFieldList] = []
        if self._lost is not None and self._oldest:
            taken.append(self._overflow(self._lost))
        taken.extend(self._queue.popleft() for _ in range(min(most - len(taken), self.queued)))
        if self._lost is not None and not self._oldest and not self._queue and len(taken) < most:
            taken.append(self._overflow(self._lost))
            self._lost = None
        if self._oldest:
            self._lost = None
        self.triggered &= bool(self._queue)
        return taken

    def _fields(self, event: Event) -> ua.EventFieldList:
        fields = self._filter.fields(event) if self._filter is not None else []
        return ua.EventFieldList(self.handle, fields)

    def _overflow(self, time: int) -> ua.EventFieldList:
        """Return the event that says where in the queue others are missing (OPC 10000-5, 6.4.33).

        It is not counted in the queue, and passes every filter.
        """
        return self._fields(system_event(ua.ObjectIds.EventQueueOverflowEventType, LOST, time))
