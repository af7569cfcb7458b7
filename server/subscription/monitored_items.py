"""The monitored items of one subscription (OPC 10000-4, 5.13)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from asyncua import ua

from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server.limits import (
    MAX_EVENTS_PER_PUBLISH,
    MAX_MONITORED_ITEMS_PER_SUBSCRIPTION,
    MAX_NOTIFICATIONS_PER_PUBLISH,
    MAX_QUEUED_VALUES,
)
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.event import Event
from heatpump_twin.server.subscription.aggregates.aggregate_item import AggregateItem
from heatpump_twin.server.subscription.data_change import NotificationEncoder
from heatpump_twin.server.subscription.event_item import EventItem
from heatpump_twin.server.subscription.filters.event_fields import EventFields
from heatpump_twin.server.subscription.message import OBJECT, Notifications
from heatpump_twin.server.subscription.node_facts import NodeFacts
from heatpump_twin.server.subscription.point_rows import ItemRows
from heatpump_twin.server.subscription.point_sampler import PointSampler
from heatpump_twin.server.subscription.queue_budget import QueueBudget
from heatpump_twin.server.subscription.sample_log import SampleLog
from heatpump_twin.server.subscription.value_item import ValueItem
from heatpump_twin.twin_engine.history import HistoryReader

GOOD = int(ua.StatusCodes.Good)
POINT = 34
"""Size of the notification of a point, at most. [B]"""
UNKNOWN_ITEM = int(ua.StatusCodes.BadMonitoredItemIdInvalid)
Item = ValueItem | EventItem


@dataclass(frozen=True, slots=True)
class Around:
    """What the items of all subscriptions have in common."""

    aspace: TwinAddressSpace
    sampler: PointSampler
    facts: NodeFacts
    fields: EventFields
    clock: Clock
    history: HistoryReader
    wall: Clock


class MonitoredItems:
    """The monitored items of one subscription: points in columns, all others as objects."""

    def __init__(
        self, number: int, around: Around, budget: QueueBudget, news: Callable[[], None]
    ) -> None:
        self.number = number
        self.around = around
        self.budget = budget
        self.log = SampleLog(around.sampler.rows, budget, news)
        self._news = news
        self._encoder = NotificationEncoder(around.sampler.rows)
        around.sampler.open(number, self)
        self.rows: dict[int, int] = {}
        """Row of each monitored point."""
        self.others: dict[int, Item] = {}
        self.aggregates: dict[int, AggregateItem] = {}
        """Those of the others whose values are computed in time."""
        self._dirty: dict[int, Item] = {}
        """Those that have something queued."""
        self._links: dict[int, set[int]] = {}
        self._last = 0

    # ── what there is ─────────────────────────────────────────────────────────────────────────────
    @property
    def count(self) -> int:
        """Number of monitored items."""
        return len(self.rows) + len(self.others)

    @property
    def handles(self) -> list[tuple[int, int]]:
        """Server handle and client handle of every monitored item."""
        table = self.around.sampler.rows.table
        points = [(item, int(table["handle"][row])) for item, row in self.rows.items()]
        return points + [(item, other.handle) for item, other in self.others.items()]

    def has(self, item: int) -> bool:
        """Tell whether a monitored item exists."""
        return item in self.rows or item in self.others

    def next_number(self) -> int:
        """Return the id of a new item."""
        self._last += 1
        return self._last

    @property
    def room(self) -> int:
        """How many values further queues can hold."""
        return min(MAX_QUEUED_VALUES - self.log.capacity, self.budget.left)

    @property
    def full(self) -> bool:
        """Whether there may be no further item."""
        return (
            self.count >= MAX_MONITORED_ITEMS_PER_SUBSCRIPTION
            or self.around.sampler.rows.used >= self.budget.items
            or self.budget.used >= self.budget.values
        )

    def add(self, item: Item) -> None:
        """Take in an item that is no monitored point."""
        self.others[item.number] = item
        self.log.capacity += item.room

    def add_aggregate(self, item: AggregateItem) -> None:
        """Take in an item whose values are computed in time."""
        self.add(item)
        self.aggregates[item.number] = item
        self._news()

    def note(self, item: Item) -> None:
        """Note that an item has something queued; it may be what others wait for."""
        self._dirty[item.number] = item
        self._news()
        if item.number in self._links:
            self.fire(item.number)

    # ── deleting, modes, triggering ───────────────────────────────────────────────────────────────
    def delete(self, numbers: Sequence[int]) -> list[int]:
        """Delete items; return a status for each."""
        known = [self.has(number) for number in numbers]
        rows = [self.rows.pop(number) for number in numbers if number in self.rows]
        if rows:
            gone = np.array(rows, np.intp)
            self.log.capacity -= int(self.around.sampler.rows.table["size"][gone].sum())
            self.around.sampler.remove(self.number, gone)
        results = []
        for number, there in zip(numbers, known, strict=True):
            self._drop(number)
            self._links.pop(number, None)
            results.append(GOOD if there else UNKNOWN_ITEM)
        return results

    def close(self) -> None:
        """Forget all items: the subscription is over."""
        for other in self.others.values():
            if isinstance(other, ValueItem):
                self._stop(other)
            else:
                other.clear()
        self.log.capacity = 0
        self.around.sampler.close(self.number, self._rows_of(self.rows))

    def _drop(self, number: int) -> None:
        """Forget an item that is no point."""
        other = self.others.pop(number, None)
        self._dirty.pop(number, None)
        if other is not None:
            self.log.capacity -= other.room
        if isinstance(other, ValueItem):
            self._stop(other)
        elif other is not None:
            other.clear()

    def _stop(self, item: ValueItem) -> None:
        item.stop()
        aggregate = self.aggregates.pop(item.number, None)
        if aggregate is not None:
            aggregate.close()
            return
        self.around.aspace.delete_datachange_callback(item.listener)

    def replace(self, number: int, by: int) -> None:
        """Let another item take the place of an item, with its number, its mode and its links."""
        if number in self.rows:
            row = self.rows.pop(number)
            gone = np.array([row], np.intp)
            self.log.capacity -= int(self.around.sampler.rows.table["size"][row])
            self.around.sampler.remove(self.number, gone)
        self._drop(number)
        if by in self.rows:
            row = self.rows[number] = self.rows.pop(by)
            table = self.around.sampler.rows.table
            table["item"][row], table["triggers"][row] = number, number in self._links
            self.around.sampler.rows.version += 1
            return
        other = self.others[number] = self.others.pop(by)
        other.number = number
        if self._dirty.pop(by, None) is not None:
            self._dirty[number] = other
        if (aggregate := self.aggregates.pop(by, None)) is not None:
            self.aggregates[number] = aggregate

    def advance(self) -> None:
        """Have those items report whose values are computed in time."""
        if self.aggregates:
            now = self.around.clock.now()
            for item in self.aggregates.values():
                item.advance(now)

    def set_mode(self, mode: ua.MonitoringMode, numbers: Sequence[int]) -> list[int]:
        """Set the mode of items; return a status for each."""
        self.around.sampler.catch_up()
        rows = self._rows_of(n for n in numbers if n in self.rows)
        table = self.around.sampler.rows.table
        starting = rows[table["mode"][rows] == 0] if mode else rows[:0]
        table["mode"][rows] = mode.value
        self.around.sampler.rows.version += 1
        self._news()
        if not mode:
            self.log.drop(rows)
            table["waiting"][rows] = False
        elif len(starting):
            self.around.sampler.watch(starting)
        for number in numbers:
            if (other := self.others.get(number)) is not None:
                self._set_mode(other, mode)
        return [GOOD if self.has(number) else UNKNOWN_ITEM for number in numbers]

    def _set_mode(self, item: Item, mode: ua.MonitoringMode) -> None:
        starts = not item.mode and mode
        item.set_mode(mode)
        if starts and isinstance(item, ValueItem):
            item.restart(
                self.around.aspace.read_attribute_value(item.target.NodeId, item.target.AttributeId)
            )

    def link(self, trigger: int, more: Sequence[int], fewer: Sequence[int]) -> list[list[int]]:
        """Add and remove links from an item to those it triggers; return their statuses."""
        links = self._links.get(trigger, set())
        removed = []
        # Removed first: a link in both lists is there afterwards (5.13.5.2).
        for number in fewer:
            removed.append(GOOD if number in links else UNKNOWN_ITEM)
            links.discard(number)
        added = [GOOD if self.has(number) else UNKNOWN_ITEM for number in more]
        links.update(number for number in more if self.has(number))
        self._links[trigger] = links
        if not links:
            del self._links[trigger]
        if trigger in self.rows:
            row = self.rows[trigger]
            self.around.sampler.rows.table["triggers"][row] = bool(links)
            self.around.sampler.rows.version += 1
        return [added, removed]

    def fire(self, item: int) -> None:
        """Have what is queued by the items reported that an item triggers."""
        self._news()
        for number in self._links.get(item, ()):
            if number in self.rows:
                self.around.sampler.rows.table["triggered"][self.rows[number]] = True
            elif (other := self.others.get(number)) is not None and other.queued:
                other.triggered = True

    # ── news ──────────────────────────────────────────────────────────────────────────────────────
    def send_event(
        self,
        event: Event,
        notifiers: Collection[ua.NodeId] | None = None,
        item: int | None = None,
    ) -> None:
        """Queue an event for the items at its notifiers (None: all), or for one item."""
        now = self.around.clock.now()
        for other in list(self.others.values()):
            if (
                isinstance(other, EventItem)
                and item in (None, other.number)
                and (notifiers is None or other.notifier in notifiers)
            ):
                other.offer(event, now)

    def resend(self) -> None:
        """Queue the present value of items that report and have none queued (ResendData)."""
        self.around.sampler.catch_up()
        table = self.around.sampler.rows.table
        rows = self._rows_of(self.rows)
        reporting = table["mode"][rows] == ua.MonitoringMode.Reporting.value
        self.around.sampler.watch(rows[reporting & (table["queued"][rows] == 0)])
        for other in list(self.others.values()):
            if (
                isinstance(other, ValueItem)
                and other.mode is ua.MonitoringMode.Reporting
                and not other.queued
            ):
                target = other.target
                other.restart(
                    self.around.aspace.read_attribute_value(target.NodeId, target.AttributeId)
                )

    @property
    def reportable(self) -> bool:
        """Whether there is anything to report."""
        self.around.sampler.catch_up()
        return self.log.reportable or any(item.reportable for item in self._dirty.values())

    def take(self, most: int, size: int) -> Notifications:
        """Return what is to be reported, ``most`` at most (0: as much as there may be).

        It is to fit into ``size`` bytes, as far as that is known before it is encoded.
        """
        room = min(most or MAX_NOTIFICATIONS_PER_PUBLISH, MAX_NOTIFICATIONS_PER_PUBLISH)
        self.around.sampler.catch_up()
        samples = self.log.take(min(room, max(1, size // POINT)))
        left = max(size - len(samples) * POINT, 0) // OBJECT
        # One at least, whatever its size: nothing would ever come of it.
        room = min(room - len(samples), left or (not len(samples)))
        values: list[ua.MonitoredItemNotification] = []
        events: list[ua.EventFieldList] = []
        for item in [item for item in self._dirty.values() if item.reportable]:
            if isinstance(item, ValueItem):
                values.extend(item.take(room - len(values) - len(events)))
            else:
                few = min(room - len(values), MAX_EVENTS_PER_PUBLISH) - len(events)
                events.extend(item.take(few) if few > 0 else ())
            if not item.queued:
                self._dirty.pop(item.number, None)
        points = self._encoder.encoded(samples) if len(samples) else b""
        return Notifications(points, len(samples), values, events)

    def _rows_of(self, numbers: Iterable[int]) -> ItemRows:
        return np.array([self.rows[n] for n in numbers], np.intp)
