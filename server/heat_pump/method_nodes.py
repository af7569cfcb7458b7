"""Method nodes of heat pumps: declared in model.yaml, limited to what an instance can do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from asyncua import ua

from heatpump_twin.config.phrase import Phrase
from heatpump_twin.server.heat_pump.argument_range import ArgumentRange
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
from heatpump_twin.server.space.ua_values import instance_name, standard
from heatpump_twin.twin_engine.commands.commands import CommandHandler
from heatpump_twin.twin_engine.commands.refused_write import RefusedWrite

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
"""Record a call by a user without the role: called with the inputs and a sentence."""


class MethodNodes:
    """The builder that adds methods to a heat pump and its MethodSet."""

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
        ranges: Mapping[str, ArgumentRange] | None = None,
        inputs: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
        refused: Refused | None = None,
    ) -> None:
        """Add a declared method to a heat pump.

        Parameters
        ----------
        ranges
            By input: what it takes on this heat pump.
        inputs, outputs
            Those of the declared ones that this heat pump has; default: all.
        refused
            Records a refusal; default: under the name of the method.
        """
        declared, ranges = self.declared[name], ranges or {}
        takes = tuple(
            _argument(arg, spec, ranges[arg].words if arg in ranges else "")
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
        # Also on the device itself, where a client without knowledge of DI looks for methods.
        self._builder.reference(nodes.device, ua.ObjectIds.HasComponent, node)
        for argument in takes:
            if argument.name in ranges:
                title = declared.inputs[argument.name].description
                self._describe(node, argument, title, ranges[argument.name])

        async def by_method(caller: Caller, values: Sequence[Any], words: str) -> None:
            # Recorded though refused: who tried to act on the plant is part of the audit.
            await self._commands.refuse(
                RefusedWrite(
                    f"{asset}.{name}",
                    first_number(values),
                    caller.user_name,
                    caller.origin,
                    ua.StatusCodes.BadUserAccessDenied,
                    words,
                )
            )

        async def denied(caller: Caller, values: Sequence[Any]) -> None:
            words = f"{caller.user_name} may not call {name}: it takes the role {declared.role}."
            await (refused or by_method)(caller, values, words)

        # Device and MethodSet are both right as ObjectId of a call: clients find the method there.
        self._table.add(
            node, (nodes.device, nodes.method_set), OfferedMethod(takes, declared.role, run, denied)
        )

    def _describe(
        self, method: ua.NodeId, argument: MethodArgument, title: str, takes: ArgumentRange
    ) -> None:
        """Add the variable that describes an input argument: it has its name, and no value."""
        if takes.span is None and not takes.states:
            return
        analog = takes.span is not None
        node = self._builder.variable(
            f"{instance_name(method)}.{argument.name}",
            ua.QualifiedName(argument.name, self._builder.namespaces.types),
            standard(ua.ObjectIds.AnalogItemType if analog else ua.ObjectIds.BaseDataVariableType),
            NodePlace(method, ua.ObjectIds.HasArgumentDescription),
            standard(argument.data_type or argument.kind.value),
            title=takes.title or title,
            description=argument.description,
            # Not readable: there is no current value of an argument, only its range.
            readable=False,
        )
        takes.describe(self._builder, node)


def first_number(values: Sequence[Any]) -> float:
    """Return the first number among input values, for the audit log; NaN if there is none."""
    numbers = (float(value) for value in values if isinstance(value, int | float))
    return next(numbers, float("nan"))


def _argument(name: str, declared: ArgumentDeclaration, span: str = "") -> MethodArgument:
    kind, data_type = _WIRE[declared.data_type]
    text = declared.description
    if span:  # it states the unit
        listed = declared.text is not None or declared.data_type is DataType.INT32
        meaning = declared.meaning
        text = (
            Phrase("{text}: {span}", text=meaning, span=span)
            if listed
            else Phrase("{text}, {span}", text=meaning, span=span)
        )
    return MethodArgument(name, kind, text, data_type)
