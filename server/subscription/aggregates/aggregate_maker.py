"""Items with an AggregateFilter: what is refused, and what becomes of the rest."""

from __future__ import annotations

import structlog
from asyncua import ua

from heatpump_twin.server.space.ua_values import status_code
from heatpump_twin.server.subscription.aggregates.aggregate_item import AggregateItem
from heatpump_twin.server.subscription.aggregates.aggregation import Aggregation, Source, Wanted
from heatpump_twin.server.subscription.aggregates.raw_source import (
    ListenedSource,
    PointSource,
    RawSource,
)
from heatpump_twin.server.subscription.item_settings import ItemSettings
from heatpump_twin.server.subscription.monitored_items import MonitoredItems
from heatpump_twin.twin_engine.aggregates.series.point_rules import point_rules
from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.errors import EngineError

log = structlog.stdlib.get_logger(__name__)

ATTRIBUTES, CODES = ua.AttributeIds, ua.StatusCodes
UNKNOWN = (CODES.BadNodeIdUnknown, CODES.BadAttributeIdInvalid)
NUMBERS = range(ua.VariantType.Boolean.value, ua.VariantType.Double.value + 1)


class AggregateMaker:
    """The maker of items with an AggregateFilter of one subscription."""

    def __init__(self, items: MonitoredItems, publishing: float) -> None:
        self._items = items
        self._around = items.around
        self._publishing = publishing
        self._looking_back: list[tuple[AggregateItem, str]] = []

    def create(
        self,
        request: ua.MonitoredItemCreateRequest,
        stamps: ua.TimestampsToReturn,
        point: int | None,
        problem: int | None,
    ) -> ua.MonitoredItemCreateResult:
        """Create an item of a point or, if it is none, of another value."""
        target, parameters = request.ItemToMonitor, request.RequestedParameters
        stored = self._around.aspace.read_attribute_value(target.NodeId, target.AttributeId)
        if stored.StatusCode is not None and stored.StatusCode.value in UNKNOWN:
            return _refused(int(stored.StatusCode.value))
        source = problem or self._source_of(target, stored, point)
        if isinstance(source, int):
            return _refused(source)
        now = self._around.clock.now()
        wanted = Wanted(parameters, parameters.Filter, self._publishing, self._items.room, now)
        revised = wanted.revised(source)
        if isinstance(revised, int):
            return _refused(revised)
        kept, asked = revised
        number = self._items.next_number()
        item = AggregateItem(
            number, target, kept, request.MonitoringMode, stamps, self._items.note, asked,
            self._samples_of(target, stored, point, source, kept, asked),
        )  # fmt: skip
        if point is not None and item.looks_back(now):
            self._looking_back.append((item, self._around.sampler.point(point).key))
        self._items.add_aggregate(item)
        return ua.MonitoredItemCreateResult(
            MonitoredItemId=number,
            RevisedSamplingInterval=kept.sampling,
            RevisedQueueSize=kept.size,
            FilterResult=asked.result(parameters.Filter),
        )

    async def recall(self) -> None:
        """Read the past of the items that were made, as far as it was asked for."""
        for item, key in self._looking_back:
            try:
                await item.recall(self._around.history, key, self._around.clock.now())
            # They go on without their past: what is to come is worth more.
            except EngineError as error:
                log.error("history not read", point=key, error=str(error))

    def _source_of(
        self, target: ua.ReadValueId, stored: ua.DataValue, point: int | None
    ) -> Source | int:
        """Return what is known of what is to be aggregated, or why it cannot be."""
        if target.AttributeId != ATTRIBUTES.Value:
            return int(CODES.BadFilterNotAllowed)
        if target.IndexRange:
            return int(CODES.BadIndexRangeNoData)
        if point is not None:
            found = self._around.sampler.point(point)
            about = self._around.facts.of_point(target.NodeId, found)
            kind = ua.VariantType(about.kind)
            return Source(about, kind, point_rules(found.spec), recorded=True)
        value = stored.Value
        if value is None or value.is_array or value.VariantType.value not in NUMBERS:
            return int(CODES.BadFilterNotAllowed)
        about = self._around.facts.of(target, stored)
        return Source(about, value.VariantType, Rules(stepped=True), recorded=False)

    def _samples_of(
        self,
        target: ua.ReadValueId,
        stored: ua.DataValue,
        point: int | None,
        source: Source,
        kept: ItemSettings,
        asked: Aggregation,
    ) -> RawSource:
        around = self._around
        if point is not None:
            return PointSource(around.sampler, point, source.about.kind, kept.gap, asked.room)
        step = round(kept.sampling * 1000.0)
        return ListenedSource(around.aspace, target.NodeId, stored, around.clock.now, step)


def _refused(code: int) -> ua.MonitoredItemCreateResult:
    return ua.MonitoredItemCreateResult(StatusCode=status_code(code))
