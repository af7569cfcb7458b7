"""Monitored items: report data changes and events as their filters ask (OPC 10000-4, 5.13)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AddressSpace
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.monitored_item_service import MonitoredItemData, MonitoredItemService

# What the decoder makes; `ua.DataChangeFilter` is a subclass of it, for clients to build.
from asyncua.ua.uaprotocol_auto import DataChangeFilter

from heatpump_twin.server.limits import MAX_MONITORED_ITEMS_PER_SUBSCRIPTION, MAX_QUEUE
from heatpump_twin.server.space.event import Event
from heatpump_twin.server.space.index_range import parsed, part_of
from heatpump_twin.server.space.point_values import MAX_TIME
from heatpump_twin.server.space.ua_values import status_code
from heatpump_twin.server.subscription.event_fields import EventFields
from heatpump_twin.server.subscription.event_filter import EventFilter, checked

BINARY = "Default Binary"
_MAX_INTERVAL = MAX_TIME / 1000.0


class MonitoredItems(MonitoredItemService):
    """The monitored items of one subscription."""

    def __init__(
        self, subscription: InternalSubscription, aspace: AddressSpace, fields: EventFields
    ) -> None:
        super().__init__(subscription, aspace)
        self._fields = fields
        self._filters: dict[int, EventFilter] = {}
        """Filters of the items of events."""
        self._reported: dict[int, ua.DataValue] = {}

    @property
    def count(self) -> int:
        """Number of monitored items of the subscription."""
        return len(self._monitored_items)

    @property
    def handles(self) -> list[tuple[int, int]]:
        """Server handle and client handle of every monitored item."""
        return [(mid, item.client_handle or 0) for mid, item in self._monitored_items.items()]

    def has(self, item: int) -> bool:
        """Tell whether a monitored item exists."""
        return item in self._monitored_items

    async def create_monitored_items(
        self, params: ua.CreateMonitoredItemsParameters
    ) -> list[ua.MonitoredItemCreateResult]:
        """Create monitored items; return a status for each that cannot be created."""
        results = []
        for item in params.ItemsToCreate:
            code = self._problem(item)
            if code is not None:
                results.append(ua.MonitoredItemCreateResult(StatusCode=status_code(code)))
            elif item.ItemToMonitor.AttributeId == ua.AttributeIds.EventNotifier:
                results.append(self._create_events_monitored_item(item))
            else:
                results.append(await self._create_data_change_monitored_item(item))
        return results

    def _problem(self, item: ua.MonitoredItemCreateRequest) -> int | None:
        if self.count >= MAX_MONITORED_ITEMS_PER_SUBSCRIPTION:
            return ua.StatusCodes.BadTooManyMonitoredItems
        target = item.ItemToMonitor
        stored = self.aspace.read_attribute_value(target.NodeId, target.AttributeId).StatusCode
        # Other Bad values are measurements to report: only what cannot exist is refused.
        unknown = (ua.StatusCodes.BadNodeIdUnknown, ua.StatusCodes.BadAttributeIdInvalid)
        if stored is not None and stored.value in unknown:
            return int(stored.value)
        if target.IndexRange and parsed(target.IndexRange) is None:
            return int(ua.StatusCodes.BadIndexRangeInvalid)
        if target.DataEncoding.Name not in (None, "", BINARY):
            return int(ua.StatusCodes.BadDataEncodingInvalid)
        return self._filter_problem(item.RequestedParameters.Filter, target)

    def _filter_problem(self, requested: Any, target: ua.ReadValueId) -> int | None:
        problem = _filter_problem(requested, target)
        wanted = _filter(requested)
        if problem is None and isinstance(wanted, DataChangeFilter) and wanted.DeadbandType:
            value = self.aspace.read_attribute_value(target.NodeId, target.AttributeId).Value
            # What has no value just now may have a number later.
            if value is not None and value.Value is not None and not _is_number(value):
                return int(ua.StatusCodes.BadFilterNotAllowed)
        return problem

    def _revise_queue_size(self, requested: int) -> int:
        # 0 and 1 both ask for the latest value only (OPC 10000-4, 7.21).
        return min(max(1, int(requested)), MAX_QUEUE)

    def _create_events_monitored_item(
        self, params: ua.MonitoredItemCreateRequest
    ) -> ua.MonitoredItemCreateResult:
        if params.RequestedParameters.QueueSize <= 1:
            # For events 0 asks for the server's own limit, 1 for its smallest useful one.
            params.RequestedParameters.QueueSize = MAX_QUEUE
        wanted, said = checked(params.RequestedParameters.Filter, self._fields)
        if wanted is None:
            refused = status_code(ua.StatusCodes.BadEventFilterInvalid)
            return ua.MonitoredItemCreateResult(StatusCode=refused, FilterResult=said)
        answer = super()._create_events_monitored_item(params)
        if answer.StatusCode.value == ua.StatusCodes.BadServiceUnsupported:
            # asyncua says so of an object that sends no events: the service is there all the same.
            answer.StatusCode = status_code(ua.StatusCodes.BadNotSupported)
        if answer.StatusCode.is_good():
            self._filters[answer.MonitoredItemId] = wanted
            answer.FilterResult = said
        return answer

    def _modify_monitored_item(
        self, params: ua.MonitoredItemModifyRequest
    ) -> ua.MonitoredItemModifyResult:
        answer = ua.MonitoredItemModifyResult()
        item = self._monitored_items.get(params.MonitoredItemId)
        if item is None or item.read_value_id is None:
            answer.StatusCode = status_code(ua.StatusCodes.BadMonitoredItemIdInvalid)
            return answer
        wanted = params.RequestedParameters
        # Checked before anything is changed: a refused Modify leaves the item as it was.
        code = self._filter_problem(wanted.Filter, item.read_value_id)
        if code is not None:
            answer.StatusCode = status_code(code)
            return answer
        if item.read_value_id.AttributeId == ua.AttributeIds.EventNotifier:
            events, answer.FilterResult = checked(wanted.Filter, self._fields)
            if events is None:
                answer.StatusCode = status_code(ua.StatusCodes.BadEventFilterInvalid)
                return answer
            self._filters[params.MonitoredItemId] = events
        # Also where there is none: who takes a filter away wants every change.
        item.filter = _filter(wanted.Filter)
        item.client_handle = wanted.ClientHandle
        item.queue_size = answer.RevisedQueueSize = self._revise_queue_size(wanted.QueueSize)
        # Values are not sampled but reported as they come: the client is told what it will see.
        answer.RevisedSamplingInterval = self.isub.data.RevisedPublishingInterval
        return answer

    def _delete_monitored_items(self, mid: int) -> ua.StatusCode:
        self._reported.pop(mid, None)
        self._filters.pop(mid, None)
        return super()._delete_monitored_items(mid)

    async def datachange_callback(
        self, handle: int, value: ua.DataValue, error: ua.StatusCode | None = None
    ) -> None:
        """Queue a new value of a monitored item if the item's filter passes it."""
        if error is not None:
            await super().datachange_callback(handle, value, error)
            return
        mid = self._monitored_datachange[handle]
        item = self._monitored_items[mid]
        value = _part(item, value)
        # The dead band is measured from what was last reported: a slow drift must not stay unseen.
        if item.mode is ua.MonitoringMode.Disabled or not _passes(
            item, self._reported.get(mid), value
        ):
            return
        self._reported[mid] = value
        news = ua.MonitoredItemNotification()
        news.ClientHandle = item.client_handle
        news.Value = value
        await self.isub.enqueue_datachange_event(mid, news, item.queue_size)

    async def send_event(
        self,
        event: Event,
        notifiers: Collection[ua.NodeId] | None = None,
        item: int | None = None,
    ) -> None:
        """Queue an event for the monitored items at its notifiers (None: all), or for one item."""
        for notifier, items in self._monitored_events.items():
            if notifiers is None or notifier in notifiers:
                for mid in items:
                    if item in (None, mid):
                        await self._trigger_event(event, mid)

    async def _trigger_event(self, event: Event, mid: int) -> None:
        item = self._monitored_items[mid]
        wanted = self._filters[mid]
        if item.mode is ua.MonitoringMode.Disabled or not wanted.passes(event):
            return
        fields = ua.EventFieldList()
        fields.ClientHandle = item.client_handle
        fields.EventFields = wanted.fields(event)
        await self.isub.enqueue_event(mid, fields, item.queue_size)

    async def resend(self) -> None:
        """Queue the present value of every data-change item (OPC 10000-5, 9.2: ResendData)."""
        # A copy: items may be deleted while one of them is being sent.
        for handle, mid in list(self._monitored_datachange.items()):
            target = self._monitored_items[mid].read_value_id
            # Forgotten, or the filter would hold back the value that the client asks for again.
            self._reported.pop(mid, None)
            if target is not None:
                await self.trigger_datachange(handle, target.NodeId, target.AttributeId)


