"""Methods of programs: release overrides, schedule, boost, disinfect, reset, train."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from asyncua import ua

from heatpump_twin.config.catalogue import UNITS, Point, Span
from heatpump_twin.config.phrase import Phrase, counted
from heatpump_twin.server.heat_pump.argument_range import ArgumentRange
from heatpump_twin.server.heat_pump.heat_pump_nodes import HeatPumpNodes
from heatpump_twin.server.heat_pump.method_nodes import MethodNodes
from heatpump_twin.server.services.method_table import Caller, Run, refused, result
from heatpump_twin.server.space.point_values import to_microseconds
from heatpump_twin.twin_engine.programs.hot_water_tank import (
    BOOST_TIME,
    BOOST_TIMES,
    HOLD_TIME,
    HOLD_TIMES,
)
from heatpump_twin.twin_engine.programs.programs import Programs
from heatpump_twin.twin_engine.programs.scenario_request import ScenarioQuestion
from heatpump_twin.twin_engine.programs.tank_program import SETPOINT, TankProgramKind
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyQuantity
from heatpump_twin.twin_engine.smart_start.ready_request import (
    LONGEST_AHEAD,
    QUANTITIES,
    ReadyRequest,
)
from heatpump_twin.twin_engine.verdict import Verdict
from heatpump_twin.twin_engine.wording import duration_text

Ask = Callable[[Caller, Sequence[Any]], Awaitable[Verdict]]
MILLISECONDS = 1000.0
DAY = 86400.0
TANK_METHODS = (
    ("StartDhwBoost", TankProgramKind.BOOST, "MaxDuration", BOOST_TIMES, BOOST_TIME),
    ("StartDisinfection", TankProgramKind.DISINFECTION, "HoldTime", HOLD_TIMES, HOLD_TIME),
)


class ProgramMethods:
    """The builder that adds program methods to the heat pumps that support them."""

    def __init__(self, nodes: MethodNodes, programs: Programs) -> None:
        self._nodes = nodes
        self._programs = programs

    def add(self, pump: HeatPumpNodes, asset: str, points: Mapping[str, Point]) -> None:
        """Add the program methods that one heat pump supports."""
        programs, trainer = self._programs, self._programs.trainer
        if programs.overrides.offered(asset):
            self._add(pump, asset, "ReleaseOverride", self._release(asset))
        if offered := programs.schedules.offered(asset):
            self._add(pump, asset, "ScheduleReady", self._schedule(asset), _ready(offered))
            self._add(pump, asset, "CancelSchedule", self._cancel(asset))
        for name, kind, argument, times, default in TANK_METHODS:
            if (span := programs.tank.targets(asset, kind)) is not None:
                ranges = {
                    "Target": ArgumentRange.of(points[SETPOINT], span),
                    argument: _durations(times, default),
                }
                self._add(pump, asset, name, self._tank(asset, kind), ranges)
        if programs.fault_reset.offered(asset):
            self._add(pump, asset, "ResetFault", self._reset(asset))
        if trainer is not None and trainer.offered(asset):
            # Bound here, where the type checker knows that there is a trainer.
            start = trainer.start

            async def train(caller: Caller, _: Sequence[Any]) -> Verdict:
                return await start(asset, user=caller.user_name, origin=caller.origin)

            self._add(pump, asset, "Retrain", train)
        self._add_forecast_models(pump, asset)
        self._add_scenarios(pump, asset)

    def _add_forecast_models(self, pump: HeatPumpNodes, asset: str) -> None:
        models = self._programs.forecast_models
        if models is None or not models.offered(asset):
            return
        start, put, take = models.train, models.promote, models.roll_back

        async def train(caller: Caller, _: Sequence[Any]) -> Verdict:
            return await start(asset, user=caller.user_name, origin=caller.origin)

        async def promote(caller: Caller, values: Sequence[Any]) -> Verdict:
            return await put(asset, values[0], user=caller.user_name, origin=caller.origin)

        async def roll_back(caller: Caller, _: Sequence[Any]) -> Verdict:
            return await take(asset, user=caller.user_name, origin=caller.origin)

        for name, ask in (("Train", train), ("Promote", promote), ("Rollback", roll_back)):
            self._add(pump, asset, name, ask)

    def _add_scenarios(self, pump: HeatPumpNodes, asset: str) -> None:
        simulator = self._programs.simulator
        if simulator is None or not simulator.offered(asset):
            return
        start, stop = simulator.start, simulator.cancel

        async def simulate(caller: Caller, values: Sequence[Any]) -> Verdict:
            changes, days, seed = values
            question = ScenarioQuestion(tuple((changes or "").split()), days, seed)
            return await start(asset, question, user=caller.user_name, origin=caller.origin)

        async def cancel(caller: Caller, _: Sequence[Any]) -> Verdict:
            return await stop(asset, user=caller.user_name, origin=caller.origin)

        self._add(pump, asset, "SimulateScenario", simulate)
        self._add(pump, asset, "CancelScenario", cancel)

    def _add(
        self,
        pump: HeatPumpNodes,
        asset: str,
        name: str,
        ask: Ask,
        ranges: Mapping[str, ArgumentRange] | None = None,
    ) -> None:
        declared = self._nodes.declared[name]
        self._nodes.add(
            pump,
            asset,
            name,
            _answered(ask, list(declared.inputs), "ReadBack" in declared.outputs),
            ranges=ranges,
        )

    def _release(self, asset: str) -> Ask:
        async def ask(caller: Caller, _: Sequence[Any]) -> Verdict:
            return await self._programs.release(asset, user=caller.user_name, origin=caller.origin)

        return ask

    def _schedule(self, asset: str) -> Ask:
        async def ask(caller: Caller, values: Sequence[Any]) -> Verdict:
            ready_at, target, probability, quantity, weekdays, hold = values
            # A client that leaves the time out sends null: long ago, and refused as such.
            time = to_microseconds(ready_at or dt.datetime.min.replace(tzinfo=dt.UTC))
            request = ReadyRequest(
                asset, time, target, caller.user_name, caller.origin, probability, quantity,
                weekdays, hold / MILLISECONDS,
            )  # fmt: skip
            return await self._programs.schedules.set(request)

        return ask

    def _cancel(self, asset: str) -> Ask:
        async def ask(caller: Caller, _: Sequence[Any]) -> Verdict:
            return await self._programs.schedules.cancel(
                asset, user=caller.user_name, origin=caller.origin
            )

        return ask

    def _tank(self, asset: str, kind: TankProgramKind) -> Ask:
        async def ask(caller: Caller, values: Sequence[Any]) -> Verdict:
            target, duration = values
            return await self._programs.heat_tank(
                asset,
                kind,
                target,
                duration / MILLISECONDS,
                user=caller.user_name,
                origin=caller.origin,
            )

        return ask

    def _reset(self, asset: str) -> Ask:
        async def ask(caller: Caller, _: Sequence[Any]) -> Verdict:
            return await self._programs.reset_fault(
                asset, user=caller.user_name, origin=caller.origin
            )

        return ask


def _ready(offered: Mapping[ReadyQuantity, Span]) -> dict[str, ArgumentRange]:
    """Return the ranges of the inputs of ScheduleReady."""
    days = round(LONGEST_AHEAD / DAY)
    ahead = counted("at most {n} day ahead", "at most {n} days ahead", n=days)
    # Of the water, as it is asked for most: the others have theirs in the refusal.
    span = offered.get(ReadyQuantity.WATER) or next(iter(offered.values()))
    low, high = span
    codes = {code: one.capitalize() for code, one in enumerate(QUANTITIES) if one in offered}
    return {
        "ReadyAt": ArgumentRange(ahead),
        "Target": ArgumentRange(
            Phrase("{low} to {high} °C", low=f"{low:g}", high=f"{high:g}"),
            span=span, unit=UNITS["Cel"],
        ),
        "Quantity": ArgumentRange(", ".join(f"{c} {n}" for c, n in codes.items()), states=codes),
    }  # fmt: skip


def _durations(times: Span, default: float) -> ArgumentRange:
    """Return the range of a Duration argument in ms, from times in s."""
    low, high = map(duration_text, times)
    words = Phrase(
        "{low} to {high}, in ms; default {default}",
        low=low,
        high=high,
        default=duration_text(default),
    )
    return ArgumentRange(words, span=(times[0] * MILLISECONDS, times[1] * MILLISECONDS))


def _answered(ask: Ask, inputs: Sequence[str], with_read_back: bool) -> Run:
    """Return the function that runs a program method and answers with the verdict."""

    async def run(caller: Caller, _: ua.NodeId, values: Sequence[Any]) -> ua.CallMethodResult:
        verdict = await ask(caller, values)
        # The client learns which input is wrong from InputArgumentResults (OPC 10000-4, 5.12.2).
        if verdict.argument:
            number = inputs.index(verdict.argument)
            return refused(verdict.status, number, len(inputs), verdict.message)
        outputs = [ua.Variant(verdict.message, ua.VariantType.String)]
        if with_read_back:
            # NaN, as an output argument of type Double cannot be null.
            held = math.nan if verdict.read_back is None else verdict.read_back
            outputs.insert(0, ua.Variant(held, ua.VariantType.Double))
        return result(verdict.status, outputs, words=verdict.message)

    return run
