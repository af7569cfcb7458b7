"""Alarms: who hears of them, what they say, and what a person can do about them."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio
from asyncua import Client, ua

from heatpump_twin.server.alarms.condition import first_state
from heatpump_twin.server.alarms.condition_parts import OWN_FIELDS
from heatpump_twin.twin_engine.alarm import AlarmTransition

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIELDS = (
    "EventId", "EventType", "SourceNode", "SourceName", "Time", "Message", "Severity",
    "ConditionName", "Retain", "ActiveState/Id", "AckedState/Id", "ActiveState", "Comment",
    "ClientUserId", "LikelyCause", "CorrectiveAction", "InputNode", "BranchId", "Quality",
)  # fmt: skip
NODE = "hp1.alarms.low_water_flow"


def event_filter(*where: ua.ContentFilterElement) -> ua.EventFilter:
    chosen = ua.EventFilter()
    for name in FIELDS:
        operand = ua.SimpleAttributeOperand()
        operand.TypeDefinitionId = ua.NodeId(ua.ObjectIds.BaseEventType)
        operand.BrowsePath = [ua.QualifiedName(step) for step in name.split("/")]
        operand.AttributeId = ua.AttributeIds.Value
        chosen.SelectClauses.append(operand)
    condition = ua.SimpleAttributeOperand()
    condition.TypeDefinitionId = ua.NodeId(ua.ObjectIds.ConditionType)
    condition.AttributeId = ua.AttributeIds.NodeId
    chosen.SelectClauses.append(condition)
    chosen.WhereClause.Elements = list(where)
    return chosen


def of_type(kind: int) -> ua.ContentFilterElement:
    element = ua.ContentFilterElement()
    element.FilterOperator = ua.FilterOperator.OfType
    element.FilterOperands = [ua.LiteralOperand(ua.Variant(ua.NodeId(kind)))]
    return element


class Listener:
    """A client that collects events as dictionaries."""

    def __init__(self) -> None:
        self.events: list[dict[str, object]] = []
        self.subscription = 0

    @classmethod
    async def start(cls, client: Client, node: ua.NodeId, *where) -> Listener:
        listener = cls()
        params = ua.CreateSubscriptionParameters()
        params.RequestedPublishingInterval = 100
        params.RequestedLifetimeCount, params.RequestedMaxKeepAliveCount = 3000, 1000
        params.PublishingEnabled = True
        answer = await client.uaclient.create_subscription(params, listener.take)
        listener.subscription = answer.SubscriptionId
        item = ua.MonitoredItemCreateRequest()
        item.ItemToMonitor = ua.ReadValueId(node, ua.AttributeIds.EventNotifier)
        item.MonitoringMode = ua.MonitoringMode.Reporting
        item.RequestedParameters.Filter = event_filter(*where)
        item.RequestedParameters.QueueSize = 100
        request = ua.CreateMonitoredItemsParameters()
        request.SubscriptionId = answer.SubscriptionId
        request.ItemsToCreate = [item]
        (created,) = await client.uaclient.create_monitored_items(request)
        created.StatusCode.check()
        return listener

    async def take(self, result: ua.PublishResult) -> None:
        for data in result.NotificationMessage.NotificationData or ():
            for fields in getattr(data, "Events", ()):
                values = [variant.Value for variant in fields.EventFields]
                self.events.append(dict(zip((*FIELDS, "ConditionId"), values, strict=True)))

    @property
    def alarms(self) -> list[dict[str, object]]:
        return [e for e in self.events if e["ConditionId"] is not None]


@pytest_asyncio.fixture(loop_scope="module")
async def quiet(rig):
    """The rig with its alarm back to normal and acknowledged by nobody's doing."""
    yield rig
    condition = rig.server._running.space.conditions._by_key[rig.alarm.key]
    condition.state = first_state(rig.alarm, rig.clock.now())


def announce(rig, active: bool, message: str = "Flow is 5.1 l/min") -> None:
    rig.server.announce(AlarmTransition(rig.alarm, active, rig.clock.now(), message))


async def act(rig, client: Client, method: int, *inputs: ua.Variant) -> int:
    request = ua.CallMethodRequest()
    request.ObjectId = (await rig.node(client, NODE)).nodeid
    request.MethodId = ua.NodeId(method)
    request.InputArguments = list(inputs)
    (answer,) = await client.uaclient.call([request])
    return answer.StatusCode.value


async def acknowledge(rig, client: Client, event_id: bytes, comment: str = "") -> int:
    return await act(
        rig, client, ua.ObjectIds.AcknowledgeableConditionType_Acknowledge,
        ua.Variant(event_id, ua.VariantType.ByteString),
        ua.Variant(ua.LocalizedText(comment), ua.VariantType.LocalizedText),
    )  # fmt: skip


