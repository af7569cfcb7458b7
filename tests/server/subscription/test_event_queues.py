"""Queues of events: what is lost is told, and where (OPC 10000-4, 5.13.1.5)."""

from __future__ import annotations

import pytest
from asyncua import ua

from heatpump_twin.twin_engine.alarm import AlarmTransition

pytestmark = pytest.mark.asyncio(loop_scope="module")

FULL = "Events were lost: the queue was full"
BASE, ANY_ALARM = ua.ObjectIds.BaseEventType, ua.ObjectIds.AlarmConditionType


def message_of(kind: int) -> ua.EventFilter:
    """Return a filter for the messages of events of a type."""
    select = ua.SimpleAttributeOperand(
        ua.NodeId(BASE), [ua.QualifiedName("Message", 0)], ua.AttributeIds.Value
    )
    element = ua.ContentFilterElement(ua.FilterOperator.OfType)
    element.FilterOperands = [ua.LiteralOperand(ua.Variant(ua.NodeId(kind)))]
    return ua.EventFilter([select], ua.ContentFilter([element]))


async def listen(session, subscription: int, mode=ua.MonitoringMode.Reporting, **settings) -> int:
    wanted = ua.CreateMonitoredItemsParameters()
    wanted.SubscriptionId = subscription
    wanted.TimestampsToReturn = ua.TimestampsToReturn.Neither
    item = ua.MonitoredItemCreateRequest()
    item.ItemToMonitor = ua.ReadValueId(
        ua.NodeId(ua.ObjectIds.Server), ua.AttributeIds.EventNotifier
    )
    item.MonitoringMode = mode
    item.RequestedParameters.Filter = message_of(ANY_ALARM)
    for name, value in settings.items():
        setattr(item.RequestedParameters, name, value)
    wanted.ItemsToCreate = [item]
    (result,) = (await session.ask("CreateMonitoredItems", wanted)).Results
    assert result.StatusCode.is_good()
    return result.MonitoredItemId


async def told(session) -> list[str]:
    """Publish until there are events; return the messages of one response."""
    while True:
        answer = await session.publish()
        for part in answer.NotificationMessage.NotificationData:
            return [event.EventFields[0].Value.Text for event in part.Events]


def announce(rig, *names: str) -> None:
    # Active all the time: one that comes again would send an event of its last occurrence, too.
    for name in names:
        rig.server.announce(AlarmTransition(rig.alarm, True, rig.clock.now(), name))


@pytest.mark.parametrize(
    ("oldest", "expected"),
    [(True, [FULL, "C", "D"]), (False, ["A", "D", FULL])],
)
async def test_lost_events_are_told_where_they_are_missing(
    rig, connect, raw, eventually, oldest: bool, expected: list[str]
) -> None:
    async with connect(rig) as client:
        session = raw(client)
        made = await session.subscribe(100.0, PublishingEnabled=False)
        await listen(session, made.SubscriptionId, QueueSize=2, DiscardOldest=oldest)
        (item,) = rig.server._running.iserver.subscriptions.subscriptions[
            made.SubscriptionId
        ].items.others.values()
        announce(rig, "A", "B", "C", "D")
        await eventually(
            lambda: [e.EventFields[0].Value.Text for e in item._queue] == [
                m for m in expected if m != FULL
            ]
        )  # fmt: skip
        await session.enable(made.SubscriptionId, True)
        assert await told(session) == expected
        announce(rig, "E", "F")
        rest = await told(session)
        while len(rest) < 2:
            rest += await told(session)
        assert rest == ["E", "F"]


async def test_events_and_values_share_the_room_of_a_message(rig, connect, raw) -> None:
    rig.feed("hp1.supply_temperature", 20.0)
    async with connect(rig) as client:
        session = raw(client)
        made = await session.subscribe(100.0, MaxNotificationsPerPublish=2, PublishingEnabled=False)
        await listen(session, made.SubscriptionId, QueueSize=10)
        nodes = [ua.NodeId(ua.ObjectIds.Server_ServerStatus_StartTime)]
        nodes.append((await rig.node(client, "hp1.supply_temperature")).nodeid)
        await session.monitor(made.SubscriptionId, nodes)
        announce(rig, "A", "B", "C", "D")
        await session.enable(made.SubscriptionId, True)
        sizes = []
        while sum(sizes) < 6:
            parts = (await session.publish()).NotificationMessage.NotificationData
            found = [len(getattr(p, "MonitoredItems", None) or p.Events) for p in parts]
            assert sum(found) <= 2
            sizes.append(sum(found))
        assert sum(sizes) == 6


async def test_an_event_has_values_reported_that_it_triggers(rig, connect, raw) -> None:
    rig.feed("hp1.supply_temperature", 20.0)
    async with connect(rig) as client:
        session = raw(client)
        made = await session.subscribe(100.0)
        trigger = await listen(
            session, made.SubscriptionId, ua.MonitoringMode.Sampling, QueueSize=10
        )
        node = (await rig.node(client, "hp1.supply_temperature")).nodeid
        (item,) = await session.monitor(
            made.SubscriptionId, [node], mode=ua.MonitoringMode.Sampling
        )
        links = ua.SetTriggeringParameters()
        links.SubscriptionId, links.TriggeringItemId = made.SubscriptionId, trigger
        links.LinksToAdd = [item.MonitoredItemId]
        await session.ask("SetTriggering", links)
        announce(rig, "A", "B")
        assert await session.values() == [20.0]
