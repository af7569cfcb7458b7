"""The commands of a heat pump as OPC UA methods. All go through `CommandHandler`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asyncua import ua

from heatpump_twin.config.catalogue import UNITS, Kind, Point, Span
from heatpump_twin.config.phrase import Phrase, joined
from heatpump_twin.server.heat_pump_nodes import HeatPumpNodes
from heatpump_twin.server.method_table import Argument, Caller, Method, MethodTable, result
from heatpump_twin.server.node_builder import NodeBuilder, Place
from heatpump_twin.server.users import Role
from heatpump_twin.twin_engine.commands import CommandHandler

DOUBLE, INT32, STRING = ua.VariantType.Double, ua.VariantType.Int32, ua.VariantType.String


@dataclass(frozen=True, slots=True)
class SetpointMethod:
    """One method: the point that it writes and, where it takes no argument, the value."""

    name: str
    point: str
    effect: str
    value: float | None = None


METHODS = (
    SetpointMethod("SetSupplySetpoint", "supply_setpoint", "Changes the supply setpoint."),
    SetpointMethod("SetDhwSetpoint", "dhw_setpoint", "Changes the hot water setpoint."),
    SetpointMethod("SetRoomSetpoint", "room_setpoint", "Changes the room setpoint."),
    SetpointMethod("SetOperatingMode", "operating_mode", "Changes what may be produced."),
    SetpointMethod("Start", "unit_enabled", "Switches the heat pump on.", 1.0),
    SetpointMethod("Stop", "unit_enabled", "Switches the heat pump off.", 0.0),
)

OUTPUTS = (
    Argument("ReadBack", DOUBLE, "What the device holds afterwards, in the point's unit"),
    Argument("Message", STRING, "What happened, in one sentence"),
)

WHO = "For operators. The device is read back; every call is recorded with user and outcome."


class SetpointMethods:
    """Adds the methods of heat pumps and carries them out."""

    def __init__(
        self, builder: NodeBuilder, methods: MethodTable, commands: CommandHandler
    ) -> None:
        self._builder = builder
        self._methods = methods
        self._commands = commands

    def add(self, nodes: HeatPumpNodes, points: Mapping[str, Point]) -> None:
        """Add those methods whose point can be written on this heat pump."""
        for spec in METHODS:
            point = points.get(spec.point)
            if point is not None and point.limits is not None:
                self._add(nodes, spec, point, point.limits)

    def _add(self, nodes: HeatPumpNodes, spec: SetpointMethod, point: Point, limits: Span) -> None:
        inputs = () if spec.value is not None else (_input(point, limits),)
        node = self._builder.method(
            f"{point.asset}.{spec.name}",
            ua.QualifiedName(spec.name, self._builder.namespaces.site),
            Place(nodes.method_set),
            [argument.described() for argument in inputs],
            [argument.described() for argument in OUTPUTS],
            description=Phrase("{effect} {who}", effect=spec.effect, who=WHO),
        )
        self._builder.reference(nodes.device, ua.ObjectIds.HasComponent, node)

        async def run(caller: Caller, _: ua.NodeId, values: Sequence[Any]) -> ua.CallMethodResult:
            return await self._write(point, limits, spec.value, values, caller)

        async def denied(caller: Caller, values: Sequence[Any]) -> None:
            await self._refuse(
                point,
                _number(spec.value, values),
                caller,
                ua.StatusCodes.BadUserAccessDenied,
                f"{caller.user_name} may not write {point.spec.title}: it takes an operator.",
            )

        self._methods.add(
            node, (nodes.device, nodes.method_set), Method(inputs, Role.OPERATOR, run, denied)
        )

    async def _write(
        self,
        point: Point,
        limits: Span,
        fixed: float | None,
        values: Sequence[Any],
        caller: Caller,
    ) -> ua.CallMethodResult:
        value = _number(fixed, values)
        if not _allowed(point, limits, value):
            status = ua.StatusCodes.BadOutOfRange
            message = f"{point.spec.title} takes {_span(point, limits)}, not {value:g}."
            await self._refuse(point, value, caller, status, message)
            answer = result(status)
            answer.InputArgumentResults = [ua.StatusCode(status)]
            return answer
        done = await self._commands.write(
            point.key, value, user=caller.user_name, origin=caller.origin
        )
        read_back = math.nan if done.read_back is None else done.read_back
        return result(
            done.status, (ua.Variant(read_back, DOUBLE), ua.Variant(done.message, STRING))
        )

    async def _refuse(
        self, point: Point, value: float, caller: Caller, status: int, message: str
    ) -> None:
        await self._commands.refuse(
            point.key,
            value,
            user=caller.user_name,
            origin=caller.origin,
            status=status,
            message=message,
        )


def _input(point: Point, limits: Span) -> Argument:
    if point.spec.kind is Kind.ANALOG:
        name, kind, template = "Value", DOUBLE, "{point}, {span}"
    else:
        name, kind, template = "Mode", INT32, "{point}: {span}"
    text = Phrase(template, point=point.spec.title, span=_span(point, limits))
    return Argument(name, kind, text)


def _codes(point: Point, limits: Span) -> dict[int, str]:
    codes = dict(enumerate(point.spec.states)) if point.spec.states else point.spec.enum
    return {code: name for code, name in codes.items() if limits[0] <= code <= limits[1]}


def _span(point: Point, limits: Span) -> Phrase:
    if point.spec.unit is None:
        codes = _codes(point, limits).items()
        return joined(", ", [Phrase("{code} {name}", code=code, name=name) for code, name in codes])
    symbol = UNITS[point.spec.unit].symbol
    template = "{low} to {high} {unit}" if symbol else "{low} to {high}"
    return Phrase(template, low=limits[0], high=limits[1], unit=symbol)


def _allowed(point: Point, limits: Span, value: float) -> bool:
    if point.spec.kind is Kind.ANALOG:
        return math.isfinite(value) and limits[0] <= value <= limits[1]
    return value in _codes(point, limits)


def _number(fixed: float | None, values: Sequence[Any]) -> float:
    """Return the value that is asked for; NaN where there is none that could be recorded."""
    value = fixed if fixed is not None else next(iter(values), None)
    return float(value) if isinstance(value, int | float) else math.nan
