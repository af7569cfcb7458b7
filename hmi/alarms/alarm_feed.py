"""Subscribe to alarm conditions at the Server object, and acknowledge alarms."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from asyncua import Client, ua
from asyncua.common.subscription import OpcEvent, StatusChangeEvent, Subscription

from heatpump_twin.hmi.alarms.alarm_list import Alarm, AlarmList, alarm_of
from heatpump_twin.hmi.alarms.alarm_rights import AlarmRights
from heatpump_twin.hmi.calls import Outcome, request
from heatpump_twin.hmi.endpoint import standard_node

logger = structlog.stdlib.get_logger(__name__)

_PERIOD = 250.0
"""Publishing interval. [ms]"""
_QUEUE = 20_000
"""Events of a refresh, which come at once."""
_REFRESH_TIMEOUT = 10.0
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
    (ua.ObjectIds.AcknowledgeableConditionType, "AckedState/TransitionTime"),
    (ua.ObjectIds.AlarmConditionType, "ActiveState/TransitionTime"),
    (ua.ObjectIds.AlarmConditionType, "InputNode"),
)
_OWN_FIELDS = ("LikelyCause", "CorrectiveAction", "RaisedTime", "RaisedValue")
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


_REFRESH_STARTS = standard_node(ua.ObjectIds.RefreshStartEventType)
_REFRESH_ENDS = standard_node(ua.ObjectIds.RefreshEndEventType)


class AlarmFeed:
    """Alarm subscription that keeps an :class:`AlarmList` up to date over several sessions."""

    def __init__(self, alarms: AlarmList) -> None:
        self._alarms = alarms
        self._tasks: list[asyncio.Task[None]] = []
        self._rights = AlarmRights()
        self._refreshed = asyncio.Event()

    async def attach(self, client: Client) -> None:
        """Subscribe, ask for the conditions as they are now, and wait until all have come.

        Raises
        ------
        OSError, TimeoutError, ua.UaError
            The list is not what the server knows now; it stays marked as old.
        """
        self.detach()
        self._rights, self._refreshed = AlarmRights(), asyncio.Event()
        fields = _fields(await client.get_namespace_array())
        subscription = await client.create_subscription(_PERIOD, queue_maxsize=_QUEUE)
        names = [name for name, _ in fields]
        # The reader before the items: the events of the refresh come at once.
        self._tasks = [
            asyncio.create_task(self._read(subscription, names)),
            asyncio.create_task(self._rights.run(client)),
        ]
        event_filter = ua.EventFilter(SelectClauses=[clause for _, clause in fields])
        await subscription.subscribe_events(
            client.nodes.server, ua.ObjectIds.ConditionType, event_filter
        )
        await self._refresh(client, subscription)
        await asyncio.wait_for(self._refreshed.wait(), _REFRESH_TIMEOUT)

    async def _refresh(self, client: Client, subscription: Subscription) -> None:
        """Ask for all retained conditions (OPC 10000-9, 5.5.7)."""
        method = client.get_node(standard_node(ua.ObjectIds.ConditionType))
        await method.call_method(
            standard_node(ua.ObjectIds.ConditionType_ConditionRefresh),
            ua.Variant(subscription.subscription_id, ua.VariantType.UInt32),
        )

    def detach(self) -> None:
        """Forget the subscription of a session that is gone; what is listed is old from now on."""
        for task in self._tasks:
            task.cancel()
        self._tasks = []
        self._alarms.age()

    @property
    def is_broken(self) -> bool:
        """Whether the server has ended the subscription of a living session."""
        return any(task.done() for task in self._tasks)

    def may_respond(self, alarm: Alarm) -> bool:
        """Tell whether an alarm waits for somebody, and this person may do what it wants."""
        # Whoever may acknowledge may confirm and reset.
        return alarm.waits and bool(alarm.wants) and self._rights.may(alarm.condition)

    def may_put_away(self, alarm: Alarm) -> bool:
        """Tell whether this person may shelve an alarm, or unshelve it."""
        # Whoever may acknowledge may shelve.
        return bool(alarm.puts_away) and self._rights.may(alarm.condition)

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

    async def _read(self, subscription: Subscription, names: Sequence[str]) -> None:
        async for event in subscription:
            if isinstance(event, StatusChangeEvent):
                logger.warning("alarm_subscription_ended", status=str(event.notification.Status))
                return
            if not isinstance(event, OpcEvent):
                continue
            values = [variant.Value for variant in event.event.event_fields or ()]
            fields = dict(zip(names, values, strict=True))
            # The brackets of a refresh, and the wish for one (OPC 10000-9, 5.11.2 to 5.11.4).
            if fields["EventType"] == _REFRESH_STARTS:
                self._alarms.begin_refresh()
            elif fields["EventType"] == _REFRESH_ENDS:
                self._alarms.end_refresh()
                self._refreshed.set()
            elif (alarm := alarm_of(fields)) is not None:
                self._rights.ask(alarm.condition)
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
