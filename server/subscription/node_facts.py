"""What the address space says of what is to be monitored: numbers, range, fastest sampling."""

from __future__ import annotations

from collections.abc import Iterable

from asyncua import ua

from heatpump_twin.config.catalogue import Point, PointKind, PointTable
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.node import LeanNode
from heatpump_twin.server.space.point_values import VARIANT_TYPES
from heatpump_twin.server.space.ua_values import content, standard
from heatpump_twin.server.subscription.item_settings import Monitored, span_of

HAS_PROPERTY = standard(ua.ObjectIds.HasProperty)
EU_RANGE = ua.QualifiedName("EURange")
ATTRIBUTES = ua.AttributeIds


class NodeFacts:
    """The reader of what a filter and a sampling interval depend on."""

    def __init__(self, aspace: TwinAddressSpace, table: PointTable) -> None:
        self._aspace = aspace
        self._table = table
        self._points: dict[int, tuple[Point, Monitored]] = {}
        """Of points, for as long as they stay what they are."""

    def of_point(self, node: ua.NodeId, point: Point) -> Monitored:
        """Return the facts of a point's variable."""
        known = self._points.get(point.index)
        if known is not None and known[0] is point:
            return known[1]
        spec = point.spec
        facts = Monitored(
            numeric=spec.kind is not PointKind.TWO_STATE,
            span=_span_of(point),
            fastest=self._fastest_of(node),
            kind=VARIANT_TYPES[spec.kind].value,
        )
        self._points[point.index] = point, facts
        return facts

    def span_of_point(self, index: int) -> float | None:
        """Return the width of a point's range as it is now."""
        return _span_of(self._table[index])

    def forget(self, points: Iterable[int]) -> None:
        """Forget what was read of nodes that are gone."""
        for point in points:
            self._points.pop(point, None)

    def of(self, target: ua.ReadValueId, value: ua.DataValue) -> Monitored:
        """Return the facts of any other attribute, which has a value now."""
        is_value = target.AttributeId == ATTRIBUTES.Value
        return Monitored(
            numeric=_is_number(value.Value),
            span=self._span(target.NodeId) if is_value else None,
            fastest=self._fastest_of(target.NodeId) if is_value else 0.0,
            is_value=is_value,
        )

    def _fastest_of(self, node: ua.NodeId) -> float:
        found = content(self._aspace.read_attribute_value(node, ATTRIBUTES.MinimumSamplingInterval))
        # 0: it is reported as it comes; -1: nobody knows (OPC 10000-3, 5.6.2).
        return float(found) if isinstance(found, int | float) and found > 0.0 else 0.0

    def _span(self, node: ua.NodeId) -> float | None:
        variable = self._aspace.get(node)
        if variable is None:
            return None
        for reference in variable.references:
            if reference.IsForward and reference.ReferenceTypeId == HAS_PROPERTY:
                described: LeanNode | None = self._aspace.get(reference.NodeId)
                if described and described.attribute(ATTRIBUTES.BrowseName) == EU_RANGE:
                    return span_of(described.attribute(ATTRIBUTES.Value))
        return None


def _span_of(point: Point) -> float | None:
    limits = point.limits or point.spec.range
    analog = point.spec.kind is PointKind.ANALOG
    return limits[1] - limits[0] if analog and limits is not None else None


def _is_number(value: ua.Variant | None) -> bool:
    # What has no value just now may have a number later.
    if value is None or value.Value is None:
        return True
    kind = value.VariantType.value
    return bool(ua.VariantType.SByte.value <= kind <= ua.VariantType.Double.value)
