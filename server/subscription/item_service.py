"""CreateMonitoredItems and ModifyMonitoredItems: what is refused, and what becomes of the rest."""

from __future__ import annotations

import numpy as np
from asyncua import ua

from heatpump_twin.server.space.ua_values import content, status_code
from heatpump_twin.server.space.value_rows import STAMPS
from heatpump_twin.server.subscription.aggregates.aggregate_item import AggregateItem
from heatpump_twin.server.subscription.aggregates.aggregate_maker import AggregateMaker
from heatpump_twin.server.subscription.event_item import EventItem
from heatpump_twin.server.subscription.filters.event_filter import checked
from heatpump_twin.server.subscription.item_settings import (
    ItemSettings,
    Monitored,
    SpoiltFilter,
    filter_of,
    settings,
    target_problem,
)
from heatpump_twin.server.subscription.monitored_items import UNKNOWN_ITEM, MonitoredItems
from heatpump_twin.server.subscription.point_rows import PointItem
from heatpump_twin.server.subscription.value_item import ValueItem

ATTRIBUTES, CODES = ua.AttributeIds, ua.StatusCodes
UNKNOWN = (CODES.BadNodeIdUnknown, CODES.BadAttributeIdInvalid)
MODES = tuple(ua.MonitoringMode)
EVENTS = ua.EventNotifier.SubscribeToEvents.mask


