"""The queues of all subscriptions have a budget; those of anonymous clients one of their own."""

from __future__ import annotations

import pytest
from asyncua import ua

from heatpump_twin.server import limits
from heatpump_twin.twin_engine.alarm import AlarmTransition

pytestmark = pytest.mark.asyncio(loop_scope="module")

TIME = ua.NodeId(ua.ObjectIds.Server_ServerStatus_CurrentTime)
SERVER = ua.NodeId(ua.ObjectIds.Server)


@pytest.fixture
def service(rig):
    return rig.server._running.iserver.subscriptions


def event_filter(count: int) -> ua.EventFilter:
    clause = ua.SimpleAttributeOperand(
        ua.NodeId(ua.ObjectIds.BaseEventType), [ua.QualifiedName("Message")], ua.AttributeIds.Value
    )
    return ua.EventFilter([clause] * count)


async def events(
    session, subscription: int, count: int, size: int = 100, mode: ua.MonitoringMode | None = None
) -> str:
    request = ua.MonitoredItemCreateRequest(
        ua.ReadValueId(SERVER, ua.AttributeIds.EventNotifier),
        mode or ua.MonitoringMode.Reporting,
        ua.MonitoringParameters(1, 0.0, event_filter(count), size, True),
    )  # fmt: skip
    wanted = ua.CreateMonitoredItemsParameters(subscription, ua.TimestampsToReturn.Both, [request])
    (made,) = (await session.ask("CreateMonitoredItems", wanted)).Results
    return made.StatusCode.name


async def test_what_is_used_is_counted_and_given_back(rig, connect, raw, service) -> None:
    async with connect(rig, "olga") as client:
        session = raw(client)
        point = (await rig.node(client, "hp1.supply_temperature")).nodeid
        before = service._named.used
        subscription = (await session.subscribe()).SubscriptionId
        made = await session.monitor(subscription, [point, TIME], QueueSize=50)
        assert [item.RevisedQueueSize for item in made] == [50, 50]
        used = service._named.used
        assert used - before >= 100
        assert await events(session, subscription, 8) == "Good"
        # Queues of events have no more room than they need.
        assert 0 < service._named.used - used < 100
        wanted = ua.ModifyMonitoredItemsParameters(subscription, ua.TimestampsToReturn.Both, [])
        for item in made:
            asked = ua.MonitoringParameters(1, 0.0, None, 10, True)
            wanted.ItemsToModify.append(ua.MonitoredItemModifyRequest(item.MonitoredItemId, asked))
        used = service._named.used
        await session.ask("ModifyMonitoredItems", wanted)
        assert service._named.used == used - 80
        gone = ua.DeleteMonitoredItemsParameters(subscription, [made[0].MonitoredItemId])
        await session.ask("DeleteMonitoredItems", gone)
        assert service._named.used == used - 90
        await session.ask("DeleteSubscriptions", ua.DeleteSubscriptionsParameters([subscription]))
        assert service._named.used == before


async def test_queues_become_short_and_then_there_are_no_more_items(
    rig, connect, raw, service, monkeypatch
) -> None:
    monkeypatch.setattr(service._anonymous, "values", service._anonymous.used + 150)
    async with connect(rig) as client, connect(rig) as other, connect(rig, "olga") as user:
        node = (await rig.node(client, "hp1.supply_temperature")).nodeid
        sessions = [raw(client), raw(other), raw(user)]
        numbers = [(await session.subscribe()).SubscriptionId for session in sessions]
        sizes = []
        for session, number in zip(sessions, numbers, strict=True):
            (made,) = await session.monitor(number, [node], QueueSize=100)
            sizes.append(made.RevisedQueueSize)
        assert sizes == [100, 50, 100]
        (refused,) = await sessions[0].monitor(numbers[0], [node])
        assert refused.StatusCode.name == "BadTooManyMonitoredItems"
        (made,) = await sessions[2].monitor(numbers[2], [node])
        assert made.StatusCode.is_good()


async def test_points_are_counted_over_all(rig, connect, raw, service, monkeypatch) -> None:
    used = service.sampler.rows.used
    monkeypatch.setattr(service._anonymous, "items", used + 1)
    async with connect(rig) as client, connect(rig, "olga") as user:
        node = (await rig.node(client, "hp1.supply_temperature")).nodeid
        for session, codes in (
            (raw(client), ["Good", "BadTooManyMonitoredItems"]), (raw(user), ["Good", "Good"]),
        ):  # fmt: skip
            number = (await session.subscribe()).SubscriptionId
            made = await session.monitor(number, [node, node])
            assert [item.StatusCode.name for item in made] == codes


async def told_of(session, text: str) -> list[str]:
    """Return the messages of events, up to one of them."""
    messages: list[str] = []
    while text not in messages:
        for part in (await session.publish()).NotificationMessage.NotificationData:
            messages += [event.EventFields[0].Value.Text for event in part.Events]
    return messages


async def test_events_beyond_what_may_be_held_are_lost_and_told(
    rig, connect, raw, service, monkeypatch
) -> None:
    """Those of the queues that are beyond it; and nothing is held any more when it is told."""
    async with connect(rig) as client, connect(rig, "olga") as user:
        session, other = raw(client), raw(user)
        number = (await session.subscribe()).SubscriptionId
        assert await events(session, number, 4, mode=ua.MonitoringMode.Sampling) == "Good"
        theirs = (await other.subscribe()).SubscriptionId
        assert await events(other, theirs, 4) == "Good"
        for turn in range(3):
            rig.server.announce(AlarmTransition(rig.alarm, True, rig.clock.now(), f"on {turn}"))
            rig.server.announce(AlarmTransition(rig.alarm, False, rig.clock.now(), f"off {turn}"))
        await told_of(other, "off 2")
        held = service._anonymous.held
        assert held > 0
        monkeypatch.setattr(service._anonymous, "values", held)
        rig.server.announce(AlarmTransition(rig.alarm, True, rig.clock.now(), "on 3"))
        await told_of(other, "on 3")
        assert service._anonymous.held == held
        await session.set_mode(number, [1], ua.MonitoringMode.Reporting)
        messages = await told_of(session, "on 3")
        assert messages[0].startswith("Events were lost")
        assert "on 0" not in messages
        assert "off 2" in messages
        assert service._anonymous.held == 0


async def test_an_event_has_so_many_fields_and_no_more(rig, connect, raw) -> None:
    async with connect(rig) as client:
        session = raw(client)
        number = (await session.subscribe()).SubscriptionId
        most = limits.MAX_SELECT_CLAUSES
        assert await events(session, number, most) == "Good"
        assert await events(session, number, most + 1) == "BadEventFilterInvalid"