def _part(item: MonitoredItemData, value: ua.DataValue) -> ua.DataValue:
    """Return what an item reports of a value: of an array or text, its index range."""
    wanted = item.read_value_id.IndexRange if item.read_value_id else None
    span = parsed(wanted) if wanted else None
    if span is None or (value.StatusCode is not None and value.StatusCode.is_bad()):
        return value
    part = part_of(value.Value, span)
    nothing = status_code(ua.StatusCodes.BadIndexRangeNoData)
    return replace(value, Value=part, StatusCode=value.StatusCode if part else nothing)


def _is_number(value: ua.Variant) -> bool:
    kind = value.VariantType
    return ua.VariantType.SByte.value <= kind.value <= ua.VariantType.Double.value


def _filter(requested: Any) -> Any:
    """Return the filter of a request; an empty ExtensionObject is None."""
    return None if isinstance(requested, ua.ExtensionObject) else requested


def _filter_problem(requested: Any, target: ua.ReadValueId) -> int | None:
    wanted = _filter(requested)
    if target.AttributeId == ua.AttributeIds.EventNotifier:
        if not isinstance(wanted, ua.EventFilter):
            return int(ua.StatusCodes.BadEventFilterInvalid)
        return None
    if wanted is None:
        return None
    if not isinstance(wanted, DataChangeFilter):
        return int(ua.StatusCodes.BadMonitoredItemFilterUnsupported)
    if wanted.DeadbandType not in (ua.DeadbandType.None_, ua.DeadbandType.Absolute):
        # Percent comes with the full subscription services; unsupported is said, not ignored.
        return int(ua.StatusCodes.BadMonitoredItemFilterUnsupported)
    # Also false for NaN, with which every change would pass.
    if not 0.0 <= wanted.DeadbandValue < _MAX_INTERVAL:
        return int(ua.StatusCodes.BadDeadbandFilterInvalid)
    return None


def _passes(item: MonitoredItemData, old: ua.DataValue | None, new: ua.DataValue) -> bool:
    """Tell whether a data change passes the filter of its item (OPC 10000-4, 7.22.2)."""
    # A new status passes every trigger and every dead band: a value that turned Bad is news.
    if old is None or old.StatusCode != new.StatusCode:
        return True
    wanted = _filter(item.filter)
    trigger = wanted.Trigger if wanted else ua.DataChangeTrigger.StatusValue
    if trigger is ua.DataChangeTrigger.Status:
        return False
    before = old.Value.Value if old.Value else None
    now = new.Value.Value if new.Value else None
    band = wanted.DeadbandValue if wanted and wanted.DeadbandType else 0.0
    if (
        band
        and isinstance(before, int | float)
        and isinstance(now, int | float)
        and abs(now - before) <= band
    ):
        return False
    if before != now:
        return True
    return (
        trigger is ua.DataChangeTrigger.StatusValueTimestamp
        and old.SourceTimestamp != new.SourceTimestamp
    )