@pytest.mark.parametrize("where", ["Server", "hp1"])
async def test_a_transition_reaches_server_and_device(quiet, connect, eventually, where) -> None:
    rig = quiet
    async with connect(rig) as client:
        device = (await rig.node(client, "hp1")).nodeid
        node = ua.NodeId(ua.ObjectIds.Server) if where == "Server" else device
        listener = await Listener.start(client, node)
        announce(rig, True)
        await eventually(lambda: len(listener.events) >= 1)
        event = listener.events[0]
        ns = await rig.namespaces(client)
        assert event["ConditionId"] == ua.NodeId(NODE, ns["site"])
        assert event["EventType"] == ua.NodeId(1002, ns["types"])
        assert event["SourceNode"] == device
        assert event["SourceName"] == "Aquarea"
        assert event["ConditionName"] == "Low water flow"
        assert event["Message"].Text == "Flow is 5.1 l/min"
        assert event["Severity"] == 700
        assert event["LikelyCause"].Text == "Clogged strainer"
        assert event["CorrectiveAction"].Text == "Clean the strainer"
        assert event["InputNode"] == ua.NodeId("hp1.water_flow", ns["site"])
        assert (event["ActiveState/Id"], event["AckedState/Id"], event["Retain"]) == (
            True, False, True,
        )  # fmt: skip
        assert event["ActiveState"].Text == "Active"
        announce(rig, False, "Flow is back")
        await eventually(lambda: len(listener.events) >= 2)
        event = listener.events[1]
        assert (event["ActiveState/Id"], event["AckedState/Id"], event["Retain"]) == (
            False, False, True,
        )  # fmt: skip
        assert event["EventId"] != listener.events[0]["EventId"]


async def test_the_nodes_say_the_same(quiet, connect, eventually) -> None:
    rig = quiet
    async with connect(rig) as client:
        active = await rig.node(client, f"{NODE}.ActiveState.Id")
        assert await active.read_value() is False
        announce(rig, True)

        async def raised() -> bool:
            return await active.read_value() is True

        await eventually(raised)
        condition = await rig.node(client, NODE)
        for name in FIELDS:
            steps = [f"{4 if s in OWN_FIELDS else 0}:{s}" for s in name.split("/")]
            steps = [s.replace("4:", f"{(await rig.namespaces(client))['types']}:") for s in steps]
            assert await (await condition.get_child(steps)).read_value() is not None, name
        device = await rig.node(client, "hp1")
        conditions = await device.get_referenced_nodes(ua.ObjectIds.HasCondition)
        assert condition.nodeid in {c.nodeid for c in conditions}
        server = client.get_node(ua.ObjectIds.Server)
        notifiers = await server.get_referenced_nodes(ua.ObjectIds.HasNotifier)
        assert device.nodeid in {n.nodeid for n in notifiers}
        assert ua.EventNotifier.SubscribeToEvents in await device.read_event_notifier()


async def test_who_comes_later_sees_what_is_active(quiet, connect, eventually) -> None:
    rig = quiet
    announce(rig, True)
    async with connect(rig) as client, connect(rig) as other:
        listener = await Listener.start(client, ua.NodeId(ua.ObjectIds.Server))
        bystander = await Listener.start(other, ua.NodeId(ua.ObjectIds.Server))
        for _ in range(2):
            listener.events.clear()
            kind = client.get_node(ua.ObjectIds.ConditionType)
            await kind.call_method(
                ua.NodeId(ua.ObjectIds.ConditionType_ConditionRefresh),
                ua.Variant(listener.subscription, ua.VariantType.UInt32),
            )
            await eventually(lambda: len(listener.events) >= 3)
            kinds = [e["EventType"].Identifier for e in listener.events]
            assert kinds == [
                ua.ObjectIds.RefreshStartEventType, 1002, ua.ObjectIds.RefreshEndEventType,
            ]  # fmt: skip
            assert listener.events[1]["ConditionName"] == "Low water flow"
        assert bystander.events == []
        with pytest.raises(ua.uaerrors.BadSubscriptionIdInvalid):
            await other.get_node(ua.ObjectIds.ConditionType).call_method(
                ua.NodeId(ua.ObjectIds.ConditionType_ConditionRefresh),
                ua.Variant(listener.subscription, ua.VariantType.UInt32),
            )


