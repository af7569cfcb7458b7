"""Methods that write setpoints and switches, all through `CommandHandler`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asyncua import ua

from heatpump_twin.config.catalogue import Point, Span, pascal_case
from heatpump_twin.config.phrase import Phrase
from heatpump_twin.drivers.status import UNCERTAIN, is_good
from heatpump_twin.drivers.write_range import out_of_range
from heatpump_twin.server.heat_pump.argument_range import ArgumentRange
from heatpump_twin.server.heat_pump.heat_pump_nodes import HeatPumpNodes
from heatpump_twin.server.heat_pump.method_nodes import (
    MethodNodes,
    first_number,
)
from heatpump_twin.server.security.users import UserRole
from heatpump_twin.server.services.method_table import Caller, refused, result
from heatpump_twin.twin_engine.commands.commands import CommandHandler, CommandResult
from heatpump_twin.twin_engine.commands.refused_write import RefusedWrite
from heatpump_twin.twin_engine.wording import sentences, value_text

FIXED = {"Start": 1.0, "Stop": 0.0}
"""The value that a method without an argument writes."""


REASONED = "SetWithReason"
LONGEST_REASON = 500
"""[characters]"""


@dataclass(frozen=True, slots=True)
class SetpointTarget:
    """A point that a method writes, its limits, and the input argument with its value."""

    point: Point
    limits: Span
    argument: str
    """Name of the input argument; empty: the method takes none."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that one method writes alone, and the least role that may call that."""

    target: SetpointTarget
    role: UserRole


