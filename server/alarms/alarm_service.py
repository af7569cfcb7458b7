"""All conditions of the server: their nodes, their methods, and the events of their changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import structlog
from asyncua import ua

from heatpump_twin.drivers.clock import Clock, real_period
from heatpump_twin.server.alarms.alarm_forms import TYPE_NAMES
from heatpump_twin.server.alarms.alarm_groups import AlarmGroups, is_first
from heatpump_twin.server.alarms.alarm_metrics import AlarmMetrics
from heatpump_twin.server.alarms.alarm_record import AlarmRecorder, notifiers, told
from heatpump_twin.server.alarms.alarm_steps import Step, removed, turn
from heatpump_twin.server.alarms.condition import (
    Condition,
    first_state,
    in_time,
    recalled,
    waits_for_time,
)
from heatpump_twin.server.alarms.condition_changes import ConditionChanges
from heatpump_twin.server.alarms.condition_event import event_of
from heatpump_twin.server.alarms.condition_methods import ALL, ConditionMethod, methods_of
from heatpump_twin.server.alarms.condition_nodes import ConditionNodes
from heatpump_twin.server.alarms.outside_acknowledgement import Outsider, acknowledged
from heatpump_twin.server.channel.internal_server import TwinInternalServer
from heatpump_twin.server.services.method_table import Caller, OfferedMethod, result
from heatpump_twin.server.space.event import Event
from heatpump_twin.server.space.node_builder import NodeBuilder, NodePlace, standard
from heatpump_twin.server.space.ua_values import content
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmTransition
from heatpump_twin.twin_engine.conditions.condition_state import ConditionState
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore

log = structlog.stdlib.get_logger(__name__)

LOOK = 1.0
"""How often it is looked whether an alarm is to be unshelved, or raised again. [s]"""


class _Having:
    """The conditions that have a method, and the state machines in them."""

    def __init__(self, nodes: ConditionNodes, method: ConditionMethod) -> None:
        self._nodes, self._method = nodes, method

    def __contains__(self, node: object) -> bool:
        condition = self._nodes.owner(node) if isinstance(node, ua.NodeId) else None
        # The methods of a state machine may be called on the condition, too (5.8.17.3).
        there = condition is not None and (node == condition.node or self._method.shelves)
        return there and condition is not None and self._method in methods_of(condition.alarm)


class AlarmService:
    """The service that keeps the alarms of all heat pumps as OPC UA conditions."""

    def __init__(
        self,
        builder: NodeBuilder,
        iserver: TwinInternalServer,
        clock: Clock,
        store: ConditionStore,
    ) -> None:
        self._records = AlarmRecorder(store, iserver, clock)
        self._changes = ConditionChanges(self._records, iserver.recorder, clock, self._changed)
        self._builder = builder
        self._iserver = iserver
        self._clock = clock
        self._by_key: dict[str, Condition] = {}
        self._by_asset: dict[str, list[Condition]] = {}
        self._timed: set[str] = set()
        self._groups = AlarmGroups(builder)
        self._metrics = AlarmMetrics(builder, clock)
        reset = standard(ua.ObjectIds.AlarmMetricsType_Reset)
        iserver.methods.add(reset, self._metrics, self._metrics.reset)
        self._nodes = ConditionNodes(builder, clock)
        iserver.aspace.add_source(self._nodes)
        for method in ALL:
            offered = OfferedMethod(method.inputs, method.role, partial(self._call, method))
            for number in method.numbers:
                iserver.methods.add(standard(number), _Having(self._nodes, method), offered)

    # ── the address space ─────────────────────────────────────────────────────────────────────────
    def add(self, alarm: AlarmDefinition, device: ua.NodeId) -> None:
        """Add the condition of an alarm to a device."""
        names = self._builder.namespaces
        event_type = self._builder.type_id(TYPE_NAMES[alarm.form])
        title = self._iserver.aspace.read_attribute_value(device, ua.AttributeIds.DisplayName)
        inputs = [self._builder.node_id(f"{alarm.asset}.{point}") for point in alarm.inputs]
        condition = Condition(
            node=self._builder.node_id(f"{alarm.asset}.alarms.{alarm.rule}"),
            event_type=event_type,
            source=device,
            source_name=content(title).Text or alarm.asset,
            # InputNode is one node; a rule over several points names the first of them.
            input_node=inputs[0] if inputs else ua.NodeId(),
            alarm=alarm,
            state=first_state(alarm, self._clock.now()),
            group=self._groups.of(alarm.asset, device),
            certificate=lambda: self._iserver.certificate,
        )
        self._nodes.add(condition)
        node = self._builder.object(
            str(condition.node.Identifier),
            ua.QualifiedName(alarm.rule, names.site),
            event_type,
            NodePlace(device),
            title=alarm.title,
            children=lambda: self._nodes.children(condition),
        )
        self._builder.reference(device, ua.ObjectIds.HasCondition, node)
        self._groups.join(condition)
        if alarm.asset not in self._by_asset:
            self._metrics.add(alarm.asset, device)
        self._by_key[alarm.key] = condition
        self._by_asset.setdefault(alarm.asset, []).append(condition)

    async def remove(self, asset: str) -> None:
        """Remove the conditions of an asset; their objects are removed with its other nodes."""
        gone = self._by_asset.pop(asset, [])
        self._metrics.remove(asset)
        # Withdrawn at once, before any await: nobody may acknowledge what is being removed.
        kept = [node for condition in gone for node in self._nodes.discard(condition)]
        for condition in gone:
            condition.gone = True
            del self._by_key[condition.alarm.key]
        for condition in gone:
            if condition.state.retain or condition.state.branches:
                # The last that clients hear of it: nothing is to be done about it any more. What
                # is stored stays: its heat pump may come back.
                step = removed(condition.state, self._clock.now())
                self._records.note(condition, step, state=False)
                await self._changed(condition, step)
        # Last, as the step above is one of a condition that may be shelved.
        self._timed.difference_update(condition.alarm.key for condition in gone)
        await self._iserver.aspace.remove(kept)

    # ── what happens ──────────────────────────────────────────────────────────────────────────────
    async def take(self, transition: AlarmTransition) -> None:
        """Apply a transition of an alarm to its condition, and send the event."""
        condition = self._by_key.get(transition.alarm.key)
        if condition is None:
            # Not fatal: one unknown rule must not take the alarms of all others away.
            log.error("transition of an alarm that was not declared", alarm=transition.alarm.key)
            return
        first = is_first(condition, self._by_asset[transition.alarm.asset])
        step = turn(condition.state, transition, self._clock.now(), first=first)
        self._records.note(condition, step)
        await self._changed(condition, step)

    async def recall(self, states: Mapping[str, ConditionState]) -> None:
        """Take back what was known of conditions before a restart."""
        for key, stored in states.items():
            # A rule that is gone may come back with the pack that it is from.
            if (condition := self._by_key.get(key)) is None:
                continue
            step = Step(recalled(condition.alarm, stored, condition.state), ())
            self._records.note(condition, step)
            await self._changed(condition, step)
            # Nothing has happened but a restart: clients are told, and the history is not.
            for event in self._retained(condition):
                await self._iserver.subscriptions.notify(event, notifiers(condition))

    async def run(self) -> None:
        """Unshelve alarms whose time is over, and raise again those that go on, for ever."""
        period = real_period(LOOK, self._clock.speed)
        while True:
            now = self._clock.now()
            for key in list(self._timed):
                condition = self._by_key.get(key)  # gone, while another one was told of
                if condition is not None and (step := in_time(condition, now)) is not None:
                    self._records.note(condition, step)
                    await self._changed(condition, step)
            await asyncio.sleep(period)

    async def settle(self) -> None:
        """Let people's changes come to their end, and write what waits."""
        await self._changes.settle()
        await self._records.settle()

    def retained(self) -> list[tuple[Event, Sequence[ua.NodeId]]]:
        """Return the event of each occurrence that is of interest, and where it is told."""
        return [
            (event, notifiers(condition))
            for condition in self._by_key.values()
            for event in self._retained(condition)
        ]

    def _retained(self, condition: Condition) -> list[Event]:
        state, now = condition.state, self._clock.now()
        trunk = (state.trunk,) if state.retain else ()
        # Earlier occurrences first, as they came.
        return [event_of(condition, o, now) for o in (*state.branches, *trunk) if state.enabled]

    async def _changed(self, condition: Condition, step: Step) -> None:
        """Put a condition into the state of a step, and send its events."""
        news = told(condition, step)
        self._metrics.note(condition.alarm.asset, condition.state, step)
        condition.state = step.state
        if waits_for_time(condition):
            self._timed.add(condition.alarm.key)
        else:
            self._timed.discard(condition.alarm.key)
        await self._nodes.tell(condition)
        for item in news:
            event = event_of(condition, item.occurrence, self._clock.now())
            await self._iserver.subscriptions.notify(event, notifiers(condition))

    # ── methods ───────────────────────────────────────────────────────────────────────────────────
    async def acknowledge(self, key: str, raised: int, user: str, origin: str) -> str:
        """Acknowledge what was raised at a time, for a user without a session. [µs]

        Returns what came of it, in a sentence.
        """
        outsider = Outsider(user, origin)
        return await acknowledged(self._by_key.get(key), raised, outsider, self._changes)

    async def _call(
        self, method: ConditionMethod, caller: Caller, node: ua.NodeId, inputs: Sequence[Any]
    ) -> ua.CallMethodResult:
        condition = self._nodes.owner(node)
        if condition is None:
            return result(ua.StatusCodes.BadNodeIdUnknown)
        return await self._changes.make(condition, caller, method, inputs)
