"""Variables of points, with the properties that a client needs to show them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from asyncua import ua

from heatpump_twin.config.catalogue import UNITS, Point, PointKind
from heatpump_twin.config.tariff import CURRENCIES
from heatpump_twin.server.heat_pump.history_configuration import HistoryConfiguration
from heatpump_twin.server.heat_pump.provenance_properties import provenance_properties
from heatpump_twin.server.nodeset.model import TypeModel
from heatpump_twin.server.nodeset.vocabulary import DATA_TYPES, variable_type
from heatpump_twin.server.space.forecast_values import FORECAST, ForecastValues
from heatpump_twin.server.space.node_builder import (
    NodeBuilder,
    NodePlace,
    engineering_unit,
    standard,
    text,
    value_range,
)
from heatpump_twin.server.space.point_values import PointValues, ShownPoint
from heatpump_twin.twin_engine.provenance import Provenance

IDS = ua.ObjectIds


@dataclass(frozen=True, slots=True)
class LiveNode:
    """A variable whose value follows a point."""

    node: ua.NodeId
    read: Callable[[int], ua.DataValue]
    is_value: bool = False
    """Whether its value is that of the point itself, and not made of it."""


class PointNodes:
    """The builder of points' variables and their properties."""

    def __init__(
        self,
        builder: NodeBuilder,
        model: TypeModel,
        values: PointValues,
        history: HistoryConfiguration,
        currency: str | None,
        forecasts: ForecastValues | None = None,
    ) -> None:
        self._forecasts = forecasts
        self._builder = builder
        self._model = model
        self._values = values
        self._history = history
        self._currency = currency
        self._relations = {
            kind.relation: builder.type_id(name) for name, kind in model.reference_types.items()
        }

    def add(
        self, point: Point, parameter_set: ua.NodeId, sampling: float, provenance: Provenance | None
    ) -> list[LiveNode]:
        """Add a point's variable to a ParameterSet; return the nodes that follow its value."""
        type_id = (
            standard(getattr(IDS, variable_type(point.spec)))
            if provenance is None
            else self._builder.type_id(self._model.prediction.name)
        )
        node = self._builder.variable(
            point.key,
            self._own(point.browse_name),
            type_id,
            NodePlace(parameter_set),
            standard(getattr(IDS, DATA_TYPES[point.spec.kind])),
            title=point.spec.title,
            description=point.spec.text,
            # Every point: the historian records all, so that nobody has to know beforehand what to
            # ask for.
            historized=True,
            corrected=True,
            writable=point.limits is not None,
            sampling=sampling,
        )
        self._history.add(point, node)
        live = [replace(self._follow(point, node, self._values.value), is_value=True)]
        match point.spec.kind:
            case PointKind.ANALOG:
                self._describe_analog(point, node)
            case PointKind.TWO_STATE:
                self._describe_two_state(point, node)
            case PointKind.MULTI_STATE:
                live.append(self._describe_multi_state(point, node))
        if provenance is not None:
            live.append(self._describe_model(point, node, provenance))
        if self._forecasts is not None and point.key in self._forecasts:
            live.append(self._add_forecast(point, node, self._forecasts))
        return live

    async def rescale(self, point: Point, now: dt.datetime) -> None:
        """Write the present range of a point to the EURange of its variable."""
        if point.spec.range is not None:
            await self._builder.change_value(
                self._builder.node_id(f"{point.key}.EURange"),
                value_range(point.limits or point.spec.range),
                now,
            )

    def relate(self, points: Mapping[str, Point]) -> None:
        """Add references from measured variables to the expected and predicted ones."""
        for point in points.values():
            for relation, target in point.spec.relations.items():
                if target in points:
                    self._builder.reference(
                        self._builder.node_id(points[target].key),
                        self._relations[relation],
                        self._builder.node_id(point.key),
                    )

    def _follow(
        self, point: Point, node: ua.NodeId, read: Callable[[int], ua.DataValue]
    ) -> LiveNode:
        index = point.index
        # Read from the image when somebody asks: nothing is copied at each poll.
        if read == self._values.value:
            self._builder.computed(node, ShownPoint(self._values, index))
        else:
            self._builder.computed(node, lambda _node, _attribute: read(index))
        return LiveNode(node, read)

    def _describe_analog(self, point: Point, node: ua.NodeId) -> None:
        spec = point.spec
        if spec.range is None:  # the catalogue refuses such a point
            raise ValueError(f"{point.key}: an analog point has a range")
        for name, data_type, value in (
            self._unit(point),
            # Of a setpoint the limits of this heat pump: what a client offers is what will be
            # taken.
            ("EURange", IDS.Range, value_range(point.limits or spec.range)),
        ):
            self._builder.property(node, ua.QualifiedName(name), data_type, value)
        if spec.instrument_range is not None:
            self._builder.property(
                node,
                ua.QualifiedName("InstrumentRange"),
                IDS.Range,
                value_range(spec.instrument_range),
            )
        if spec.decimals is not None:
            # Of a Double: how many digits behind the point mean something (OPC 10000-8, 5.3.1.2).
            self._builder.property(
                node, ua.QualifiedName("ValuePrecision"), IDS.Double, float(spec.decimals)
            )

    def _unit(self, point: Point) -> tuple[str, int, object]:
        """Return the property for a value's unit or currency (OPC 10000-3, 8.61)."""
        if point.spec.unit is not None:
            unit = engineering_unit(UNITS[point.spec.unit])
            return "EngineeringUnits", IDS.EUInformation, unit
        if self._currency is None:
            raise ValueError(f"{point.key}: money needs the tariff's currency")
        currency = CURRENCIES[self._currency]
        money = ua.CurrencyUnitType(
            currency.number, currency.digits, self._currency, ua.LocalizedText(currency.name)
        )
        return "CurrencyUnit", IDS.CurrencyUnitType, money

    def _describe_two_state(self, point: Point, node: ua.NodeId) -> None:
        for name, state in zip(("FalseState", "TrueState"), point.spec.states or (), strict=True):
            self._builder.property(node, ua.QualifiedName(name), IDS.LocalizedText, text(state))

    def _describe_multi_state(self, point: Point, node: ua.NodeId) -> LiveNode:
        values = [
            ua.EnumValueType(code, text(name), text("")) for code, name in point.spec.codes.items()
        ]
        self._builder.property(
            node, ua.QualifiedName("EnumValues"), IDS.EnumValueType, values, array=True
        )
        # For clients that cannot look a number up in EnumValues (OPC 10000-8, 5.3.3.4).
        name = self._builder.property(node, ua.QualifiedName("ValueAsText"), IDS.LocalizedText)
        return self._follow(point, name, self._values.state_text)

    def _describe_model(self, point: Point, node: ua.NodeId, origin: Provenance) -> LiveNode:
        """Add the properties for the model that a prediction comes from."""
        for name, data_type, value, description in provenance_properties(origin):
            self._builder.property(node, self._own(name), data_type, value, description=description)
        issued = self._builder.property(
            node,
            self._own("IssueTime"),
            IDS.DateTime,
            description="When the prediction was made",
        )
        return self._follow(point, issued, self._values.issue_time)

    def _add_forecast(self, point: Point, node: ua.NodeId, forecasts: ForecastValues) -> LiveNode:
        """Add the variable of the newest forecast, whose history has those before."""
        forecast = self._builder.variable(
            f"{point.key}.{FORECAST}",
            self._own(FORECAST),
            standard(IDS.BaseDataVariableType),
            NodePlace(node),
            standard(IDS.DataValue),
            array=True,
            description=self._model.prediction.variables[FORECAST].text,
            historized=True,
        )
        return self._follow(point, forecast, forecasts.value)

    def _own(self, name: str) -> ua.QualifiedName:
        return ua.QualifiedName(name, self._builder.namespaces.types)