async def test_an_operator_acknowledges(quiet, connect, eventually) -> None:
    rig = quiet
    async with connect(rig, "olga") as client:
        listener = await Listener.start(client, ua.NodeId(ua.ObjectIds.Server))
        announce(rig, True)
        await eventually(lambda: len(listener.events) >= 1)
        event_id = listener.events[0]["EventId"]
        assert await acknowledge(rig, client, b"x" * 16) == ua.StatusCodes.BadEventIdUnknown
        assert await acknowledge(rig, client, event_id, "on my way") == 0
        await eventually(lambda: len(listener.events) >= 2)
        event = listener.events[1]
        assert event["AckedState/Id"] is True
        assert event["ActiveState/Id"] is True
        assert event["Comment"].Text == "on my way"
        assert event["ClientUserId"] == "olga"
        assert event["Time"] >= listener.events[0]["Time"]
        again = await acknowledge(rig, client, event["EventId"])
        assert again == ua.StatusCodes.BadConditionBranchAlreadyAcked
        announce(rig, False)
        await eventually(lambda: len(listener.events) >= 3)
        assert listener.events[2]["Retain"] is False
        announce(rig, True)
        await eventually(lambda: len(listener.events) >= 4)
        assert listener.events[3]["AckedState/Id"] is False
        stale = await acknowledge(rig, client, event_id)
        assert stale == ua.StatusCodes.BadEventIdUnknown


async def test_a_comment_stays_with_the_alarm(quiet, connect, eventually) -> None:
    rig = quiet
    async with connect(rig, "olga") as client:
        listener = await Listener.start(client, (await rig.node(client, "hp1")).nodeid)
        announce(rig, True)
        await eventually(lambda: len(listener.events) >= 1)
        status = await act(
            rig, client, ua.ObjectIds.ConditionType_AddComment,
            ua.Variant(listener.events[0]["EventId"], ua.VariantType.ByteString),
            ua.Variant(ua.LocalizedText("strainer ordered"), ua.VariantType.LocalizedText),
        )  # fmt: skip
        assert status == 0
        await eventually(lambda: len(listener.events) >= 2)
        assert listener.events[1]["Comment"].Text == "strainer ordered"
        assert listener.events[1]["AckedState/Id"] is False
        comment = await rig.node(client, f"{NODE}.Comment")
        assert (await comment.read_value()).Text == "strainer ordered"


@pytest.mark.parametrize("user", [None, "victor"])
async def test_who_may_not_does_not(quiet, connect, eventually, user) -> None:
    rig = quiet
    async with connect(rig, user) as client:
        listener = await Listener.start(client, ua.NodeId(ua.ObjectIds.Server))
        announce(rig, True)
        await eventually(lambda: len(listener.events) >= 1)
        denied = ua.StatusCodes.BadUserAccessDenied
        assert await acknowledge(rig, client, listener.events[0]["EventId"]) == denied
        assert await act(rig, client, ua.ObjectIds.ConditionType_Disable) == denied


async def test_an_engineer_disables(quiet, connect, eventually) -> None:
    rig = quiet
    async with connect(rig, "erik") as client:
        listener = await Listener.start(client, ua.NodeId(ua.ObjectIds.Server))
        assert await act(rig, client, ua.ObjectIds.ConditionType_Disable) == 0
        again = await act(rig, client, ua.ObjectIds.ConditionType_Disable)
        assert again == ua.StatusCodes.BadConditionAlreadyDisabled
        announce(rig, True)
        assert await act(rig, client, ua.ObjectIds.ConditionType_Enable) == 0
        await eventually(lambda: len(listener.events) >= 2)
        # Nothing was said in between, and what became true meanwhile is said now.
        assert [e["Retain"] for e in listener.events] == [False, True]


@pytest.mark.parametrize(
    ("kind", "heard"),
    [
        (ua.ObjectIds.BaseEventType, True),
        (ua.ObjectIds.ConditionType, True),
        (ua.ObjectIds.AlarmConditionType, True),
        (ua.ObjectIds.AuditEventType, False),
    ],
)
async def test_where_clauses_know_the_type_tree(quiet, connect, eventually, kind, heard) -> None:
    rig = quiet
    async with connect(rig) as client:
        everything = await Listener.start(client, ua.NodeId(ua.ObjectIds.Server))
        chosen = await Listener.start(client, ua.NodeId(ua.ObjectIds.Server), of_type(kind))
        announce(rig, True)
        await eventually(lambda: len(everything.events) >= 1)
        if heard:
            await eventually(lambda: len(chosen.events) >= 1)
        else:
            announce(rig, False)
            await eventually(lambda: len(everything.events) >= 2)
            assert chosen.events == []


async def test_stock_clients_hear_alarms(quiet, connect, eventually) -> None:
    """A subscription as the library's own helper makes it, with an InList where clause."""
    rig = quiet

    class Handler:
        def __init__(self) -> None:
            self.messages: asyncio.Queue[str] = asyncio.Queue()

        def event_notification(self, event) -> None:
            self.messages.put_nowait(event.Message.Text)

    async with connect(rig) as client:
        handler = Handler()
        subscription = await client.create_subscription(100, handler)
        await subscription.subscribe_alarms_and_conditions()
        announce(rig, True, "Flow is low")
        assert await handler.messages.get() == "Flow is low"