@dataclass(frozen=True, slots=True)
class Why:
    """Why something is written, and where its first value stands among the call's arguments."""

    reason: str = ""
    place: int = 0
    arguments: int = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call with a reason asks for."""

    setting: Setting | None
    """None: there is no such setting."""
    key: str
    """For the audit."""
    value: float
    reason: str
    """As much of it as is kept."""
    too_long: bool


class SetpointMethods:
    """The builder of the methods that write points, which also runs them."""

    def __init__(self, nodes: MethodNodes, commands: CommandHandler) -> None:
        self._nodes = nodes
        self._commands = commands

    def add(self, pump: HeatPumpNodes, asset: str, points: Mapping[str, Point]) -> None:
        """Add the methods of which this heat pump can write at least one point."""
        single: dict[str, Setting] = {}
        for name, declared in self._nodes.declared.items():
            by_point = {spec.point: argument for argument, spec in declared.inputs.items()}
            targets = [
                SetpointTarget(points[p], limits, by_point.get(p, ""))
                for p in declared.writes
                if p in points and (limits := points[p].limits) is not None
            ]
            if targets:
                self._add(pump, asset, name, targets)
            # By what this heat pump has: where there is no offset, a curve is one setting. A switch
            # is written by two methods, each for its value.
            if len(targets) == 1 and (targets[0].argument or name in FIXED):
                single[pascal_case(targets[0].point.id)] = Setting(targets[0], declared.role)
        if single:
            self._add_reasoned(pump, asset, single)

    def _add(
        self, pump: HeatPumpNodes, asset: str, name: str, targets: list[SetpointTarget]
    ) -> None:
        several = len(self._nodes.declared[name].writes) > 1
        arguments = [target.argument for target in targets if target.argument]
        read_backs = [f"{a}ReadBack" for a in arguments] if several else ["ReadBack"]

        async def run(caller: Caller, _: ua.NodeId, values: Sequence[Any]) -> ua.CallMethodResult:
            asked = [FIXED[name]] if name in FIXED else [float(value) for value in values]
            return await self._write(targets, asked, caller)

        async def denied(caller: Caller, values: Sequence[Any], words: str) -> None:
            value = FIXED.get(name, first_number(values))
            status = ua.StatusCodes.BadUserAccessDenied
            await self._refuse(targets[0].point.key, value, caller, status, words)

        self._nodes.add(
            pump,
            asset,
            name,
            run,
            ranges={t.argument: ArgumentRange.of(t.point, t.limits) for t in targets if t.argument},
            inputs=arguments,
            outputs=[*read_backs, "Message"],
            refused=denied,
        )

    def _add_reasoned(
        self, pump: HeatPumpNodes, asset: str, settings: Mapping[str, Setting]
    ) -> None:
        """Add the method that writes any of some settings, by their BrowseNames, and says why."""

        def asked_of(values: Sequence[Any]) -> Asked:
            # Asked also of a call that is refused before its arguments are counted.
            name, _, why = [*values, None, None, None][:3]
            setting, reason = settings.get(str(name or "")), str(why or "")
            key = f"{asset}.{REASONED}" if setting is None else setting.target.point.key
            kept, too_long = reason[:LONGEST_REASON], len(reason) > LONGEST_REASON
            return Asked(setting, key, first_number(values), kept.strip(), too_long)

        async def run(caller: Caller, _: ua.NodeId, values: Sequence[Any]) -> ua.CallMethodResult:
            asked = asked_of(values)

            async def turned_away(status: int, place: int, words: str) -> ua.CallMethodResult:
                await self._refuse(asked.key, asked.value, caller, status, words, asked.reason)
                return refused(status, place, len(values), words)

            setting = asked.setting
            if setting is None:
                words = Phrase("Setting takes {names}.", names=", ".join(settings))
                return await turned_away(ua.StatusCodes.BadInvalidArgument, 0, words)
            # Its own method may be for another role than this one.
            if not caller.may(setting.role):
                words = Phrase("This takes the role {role}.", role=setting.role)
                return await turned_away(ua.StatusCodes.BadUserAccessDenied, 0, words)
            if asked.too_long:
                words = Phrase("Reason takes {most} characters at most.", most=LONGEST_REASON)
                return await turned_away(ua.StatusCodes.BadOutOfRange, 2, words)
            why = Why(asked.reason, place=1, arguments=len(values))
            return await self._write([setting.target], [asked.value], caller, why)

        async def denied(caller: Caller, values: Sequence[Any], words: str) -> None:
            asked, status = asked_of(values), ua.StatusCodes.BadUserAccessDenied
            await self._refuse(asked.key, asked.value, caller, status, words, asked.reason)

        self._nodes.add(pump, asset, REASONED, run, refused=denied)

    async def _write(
        self,
        targets: Sequence[SetpointTarget],
        values: Sequence[float],
        caller: Caller,
        why: Why | None = None,
    ) -> ua.CallMethodResult:
        why = why or Why(arguments=len(values))
        pairs = list(zip(targets, values, strict=True))
        # All values are checked before the first is written: a wrong second one must not leave the
        # heat pump with half of the command.
        for index, (target, value) in enumerate(pairs):
            refusal = out_of_range(target.point.spec, target.limits, value)
            if refusal is not None:
                status, words = refusal.status, refusal.message
                await self._refuse(target.point.key, value, caller, status, words, why.reason)
                return refused(status, why.place + index, why.arguments, words)
        done: list[CommandResult] = []
        for target, value in pairs:
            done.append(
                await self._commands.write(
                    target.point.key,
                    value,
                    user=caller.user_name,
                    origin=caller.origin,
                    reason=why.reason,
                )
            )
            # No further writes after a failed one: the device may be gone, or may have refused for
            # a reason that holds for all.
            if not is_good(done[-1].status):
                break
        return _answer(targets, done)

    async def _refuse(
        self,
        key: str,
        value: float,
        caller: Caller,
        status: int,
        message: str,
        reason: str = "",
    ) -> None:
        who = (caller.user_name, caller.origin)
        await self._commands.refuse(RefusedWrite(key, value, *who, status, message, reason))


def _answer(
    targets: Sequence[SetpointTarget], done: Sequence[CommandResult]
) -> ua.CallMethodResult:
    """Return the result with the value that each point holds, also after a partial write."""
    last = done[-1]
    half_done = len(done) > 1 and not is_good(last.status)
    # Bad would say that nothing was done, and has no outputs to say what was.
    status = UNCERTAIN if half_done else last.status
    words = [one.message for one in done]
    if half_done and not last.touched:
        spec = targets[len(done) - 1].point.spec
        held_still = value_text(spec, last.old)
        words.append(Phrase("{point} is still {value}.", point=spec.title, value=held_still))
    message = sentences(words)
    # What the device holds, not what was asked for: the client must not show a wish as a fact.
    held = [one.read_back if one.touched else one.old for one in done]
    held += [None] * (len(targets) - len(done))
    outputs = [
        *(ua.Variant(math.nan if x is None else x, ua.VariantType.Double) for x in held),
        ua.Variant(message, ua.VariantType.String),
    ]
    return result(status, outputs, words=message)