class ItemService:
    """The maker of monitored items of one subscription."""

    def __init__(self, items: MonitoredItems, publishing: float) -> None:
        self._items = items
        self._around = items.around
        self._publishing = publishing
        self._aggregates = AggregateMaker(items, publishing)

    # ── create ────────────────────────────────────────────────────────────────────────────────────
    def create(
        self, params: ua.CreateMonitoredItemsParameters
    ) -> list[ua.MonitoredItemCreateResult]:
        """Create items; return a result for each."""
        # What came before is not for them, though a row that is used again be theirs.
        self._around.sampler.catch_up()
        fresh: list[PointItem] = []
        stamps = params.TimestampsToReturn
        results = [self._create(request, stamps, fresh) for request in params.ItemsToCreate]
        # All rows and first samples at once: what they cost is in the call, not in the item.
        rows = self._around.sampler.rows.fill(fresh)
        self._around.sampler.add(rows)
        self._around.sampler.watch(rows)
        return results

    def _create(
        self,
        request: ua.MonitoredItemCreateRequest,
        stamps: ua.TimestampsToReturn,
        fresh: list[PointItem],
    ) -> ua.MonitoredItemCreateResult:
        if self._items.full:
            return _refused(int(CODES.BadTooManyMonitoredItems))
        if request.MonitoringMode not in MODES:
            return _refused(int(CODES.BadMonitoringModeInvalid))
        target = request.ItemToMonitor
        problem = target_problem(target)
        point = self._point_of(target)
        if isinstance(request.RequestedParameters.Filter, ua.AggregateFilter):
            return self._aggregates.create(request, stamps, point, problem)
        if point is not None and problem is None:
            return self._create_point(request, stamps, point, fresh)
        stored = self._around.aspace.read_attribute_value(target.NodeId, target.AttributeId)
        # Other Bad values are measurements to report: only what cannot exist is refused.
        if stored.StatusCode is not None and stored.StatusCode.value in UNKNOWN:
            return _refused(int(stored.StatusCode.value))
        if problem is not None:
            return _refused(problem)
        if target.AttributeId == ATTRIBUTES.EventNotifier:
            return self._create_events(request, content(stored))
        return self._create_value(request, stamps, stored)

    def _point_of(self, target: ua.ReadValueId) -> int | None:
        if target.AttributeId != ATTRIBUTES.Value:
            return None
        return self._around.sampler.point_of(target.NodeId)

    def _create_point(
        self,
        request: ua.MonitoredItemCreateRequest,
        stamps: ua.TimestampsToReturn,
        point: int,
        fresh: list[PointItem],
    ) -> ua.MonitoredItemCreateResult:
        target = request.ItemToMonitor
        about = self._facts_of(target.NodeId, point)
        wanted = self._settings(request.RequestedParameters, about)
        if isinstance(wanted, int):
            return _refused(wanted)
        if target.IndexRange:
            # A single value has no part.
            return _refused(int(CODES.BadIndexRangeNoData))
        number = self._items.next_number()
        row = self._items.rows[number] = self._around.sampler.rows.take()
        self._items.log.capacity += wanted.size
        fresh.append(
            PointItem(
                row, point, self._items.number, number, request.MonitoringMode.value, about.kind,
                wanted.handle, wanted.size, wanted.oldest, STAMPS[stamps],
                wanted.gap, wanted.band, wanted.percent, wanted.trigger.value,
            )
        )  # fmt: skip
        return _created(number, wanted)

    def _write(self, row: int, wanted: ItemSettings, stamps: ua.TimestampsToReturn) -> None:
        """Write the settings of a monitored point to its row."""
        table = self._around.sampler.rows.table
        self._items.log.capacity += wanted.size - int(table["size"][row])
        table["handle"][row], table["size"][row] = wanted.handle, wanted.size
        self._around.sampler.rows.version += 1
        table["oldest"][row], table["stamps"][row] = wanted.oldest, STAMPS[stamps]
        table["gap"][row], table["band"][row] = wanted.gap, wanted.band
        table["percent"][row] = wanted.percent
        table["trigger"][row] = wanted.trigger.value

    def _create_value(
        self,
        request: ua.MonitoredItemCreateRequest,
        stamps: ua.TimestampsToReturn,
        stored: ua.DataValue,
    ) -> ua.MonitoredItemCreateResult:
        target = request.ItemToMonitor
        about = self._around.facts.of(target, stored)
        wanted = self._settings(request.RequestedParameters, about)
        if isinstance(wanted, int):
            return _refused(wanted)
        number = self._items.next_number()
        item = ValueItem(number, target, wanted, request.MonitoringMode, stamps, self._items.note)

        async def listen(_handle: int, value: ua.DataValue) -> None:
            item.offer(value)

        status, item.listener = self._around.aspace.add_datachange_callback(
            target.NodeId, target.AttributeId, listen
        )
        if not status.is_good():
            return _refused(int(status.value))
        self._items.add(item)
        item.restart(stored)
        return _created(number, wanted)

    def _create_events(
        self, request: ua.MonitoredItemCreateRequest, notifier: int | None
    ) -> ua.MonitoredItemCreateResult:
        wanted = request.RequestedParameters
        if not isinstance(wanted.Filter, ua.EventFilter):
            return _refused(_no_event_filter(wanted))
        filter_, said = checked(wanted.Filter, self._around.fields)
        if filter_ is None:
            refused = status_code(CODES.BadEventFilterInvalid)
            return ua.MonitoredItemCreateResult(StatusCode=refused, FilterResult=said)
        if not (notifier or 0) & EVENTS:
            # An object that sends no events: the service is there all the same.
            return _refused(int(CODES.BadNotSupported))
        number, node = self._items.next_number(), request.ItemToMonitor.NodeId
        mode, budget = request.MonitoringMode, self._items.budget
        item = EventItem(number, node, mode, self._items.note, budget)
        size = item.change(filter_, wanted)
        self._items.add(item)
        return ua.MonitoredItemCreateResult(
            MonitoredItemId=number, RevisedQueueSize=size, FilterResult=said
        )

    async def recall(self) -> None:
        """Read the past of the aggregates that were made, as far as it was asked for."""
        await self._aggregates.recall()

    # ── modify ────────────────────────────────────────────────────────────────────────────────────
    def modify(
        self, params: ua.ModifyMonitoredItemsParameters
    ) -> list[ua.MonitoredItemModifyResult]:
        """Change items; one that is refused stays as it was."""
        self._around.sampler.catch_up()
        stamps = params.TimestampsToReturn
        fresh: list[int] = []
        results = [self._modify(request, stamps, fresh) for request in params.ItemsToModify]
        found = [self._items.rows.get(request.MonitoredItemId) for request in params.ItemsToModify]
        rows = np.array([row for row in found if row is not None], np.intp)
        self._around.sampler.add(rows)
        self._around.sampler.hurry(rows)
        if fresh:
            self._around.sampler.watch(np.array(fresh, np.intp))
        return results

    def _modify(
        self,
        request: ua.MonitoredItemModifyRequest,
        stamps: ua.TimestampsToReturn,
        fresh: list[int],
    ) -> ua.MonitoredItemModifyResult:
        number, wanted = request.MonitoredItemId, request.RequestedParameters
        item = self._items.others.get(number)
        if isinstance(item, EventItem):
            return self._modify_events(item, wanted)
        row = self._items.rows.get(number)
        if row is None and item is None:
            return ua.MonitoredItemModifyResult(status_code(UNKNOWN_ITEM))
        if isinstance(item, AggregateItem) or isinstance(wanted.Filter, ua.AggregateFilter):
            return self._exchange(request, stamps, fresh)
        if row is not None:
            return self._modify_point(row, wanted, stamps)
        assert item is not None  # noqa: S101 - neither a row nor an item was refused above
        target = item.target
        stored = self._around.aspace.read_attribute_value(target.NodeId, target.AttributeId)
        revised = self._settings(wanted, self._around.facts.of(target, stored), item.settings.size)
        if isinstance(revised, int):
            return ua.MonitoredItemModifyResult(status_code(revised))
        before = item.room
        item.change(revised, stamps)
        self._items.log.capacity += item.room - before
        return _modified(revised)

    def _exchange(
        self,
        request: ua.MonitoredItemModifyRequest,
        stamps: ua.TimestampsToReturn,
        fresh: list[int],
    ) -> ua.MonitoredItemModifyResult:
        """Have an item of another kind take the place of one; if it is refused, the old stays."""
        number = request.MonitoredItemId
        target, mode = self._described(number)
        wanted = ua.MonitoredItemCreateRequest(target, mode, request.RequestedParameters)
        asked: list[PointItem] = []
        made = self._create(wanted, stamps, asked)
        fresh += self._around.sampler.rows.fill(asked).tolist()
        if made.StatusCode.is_good():
            self._items.replace(number, made.MonitoredItemId)
        return ua.MonitoredItemModifyResult(
            made.StatusCode, made.RevisedSamplingInterval, made.RevisedQueueSize, made.FilterResult
        )

    def _described(self, number: int) -> tuple[ua.ReadValueId, ua.MonitoringMode]:
        """Return what an item monitors, and its mode."""
        item = self._items.others.get(number)
        if item is not None and not isinstance(item, EventItem):
            return item.target, item.mode
        sampler = self._around.sampler
        row = self._items.rows[number]
        # Of a node that is gone for now there is nothing to begin with: it is unknown.
        node = sampler.node_of(int(sampler.rows.table["point"][row])) or ua.NodeId()
        mode = ua.MonitoringMode(int(sampler.rows.table["mode"][row]))
        return ua.ReadValueId(node, ATTRIBUTES.Value), mode

    def _modify_point(
        self, row: int, wanted: ua.MonitoringParameters, stamps: ua.TimestampsToReturn
    ) -> ua.MonitoredItemModifyResult:
        sampler = self._around.sampler
        point, size = sampler.rows.table["point"][row], int(sampler.rows.table["size"][row])
        node = sampler.node_of(int(point))
        # Of a node that is gone for now nothing is known: a range least of all.
        about = Monitored(True) if node is None else self._facts_of(node, int(point))
        revised = self._settings(wanted, about, size)
        if isinstance(revised, int):
            return ua.MonitoredItemModifyResult(status_code(revised))
        self._write(row, revised, stamps)
        self._items.log.refit()
        # The new interval begins now.
        sampler.rows.table["due"][row] = 0.0
        return _modified(revised)

    def _modify_events(
        self, item: EventItem, wanted: ua.MonitoringParameters
    ) -> ua.MonitoredItemModifyResult:
        refused = status_code(CODES.BadEventFilterInvalid)
        if not isinstance(wanted.Filter, ua.EventFilter):
            return ua.MonitoredItemModifyResult(status_code(_no_event_filter(wanted)))
        filter_, said = checked(wanted.Filter, self._around.fields)
        if filter_ is None:
            return ua.MonitoredItemModifyResult(refused, FilterResult=said)
        before = item.room
        size = item.change(filter_, wanted)
        self._items.log.capacity += item.room - before
        return ua.MonitoredItemModifyResult(RevisedQueueSize=size, FilterResult=said)

    # ── both ──────────────────────────────────────────────────────────────────────────────────────
    def _settings(
        self, wanted: ua.MonitoringParameters, about: Monitored, own: int = 0
    ) -> ItemSettings | int:
        return settings(wanted, about, self._publishing, self._items.room + own)

    def _facts_of(self, node: ua.NodeId, point: int) -> Monitored:
        return self._around.facts.of_point(node, self._around.sampler.point(point))


def _no_event_filter(wanted: ua.MonitoringParameters) -> int:
    """Return what is wrong with events that have a filter of another kind, or none."""
    filter_ = filter_of(wanted)
    missing = filter_ is None or isinstance(filter_, SpoiltFilter)
    return int(CODES.BadEventFilterInvalid if missing else CODES.BadFilterNotAllowed)


def _refused(code: int) -> ua.MonitoredItemCreateResult:
    return ua.MonitoredItemCreateResult(StatusCode=status_code(code))


def _created(number: int, wanted: ItemSettings) -> ua.MonitoredItemCreateResult:
    return ua.MonitoredItemCreateResult(
        MonitoredItemId=number,
        RevisedSamplingInterval=wanted.sampling,
        RevisedQueueSize=wanted.size,
    )


def _modified(wanted: ItemSettings) -> ua.MonitoredItemModifyResult:
    return ua.MonitoredItemModifyResult(
        RevisedSamplingInterval=wanted.sampling, RevisedQueueSize=wanted.size
    )
