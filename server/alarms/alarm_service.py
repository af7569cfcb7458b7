"""All conditions of the server: their nodes, their methods, and the events of their changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from asyncua import ua

from heatpump_twin.config.phrase import Context, Phrase, Text
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server.alarms.condition import Condition
from heatpump_twin.server.alarms.condition_changes import Change, ConditionChanges
from heatpump_twin.server.alarms.condition_nodes import ConditionNodes
from heatpump_twin.server.channel.internal_server import TwinInternalServer
from heatpump_twin.server.security.users import UserRole
from heatpump_twin.server.services.method_table import Caller, MethodArgument, OfferedMethod
from heatpump_twin.server.space.event import system_event
from heatpump_twin.server.space.node_builder import NodeBuilder, NodePlace, standard
from heatpump_twin.server.space.ua_values import content
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmTransition
from heatpump_twin.twin_engine.conditions.condition_state import ConditionState
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore

log = structlog.stdlib.get_logger(__name__)

REFRESH_STARTS = Text("Refresh starts", Context.MESSAGES)
REFRESH_ENDS = Text("Refresh ends", Context.MESSAGES)
EVENT_ID = MethodArgument("EventId", ua.VariantType.ByteString, "The event that is meant")
COMMENT = MethodArgument("Comment", ua.VariantType.LocalizedText, "What the person says")

METHODS: Mapping[ua.NodeId, tuple[tuple[MethodArgument, ...], UserRole]] = {
    standard(ua.ObjectIds.AcknowledgeableConditionType_Acknowledge): (
        (EVENT_ID, COMMENT),
        UserRole.OPERATOR,
    ),
    standard(ua.ObjectIds.ConditionType_AddComment): ((EVENT_ID, COMMENT), UserRole.OPERATOR),
    standard(ua.ObjectIds.ConditionType_Enable): ((), UserRole.ENGINEER),
    standard(ua.ObjectIds.ConditionType_Disable): ((), UserRole.ENGINEER),
}
"""Methods of conditions: their input arguments and the role that may call them."""


class AlarmService:
    """The service that keeps the alarms of all heat pumps as OPC UA conditions."""

    def __init__(
        self,
        builder: NodeBuilder,
        iserver: TwinInternalServer,
        clock: Clock,
        store: ConditionStore,
    ) -> None:
        self._changes = ConditionChanges(store, iserver.recorder, clock, self._changed)
        self._builder = builder
        self._iserver = iserver
        self._clock = clock
        self._by_key: dict[str, Condition] = {}
        self._by_node: dict[ua.NodeId, Condition] = {}
        self._by_asset: dict[str, list[Condition]] = {}
        self._nodes = ConditionNodes(builder)
        iserver.aspace.add_source(self._nodes)

    # ── the address space ─────────────────────────────────────────────────────────────────────────
    def add(self, alarm: AlarmDefinition, device: ua.NodeId) -> None:
        """Add the condition of an alarm to a device."""
        names = self._builder.namespaces
        event_type = self._builder.type_id("RuleAlarmType")
        title = self._iserver.aspace.read_attribute_value(device, ua.AttributeIds.DisplayName)
        inputs = [self._builder.node_id(f"{alarm.asset}.{point}") for point in alarm.inputs]
        now = self._clock.now()
        condition = Condition(
            node=self._builder.node_id(f"{alarm.asset}.alarms.{alarm.rule}"),
            event_type=event_type,
            source=device,
            source_name=content(title).Text or alarm.asset,
            # InputNode is one node; a rule over several points names the first of them.
            input_node=inputs[0] if inputs else ua.NodeId(),
            alarm=alarm,
            time=now,
            received=now,
            message=Phrase("{alarm}: normal", alarm=alarm.title),
            active_since=now,
            acked_since=now,
            enabled_since=now,
            commented=now,
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
        self._add_methods(node)
        self._by_key[alarm.key] = self._by_node[node] = condition
        self._by_asset.setdefault(alarm.asset, []).append(condition)

    async def remove(self, asset: str) -> None:
        """Remove the conditions of an asset; their objects are removed with its other nodes."""
        gone = self._by_asset.pop(asset, [])
        for condition in gone:
            del self._by_key[condition.alarm.key], self._by_node[condition.node]
        for method in METHODS:
            # Withdrawn at once, before any await: nobody may acknowledge what is being removed.
            self._iserver.methods.withdraw(method, [condition.node for condition in gone])
        for condition in gone:
            if condition.retain:
                # The last that clients hear of it: nothing is to be done about it any more.
                condition.enable(False, "", self._clock.now())
                await self._changed(condition, tell=True)
        # Last: the listeners of these variables are told of the change above.
        kept = [node for condition in gone for node in self._nodes.discard(condition)]
        await self._iserver.aspace.remove(kept)

    def _add_methods(self, node: ua.NodeId) -> None:
        """Refer from a condition to the methods of its type (OPC 10000-9, 5.5.4: same NodeIds)."""
        runs = (self._acknowledge, self._add_comment, self._enable, self._disable)
        for (target, (inputs, role)), run in zip(METHODS.items(), runs, strict=True):
            self._builder.reference(node, ua.ObjectIds.HasComponent, target, inverse=False)
            self._iserver.methods.add(target, (node,), OfferedMethod(inputs, role, run))

    # ── what happens ──────────────────────────────────────────────────────────────────────────────
    async def take(self, transition: AlarmTransition) -> None:
        """Apply a transition of an alarm to its condition, and send the event."""
        condition = self._by_key.get(transition.alarm.key)
        if condition is None:
            # Not fatal: one unknown rule must not take the alarms of all others away.
            log.error("transition of an alarm that was not declared", alarm=transition.alarm.key)
            return
        if transition.active:
            # Of this occurrence: a device's fault code has causes and a severity of its own.
            condition.alarm = transition.alarm
        condition.transition(
            active=transition.active,
            time=transition.time,
            now=self._clock.now(),
            message=transition.message,
        )
        self._changes.store_later(condition)
        # A disabled condition sends no events, but its state is kept up for when it is
        # enabled.
        await self._changed(condition, condition.enabled)

    async def recall(self, states: Mapping[str, ConditionState]) -> None:
        """Take back what was known of conditions before a restart."""
        for key, state in states.items():
            # A rule that is gone may come back with the pack that it is from.
            if (condition := self._by_key.get(key)) is not None:
                condition.recall(state, self._clock.now())
                await self._nodes.tell(condition)
                # Nothing has happened but a restart: clients are told, and the history is not.
                event = condition.event()
                await self._iserver.subscriptions.notify(event, self._notifiers(condition))

    async def settle(self) -> None:
        """Wait until what has changed is stored."""
        await self._changes.settle()

    async def refresh(self, caller: Caller, subscription_id: int, item: int | None) -> int:
        """Send the retained conditions to a subscription: ConditionRefresh (OPC 10000-9, 5.5.7)."""
        subscription = self._iserver.subscriptions.subscriptions.get(subscription_id)
        # Another session's subscription is as good as none: its client has not asked for this.
        if subscription is None or subscription.session_id != caller.session_id:
            return int(ua.StatusCodes.BadSubscriptionIdInvalid)
        items = subscription.items
        if item is not None and not items.has(item):
            return int(ua.StatusCodes.BadMonitoredItemIdInvalid)
        now = self._clock.now()
        # The two brackets pass every where clause: without them a client cannot know which of its
        # conditions are no longer retained.
        start = system_event(ua.ObjectIds.RefreshStartEventType, REFRESH_STARTS, now)
        items.send_event(start, item=item)
        for condition in self._by_key.values():
            if condition.retain:
                items.send_event(condition.event(), self._notifiers(condition), item)
        end = system_event(ua.ObjectIds.RefreshEndEventType, REFRESH_ENDS, now)
        items.send_event(end, item=item)
        return int(ua.StatusCodes.Good)

    def _notifiers(self, condition: Condition) -> tuple[ua.NodeId, ...]:
        # The device and the Server object: events climb along HasNotifier, which asyncua does not
        # do.
        return condition.source, standard(ua.ObjectIds.Server)

    async def _changed(self, condition: Condition, tell: bool) -> None:
        """Notify the listeners of the condition's variables and, if ``tell``, of its events."""
        await self._nodes.tell(condition)
        if tell:
            await self._iserver.tell(condition.event(), self._notifiers(condition))

    # ── methods ───────────────────────────────────────────────────────────────────────────────────
    async def _acknowledge(
        self, caller: Caller, node: ua.NodeId, inputs: Sequence[Any]
    ) -> ua.CallMethodResult:
        event_id, comment = inputs[0] or b"", _words(inputs[1])
        texts = {"before": "unacknowledged", "after": "acknowledged", "reason": comment}
        change = Change(
            "acknowledge", texts, lambda c, who, now: c.acknowledge(event_id, comment, who, now)
        )
        return await self._changes.make(self._by_node[node], caller, change)

    async def _add_comment(
        self, caller: Caller, node: ua.NodeId, inputs: Sequence[Any]
    ) -> ua.CallMethodResult:
        event_id, comment = inputs[0] or b"", _words(inputs[1])
        condition = self._by_node[node]
        texts = {"before": condition.comment, "after": comment}
        change = Change(
            "comment", texts, lambda c, who, now: c.add_comment(event_id, comment, who, now)
        )
        return await self._changes.make(condition, caller, change)

    async def _enable(
        self, caller: Caller, node: ua.NodeId, _: Sequence[Any]
    ) -> ua.CallMethodResult:
        texts = {"before": "disabled", "after": "enabled"}
        change = Change("enable", texts, lambda c, who, now: c.enable(True, who, now))
        return await self._changes.make(self._by_node[node], caller, change)

    async def _disable(
        self, caller: Caller, node: ua.NodeId, _: Sequence[Any]
    ) -> ua.CallMethodResult:
        texts = {"before": "enabled", "after": "disabled"}
        change = Change("disable", texts, lambda c, who, now: c.enable(False, who, now))
        return await self._changes.make(self._by_node[node], caller, change)


def _words(comment: ua.LocalizedText | None) -> str:
    return (comment.Text or "") if comment else ""
