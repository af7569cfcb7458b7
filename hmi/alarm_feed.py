"""Subscribe to alarm conditions at the Server object, and acknowledge alarms."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import structlog
from asyncua import Client, ua
from asyncua.common.subscription import OpcEvent, Subscription

from heatpump_twin.hmi.alarm_list import Alarm, AlarmList, alarm_of
from heatpump_twin.hmi.calls import Outcome, request
from heatpump_twin.hmi.endpoint import standard_node

logger = structlog.stdlib.get_logger(__name__)

_PERIOD = 500.0
_TYPES = "urn:heatpump-twin:types"
_BASE_FIELDS: tuple[tuple[int, str], ...] = (
    (ua.ObjectIds.BaseEventType, "EventId"),
    (ua.ObjectIds.BaseEventType, "EventType"),
    (ua.ObjectIds.BaseEventType, "SourceNode"),
    (ua.ObjectIds.BaseEventType, "SourceName"),
    (ua.ObjectIds.BaseEventType, "Time"),
    (ua.ObjectIds.BaseEventType, "Message"),
    (ua.ObjectIds.BaseEventType, "Severity"),
    (ua.ObjectIds.ConditionType, "ConditionName"),
    (ua.ObjectIds.ConditionType, "Retain"),
    (ua.ObjectIds.ConditionType, "Comment"),
    (ua.ObjectIds.AcknowledgeableConditionType, "AckedState/Id"),
    (ua.ObjectIds.AcknowledgeableConditionType, "ConfirmedState/Id"),
    (ua.ObjectIds.AlarmConditionType, "ActiveState/Id"),
    (ua.ObjectIds.AlarmConditionType, "LatchedState/Id"),
    (ua.ObjectIds.AlarmConditionType, "SuppressedOrShelved"),
    (ua.ObjectIds.AlarmConditionType, "ShelvingState/CurrentState/Id"),
    (ua.ObjectIds.AlarmConditionType, "ShelvingState/UnshelveTime"),
    (ua.ObjectIds.ConditionType, "BranchId"),
)
_OWN_FIELDS = ("LikelyCause", "CorrectiveAction", "RaisedTime")
_ACTS = {
    "acknowledge": ua.ObjectIds.AcknowledgeableConditionType_Acknowledge,
    "confirm": ua.ObjectIds.AcknowledgeableConditionType_Confirm,
    "reset": ua.ObjectIds.AlarmConditionType_Reset2,
}
"""Methods by what an alarm wants."""
_SHELVE_HOURS = {"hour": 1, "shift": 8, "day": 24}
"""The server takes a day at most (MaxTimeShelved). [h]"""


@dataclass(frozen=True, slots=True)
class Shelving:
    """One way to put an alarm away: for a time, until it returns to normal, or no longer."""

    way: str
    """Key of ``texts.SHELVING_WAYS``, or ``unshelve``."""
    comment: str = ""

    @property
    def call(self) -> tuple[int, list[ua.Variant]]:
        """The method of the condition, with its arguments (OPC 10000-9, 5.8.17)."""
        words = ua.Variant(ua.LocalizedText(self.comment), ua.VariantType.LocalizedText)
        if self.way in _SHELVE_HOURS:
            milliseconds = _SHELVE_HOURS[self.way] * 3_600_000.0
            time = ua.Variant(milliseconds, ua.VariantType.Double)
            return ua.ObjectIds.ShelvedStateMachineType_TimedShelve2, [time, words]
        once = self.way == "once"
        kind = ua.ObjectIds.ShelvedStateMachineType_Unshelve2
        return ua.ObjectIds.ShelvedStateMachineType_OneShotShelve2 if once else kind, [words]


class AlarmFeed:
    """Alarm subscription that keeps an :class:`AlarmList` up to date over several sessions."""

    def __init__(self, alarms: AlarmList) -> None:
        self._alarms = alarms
        self._subscription: Subscription | None = None
        self._reader: asyncio.Task[None] | None = None
        self._acknowledge: dict[ua.NodeId, bool] = {}

    async def attach(self, client: Client) -> None:
        """Subscribe, and ask for the conditions as they are now (OPC 10000-9, 5.5.7)."""
        self.detach()
        # What was reported on the session before may be over by now; the refresh below reports
        # what is still retained.
        self._alarms.clear()
        self._acknowledge.clear()
        namespaces = await client.get_namespace_array()
        fields = _fields(namespaces)
        subscription = await client.create_subscription(_PERIOD)
        self._subscription = subscription
        names = [name for name, _ in fields]
        # The reader before the items: the events of the refresh come at once.
        self._reader = asyncio.create_task(self._read(client, subscription, names))
        event_filter = ua.EventFilter(SelectClauses=[clause for _, clause in fields])
        await subscription.subscribe_events(
            client.nodes.server, ua.ObjectIds.ConditionType, event_filter
        )
        outcome = await request(
            client,
            ua.CallMethodRequest(
                ObjectId=standard_node(ua.ObjectIds.ConditionType),
                MethodId=standard_node(ua.ObjectIds.ConditionType_ConditionRefresh),
                InputArguments=[ua.Variant(subscription.subscription_id, ua.VariantType.UInt32)],
            ),
        )
        # Alarms that begin from now on are shown all the same; that the list may be incomplete is
        # for the log.
        if not outcome.done:
            logger.warning("condition_refresh_refused", reason=outcome.message)

    def detach(self) -> None:
        """Forget the subscription of a session that is gone."""
        if self._reader is not None:
            self._reader.cancel()
        self._reader = self._subscription = None

    async def close(self) -> None:
        """Stop reading alarms; the session that closes takes the subscription with it."""
        self.detach()

    def may_respond(self, alarm: Alarm) -> bool:
        """Tell whether an alarm waits for somebody, and this person may do what it wants."""
        # Whoever may acknowledge may confirm and reset.
        may = self._acknowledge.get(alarm.condition, False)
        return alarm.waits and bool(alarm.wants) and may

    def may_put_away(self, alarm: Alarm) -> bool:
        """Tell whether this person may shelve an alarm, or unshelve it."""
        # Whoever may acknowledge may shelve.
        return bool(alarm.puts_away) and self._acknowledge.get(alarm.condition, False)

    async def put_away(self, client: Client, alarm: Alarm, shelving: Shelving) -> Outcome:
        """Shelve an alarm, or unshelve it."""
        method, arguments = shelving.call
        return await request(
            client,
            ua.CallMethodRequest(
                ObjectId=alarm.condition,
                MethodId=standard_node(method),
                InputArguments=arguments,
            ),
        )

    async def respond(self, client: Client, alarm: Alarm, comment: str) -> Outcome:
        """Acknowledge, confirm or reset an alarm (OPC 10000-9, 5.7.3, 5.7.4 and 5.8.6)."""
        event = ua.Variant(alarm.event, ua.VariantType.ByteString)
        words = ua.Variant(ua.LocalizedText(comment), ua.VariantType.LocalizedText)
        return await request(
            client,
            ua.CallMethodRequest(
                ObjectId=alarm.condition,
                MethodId=standard_node(_ACTS[alarm.wants]),
                InputArguments=[words] if alarm.wants == "reset" else [event, words],
            ),
        )

    async def _read(self, client: Client, subscription: Subscription, names: Sequence[str]) -> None:
        async for event in subscription:
            if not isinstance(event, OpcEvent):
                continue
            fields = [variant.Value for variant in event.event.event_fields or ()]
            alarm = alarm_of(dict(zip(names, fields, strict=True)))
            if alarm is None:
                continue
            # Asked once for each condition and session: access rights hold as long as a session
            # does.
            if alarm.condition not in self._acknowledge:
                self._acknowledge[alarm.condition] = await _offers_acknowledge(client, alarm)
            self._alarms.take(alarm)


def _fields(namespaces: Sequence[str]) -> list[tuple[str, ua.SimpleAttributeOperand]]:
    clauses = [(name, _clause(type_id, name, 0)) for type_id, name in _BASE_FIELDS]
    condition_id = ua.SimpleAttributeOperand(
        TypeDefinitionId=standard_node(ua.ObjectIds.ConditionType),
        AttributeId=ua.AttributeIds.NodeId,
    )
    clauses.append(("ConditionId", condition_id))
    # Cause and action are of our own types; a server without them still shows its alarms.
    if _TYPES in namespaces:
        index = namespaces.index(_TYPES)
        clauses += [(n, _clause(ua.ObjectIds.BaseEventType, n, index)) for n in _OWN_FIELDS]
    return clauses


def _clause(type_id: int, path: str, namespace: int) -> ua.SimpleAttributeOperand:
    return ua.SimpleAttributeOperand(
        TypeDefinitionId=standard_node(type_id),
        BrowsePath=[ua.QualifiedName(step, namespace) for step in path.split("/")],
        AttributeId=ua.AttributeIds.Value,
    )


async def _offers_acknowledge(client: Client, alarm: Alarm) -> bool:
    """Tell whether the condition has an Acknowledge method that this person may execute."""
    path = ua.BrowsePath(
        StartingNode=alarm.condition,
        RelativePath=ua.RelativePath(
            Elements=[
                ua.RelativePathElement(
                    ReferenceTypeId=standard_node(ua.ObjectIds.HasComponent),
                    # asyncua's mark of a Boolean is a class that no bool can be derived from.
                    IsInverse=cast("ua.Boolean", False),
                    TargetName=ua.QualifiedName("Acknowledge", 0),
                )
            ]
        ),
    )
    try:
        (found,) = await client.uaclient.translate_browsepaths_to_nodeids([path])
        if not found.StatusCode.is_good() or not found.Targets:
            return False
        method = found.Targets[0].TargetId
        (value,) = await client.uaclient.read_attributes([method], ua.AttributeIds.UserExecutable)
    # Not offered rather than offered and refused: a button that fails is worse than none.
    except (OSError, TimeoutError, ua.UaError) as error:
        logger.warning("acknowledge_unknown", condition=alarm.key, error=repr(error))
        return False
    return bool(value.Value is not None and value.Value.Value)
