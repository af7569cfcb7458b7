"""The variable of one point, with what a client needs to show it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from asyncua import ua

from heatpump_twin.config.catalogue import UNITS, Kind, Point, Relation
from heatpump_twin.server.history_configuration import HistoryConfiguration
from heatpump_twin.server.node_builder import (
    NodeBuilder,
    Place,
    engineering_unit,
    standard,
    text,
    value_range,
)
from heatpump_twin.server.point_values import PointValues
from heatpump_twin.server.provenance_properties import provenance_properties
from heatpump_twin.twin_engine.provenance import Provenance

TYPES = {
    Kind.ANALOG: (ua.ObjectIds.AnalogUnitRangeType, ua.ObjectIds.Double),
    Kind.TWO_STATE: (ua.ObjectIds.TwoStateDiscreteType, ua.ObjectIds.Boolean),
    Kind.MULTI_STATE: (ua.ObjectIds.MultiStateValueDiscreteType, ua.ObjectIds.Int32),
}

RELATIONS = {
    Relation.EXPECTED_OF: "HasExpectedValue",
    Relation.RESIDUAL_OF: "HasResidual",
    Relation.FORECAST_OF: "HasForecast",
    Relation.LOWER_OF: "HasLowerBound",
    Relation.UPPER_OF: "HasUpperBound",
}
"""The reference to a point from the one that it is about."""


@dataclass(frozen=True, slots=True)
class LiveNode:
    """A variable whose value follows a point."""

    node: ua.NodeId
    read: Callable[[int], ua.DataValue]


class PointNodes:
    """Builds the variables of points."""

    def __init__(
        self, builder: NodeBuilder, values: PointValues, history: HistoryConfiguration
    ) -> None:
        self._builder = builder
        self._values = values
        self._history = history

    def add(
        self, point: Point, parameter_set: ua.NodeId, sampling: float, provenance: Provenance | None
    ) -> list[LiveNode]:
        """Add a point's variable to a ParameterSet; return the nodes that follow its value."""
        type_id, data_type = TYPES[point.spec.kind]
        node = self._builder.variable(
            point.key,
            self._own(point.browse_name),
            standard(type_id) if provenance is None else self._builder.type_id("PredictionType"),
            Place(parameter_set),
            standard(data_type),
            title=point.spec.title,
            description=point.spec.text,
            historized=True,
            writable=point.limits is not None,
            sampling=sampling,
        )
        self._history.add(point, node)
        live = [self._follow(point, node, self._values.value)]
        match point.spec.kind:
            case Kind.ANALOG:
                self._describe_analog(point, node)
            case Kind.TWO_STATE:
                self._describe_two_state(point, node)
            case Kind.MULTI_STATE:
                live.append(self._describe_multi_state(point, node))
        if provenance is not None:
            live.append(self._describe_model(point, node, provenance))
        return live

    async def rescale(self, point: Point, now: dt.datetime) -> None:
        """Have a variable show the range that its point has now."""
        if point.spec.range is not None:
            await self._builder.change_value(
                self._builder.node_id(f"{point.key}.EURange"),
                value_range(point.limits or point.spec.range),
                now,
            )

    def relate(self, points: Mapping[str, Point]) -> None:
        """Let measured variables refer to what is expected and predicted of them."""
        for point in points.values():
            for relation, target in point.spec.relations.items():
                if target in points:
                    self._builder.reference(
                        self._builder.node_id(points[target].key),
                        self._builder.type_id(RELATIONS[relation]),
                        self._builder.node_id(point.key),
                    )

    def _follow(
        self, point: Point, node: ua.NodeId, read: Callable[[int], ua.DataValue]
    ) -> LiveNode:
        index = point.index
        self._builder.computed(node, lambda _node, _attribute: read(index))
        return LiveNode(node, read)

    def _describe_analog(self, point: Point, node: ua.NodeId) -> None:
        spec = point.spec
        if spec.unit is None or spec.range is None:  # the catalogue refuses such a point
            raise ValueError(f"{point.key}: an analog point has a unit and a range")
        for name, data_type, value in (
            ("EngineeringUnits", ua.ObjectIds.EUInformation, engineering_unit(UNITS[spec.unit])),
            ("EURange", ua.ObjectIds.Range, value_range(point.limits or spec.range)),
        ):
            self._builder.property(node, ua.QualifiedName(name), data_type, value)
        if spec.instrument_range is not None:
            self._builder.property(
                node,
                ua.QualifiedName("InstrumentRange"),
                ua.ObjectIds.Range,
                value_range(spec.instrument_range),
            )

    def _describe_two_state(self, point: Point, node: ua.NodeId) -> None:
        for name, state in zip(("FalseState", "TrueState"), point.spec.states or (), strict=True):
            self._builder.property(
                node, ua.QualifiedName(name), ua.ObjectIds.LocalizedText, text(state)
            )

    def _describe_multi_state(self, point: Point, node: ua.NodeId) -> LiveNode:
        values = [
            ua.EnumValueType(code, text(name), text("")) for code, name in point.spec.enum.items()
        ]
        self._builder.property(
            node, ua.QualifiedName("EnumValues"), ua.ObjectIds.EnumValueType, values, array=True
        )
        name = self._builder.property(
            node, ua.QualifiedName("ValueAsText"), ua.ObjectIds.LocalizedText
        )
        return self._follow(point, name, self._values.state_text)

    def _describe_model(self, point: Point, node: ua.NodeId, origin: Provenance) -> LiveNode:
        """Say where a prediction comes from."""
        for name, data_type, value, description in provenance_properties(origin):
            self._builder.property(node, self._own(name), data_type, value, description=description)
        issued = self._builder.property(
            node,
            self._own("IssueTime"),
            ua.ObjectIds.DateTime,
            description="When the prediction was made",
        )
        return self._follow(point, issued, self._values.issue_time)

    def _own(self, name: str) -> ua.QualifiedName:
        return ua.QualifiedName(name, self._builder.namespaces.types)
