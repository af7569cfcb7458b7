"""Methods of heat pumps as nodes: declared in model.yaml, narrowed to what an instance can do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from asyncua import ua

from heatpump_twin.config.catalogue import UNITS, Point, PointKind, Span
from heatpump_twin.config.phrase import Phrase, joined
from heatpump_twin.server.heat_pump.heat_pump_nodes import HeatPumpNodes
from heatpump_twin.server.nodeset.method_declaration import ArgumentDeclaration
from heatpump_twin.server.nodeset.model import TypeModel
from heatpump_twin.server.nodeset.vocabulary import DataType
from heatpump_twin.server.services.method_table import (
    Caller,
    MethodArgument,
    MethodTable,
    OfferedMethod,
    Run,
)
from heatpump_twin.server.space.node_builder import NodeBuilder, NodePlace
from heatpump_twin.twin_engine.commands.commands import CommandHandler

_WIRE = {
    DataType.BOOLEAN: (ua.VariantType.Boolean, None),
    DataType.INT32: (ua.VariantType.Int32, None),
    DataType.DOUBLE: (ua.VariantType.Double, None),
    DataType.STRING: (ua.VariantType.String, None),
    DataType.LOCALIZED_TEXT: (ua.VariantType.LocalizedText, None),
    DataType.UTC_TIME: (ua.VariantType.DateTime, ua.ObjectIds.UtcTime),
    DataType.DURATION: (ua.VariantType.Double, ua.ObjectIds.Duration),
}

Refused = Callable[[Caller, Sequence[Any], str], Awaitable[None]]
"""Records a call by somebody who may not: called with the inputs and a sentence."""


class MethodNodes:
    """Adds methods to a heat pump and its MethodSet."""

    def __init__(
        self,
        builder: NodeBuilder,
        table: MethodTable,
        model: TypeModel,
        commands: CommandHandler,
    ) -> None:
        self.declared = model.methods
        self._builder = builder
        self._table = table
        self._model = model
        self._commands = commands

    def add(
        self,
        nodes: HeatPumpNodes,
        asset: str,
        name: str,
        run: Run,
        *,
        spans: Mapping[str, str] | None = None,
        inputs: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
        refused: Refused | None = None,
    ) -> None:
        """Add a method.

        Parameters
        ----------
        spans
            By input: what it takes on this heat pump, for its description.
        inputs, outputs
            Those of the declared ones that this heat pump has; default: all.
        refused
            Records a refusal; default: under the name of the method.
        """
        declared = self.declared[name]
        takes = tuple(
            _argument(arg, spec, (spans or {}).get(arg, ""))
            for arg, spec in declared.inputs.items()
            if inputs is None or arg in inputs
        )
        gives = [
            _argument(arg, spec)
            for arg, spec in self._model.outputs(name).items()
            if outputs is None or arg in outputs
        ]
        node = self._builder.method(
            f"{asset}.{name}",
            ua.QualifiedName(name, self._builder.namespaces.types),
            NodePlace(nodes.method_set),
            [argument.described() for argument in takes],
            [argument.described() for argument in gives],
            description=declared.description,
        )
        self._builder.reference(nodes.device, ua.ObjectIds.HasComponent, node)

        async def by_method(caller: Caller, values: Sequence[Any], words: str) -> None:
            await self._commands.refuse(
                f"{asset}.{name}",
                first_number(values),
                user=caller.user_name,
                origin=caller.origin,
                status=ua.StatusCodes.BadUserAccessDenied,
                message=words,
            )

        async def denied(caller: Caller, values: Sequence[Any]) -> None:
            words = f"{caller.user_name} may not call {name}: it takes the role {declared.role}."
            await (refused or by_method)(caller, values, words)

        self._table.add(
            node, (nodes.device, nodes.method_set), OfferedMethod(takes, declared.role, run, denied)
        )


def span_text(point: Point, limits: Span) -> Phrase:
    """Return ``20 to 55 °C`` or ``1 Heating, 3 Hot water``: the HMI reads it from there."""
    if point.spec.unit is None:
        states = codes(point, limits).items()
        return joined(
            ", ", [Phrase("{code} {name}", code=code, name=name) for code, name in states]
        )
    symbol = UNITS[point.spec.unit].symbol
    template = "{low} to {high} {unit}" if symbol else "{low} to {high}"
    return Phrase(template, low=limits[0], high=limits[1], unit=symbol)


def codes(point: Point, limits: Span) -> dict[int, str]:
    """Return the states of a point that can be asked for."""
    known = dict(enumerate(point.spec.states)) if point.spec.states else point.spec.enum
    return {code: name for code, name in known.items() if limits[0] <= code <= limits[1]}


def allowed(point: Point, limits: Span, value: float) -> bool:
    """Tell whether a value can be asked for."""
    if point.spec.kind is PointKind.ANALOG:
        return limits[0] <= value <= limits[1]  # NaN is not
    return value in codes(point, limits)


def first_number(values: Sequence[Any]) -> float:
    """Return the first number among inputs, for the audit log; NaN where there is none."""
    numbers = (float(value) for value in values if isinstance(value, int | float))
    return next(numbers, float("nan"))


def _argument(name: str, declared: ArgumentDeclaration, span: str = "") -> MethodArgument:
    kind, data_type = _WIRE[declared.data_type]
    text = declared.description
    if span:  # it states the unit
        listed = declared.text is not None or declared.data_type is DataType.INT32
        template = "{text}: {span}" if listed else "{text}, {span}"
        text = Phrase(template, text=text.partition(" [")[0], span=span)
    return MethodArgument(name, kind, text, data_type)
