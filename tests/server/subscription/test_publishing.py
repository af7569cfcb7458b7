"""Publishing: messages, counters, and what the client is told at the end (OPC 10000-4, 5.14)."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from asyncua import ua

from heatpump_twin.server.subscription import subscription

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "hp1.supply_temperature"
NAN, ENDLESS = float("nan"), float("inf")


async def all_points(rig, client) -> list[ua.NodeId]:
    return [n.nodeid for n in await (await rig.node(client, "hp1.ParameterSet")).get_children()]


@pytest.mark.parametrize(
    ("interval", "revised"),
    [(NAN, 100.0), (-1.0, 100.0), (0.0, 100.0), (ENDLESS, 3_600_000.0), (250.0, 250.0)],
)
async def test_a_publishing_interval_is_revised(rig, connect, raw, interval, revised) -> None:
    async with connect(rig) as client:
        made = await raw(client).subscribe(interval)
        assert made.RevisedPublishingInterval == revised
        changed = ua.ModifySubscriptionParameters()
        changed.SubscriptionId = made.SubscriptionId
        changed.RequestedPublishingInterval = interval
        changed.RequestedMaxKeepAliveCount, changed.RequestedLifetimeCount = 0, 1
        answer = (await raw(client).ask("ModifySubscription", changed)).Parameters
        assert answer.RevisedPublishingInterval == revised
        assert (answer.RevisedMaxKeepAliveCount, answer.RevisedLifetimeCount) == (1, 3)


async def test_a_message_has_no_more_than_asked_for(rig, connect, raw) -> None:
    async with connect(rig) as client:
        session = raw(client)
        made = await session.subscribe(100.0, MaxNotificationsPerPublish=5)
        nodes = (await all_points(rig, client))[:20]
        await session.monitor(made.SubscriptionId, nodes)
        sizes, more, numbers = [], [], []
        while sum(sizes) < 20:
            answer = await session.publish()
            parts = answer.NotificationMessage.NotificationData
            if parts:
                sizes.append(len(parts[0].MonitoredItems))
                more.append(answer.MoreNotifications)
                numbers.append(answer.NotificationMessage.SequenceNumber)
        assert sizes == [5, 5, 5, 5]
        assert more == [True, True, True, False]
        assert numbers == [1, 2, 3, 4]


@pytest.mark.parametrize("stamps", list(ua.TimestampsToReturn)[:4])
async def test_timestamps_are_returned_as_asked_for(rig, connect, raw, stamps) -> None:
    rig.feed(KEY, 20.0)
    wanted = stamps.name
    async with connect(rig) as client:
        session = raw(client)
        made = await session.subscribe()
        nodes = [
            (await rig.node(client, KEY)).nodeid,
            ua.NodeId(ua.ObjectIds.Server_ServerStatus_CurrentTime),
        ]
        await session.monitor(made.SubscriptionId, nodes, stamps)
        for item in await session.news():
            assert (item.Value.SourceTimestamp is not None) is (wanted in ("Source", "Both"))
            assert (item.Value.ServerTimestamp is not None) is (wanted in ("Server", "Both"))


async def test_an_item_that_is_bad_between_two_values_is_told_in_order(rig, connect, raw) -> None:
    rig.feed(KEY, 1.0)
    rig.feed("hp1.unit_enabled", 1.0)
    rig.feed("hp1.operating_mode", 2.0)
    async with connect(rig) as client:
        session = raw(client)
        made = await session.subscribe(100.0, PublishingEnabled=False)
        keys = (KEY, "hp1.unit_enabled", "hp1.operating_mode")
        nodes = [(await rig.node(client, key)).nodeid for key in keys]
        await session.monitor(made.SubscriptionId, nodes, QueueSize=10)
        rig.feed(KEY, NAN, 0x80310000)
        rig.feed("hp1.operating_mode", NAN, 0x80310000)
        rig.feed(KEY, 3.0, 0x40000000)
        rig.feed("hp1.unit_enabled", 0.0)
        await session.enable(made.SubscriptionId, True)
        told: dict[int, list[object]] = {}
        for item in await session.news():
            value = item.Value
            told.setdefault(item.ClientHandle, []).append(
                (value.Value.Value, value.StatusCode.value)
            )
        assert told == {
            1: [(1.0, 0), (None, 0x80310000), (3.0, 0x40000000)],
            2: [(True, 0), (False, 0)],
            3: [(2, 0), (None, 0x80310000)],
        }


async def test_a_sign_of_life_comes_after_so_many_cycles(rig, connect, raw) -> None:
    rig.feed(KEY, 1.0)
    async with connect(rig) as client:
        session = raw(client)
        made = await session.subscribe(100.0, RequestedMaxKeepAliveCount=4)
        assert made.RevisedMaxKeepAliveCount == 4
        first = await session.publish()
        assert first.NotificationMessage.NotificationData == []
        # Its number is that of the message to come.
        assert first.NotificationMessage.SequenceNumber == 1
        await session.monitor(made.SubscriptionId, [(await rig.node(client, KEY)).nodeid])
        data = await session.publish()
        alive = await session.publish()
        again = await session.publish()
        assert data.NotificationMessage.SequenceNumber == 1
        for answer in (alive, again):
            assert answer.NotificationMessage.NotificationData == []
            assert answer.NotificationMessage.SequenceNumber == 2
            assert answer.AvailableSequenceNumbers == [1]
        times = [a.NotificationMessage.PublishTime for a in (data, alive, again)]
        # Not with each cycle. What was asked for late is sent between two, and a busy loop is late
        # for one and not for the next: of four cycles, two are whole.
        assert all((b - a).total_seconds() > 0.19 for a, b in pairwise(times))


async def test_nobody_is_woken_by_a_subscription_without_news(
    rig, connect, raw, eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, waits = asyncio.get_running_loop(), []
    call_at = loop.call_at

    def noting(when: float, callback, *arguments, **more) -> asyncio.TimerHandle:
        if isinstance(getattr(callback, "__self__", None), subscription.Subscription):
            waits.append(when - loop.time())
        return call_at(when, callback, *arguments, **more)

    monkeypatch.setattr(loop, "call_at", noting)
    async with connect(rig) as client:
        session = raw(client)
        made = await session.subscribe(100.0, RequestedMaxKeepAliveCount=1000)
        await session.monitor(made.SubscriptionId, [(await rig.node(client, KEY)).nodeid])
        rig.feed(KEY, 20.0)
        await session.news()
        # With a request that waits, it sleeps until it has to say that it lives.
        for value in (20.0, 21.0):
            told = asyncio.create_task(session.news())
            await eventually(lambda: waits[-1] > 50.0)
            # The same value again is no news.
            rig.feed(KEY, value)
            assert waits[-1] > 50.0
            rig.feed(KEY, value + 1.0)
            assert [item.Value.Value.Value for item in await told] == [value + 1.0]


async def test_the_end_of_a_subscription_is_told(rig, connect, raw, eventually) -> None:
    async with connect(rig) as client:
        session = raw(client)
        short = await session.subscribe(
            100.0, RequestedLifetimeCount=3, RequestedMaxKeepAliveCount=1
        )
        long = await session.subscribe(1000.0)
        running = rig.server._running.iserver.subscriptions.subscriptions
        await eventually(lambda: short.SubscriptionId not in running)
        told = await session.publish()
        assert told.SubscriptionId == short.SubscriptionId
        (part,) = told.NotificationMessage.NotificationData
        assert part.Status.name == "BadTimeout"
        assert (await session.publish()).SubscriptionId == long.SubscriptionId


async def test_the_old_session_is_told_of_a_transfer(rig, connect, raw, soon) -> None:
    rig.feed(KEY, 35.0)
    async with connect(rig, "olga") as one, connect(rig, "olga") as two:
        first, second = raw(one), raw(two)
        made = await first.subscribe()
        await first.monitor(made.SubscriptionId, [(await rig.node(one, KEY)).nodeid])
        assert await first.values() == [35.0]
        waiting = await soon(first.publish())
        spare = await soon(first.publish())
        answer = await second.transfer(made.SubscriptionId, initial=True)
        assert answer.AvailableSequenceNumbers == [1]
        (part,) = (await waiting).NotificationMessage.NotificationData
        assert part.Status.name == "GoodSubscriptionTransferred"
        with pytest.raises(ua.uaerrors.BadNoSubscription):
            await spare
        told = await second.publish()
        assert told.NotificationMessage.SequenceNumber == 2
        (part,) = told.NotificationMessage.NotificationData
        assert [item.Value.Value.Value for item in part.MonitoredItems] == [35.0]
        with pytest.raises(ua.uaerrors.BadNoSubscription):
            await first.publish()


async def test_messages_are_kept_until_they_are_acknowledged(rig, connect, raw) -> None:
    rig.feed(KEY, 1.0)
    async with connect(rig) as client:
        session = raw(client)
        number = (await session.subscribe()).SubscriptionId
        await session.monitor(number, [(await rig.node(client, KEY)).nodeid])
        assert await session.values() == [1.0]
        rig.feed(KEY, 2.0)
        assert await session.values() == [2.0]
        asked = ua.RepublishParameters()
        asked.SubscriptionId, asked.RetransmitSequenceNumber = number, 1
        for _ in range(2):
            message = (await session.ask("Republish", asked)).NotificationMessage
            (part,) = message.NotificationData
            assert [item.Value.Value.Value for item in part.MonitoredItems] == [1.0]
        rig.feed(KEY, 3.0)
        acks = [ua.SubscriptionAcknowledgement(number, n) for n in (1, 9)]
        acks.append(ua.SubscriptionAcknowledgement(4_000_000_000, 1))
        answer = await session.publish(*acks)
        assert [r.name for r in answer.Results] == [
            "Good", "BadSequenceNumberUnknown", "BadSubscriptionIdInvalid",
        ]  # fmt: skip
        assert answer.AvailableSequenceNumbers == [2, 3]
        with pytest.raises(ua.uaerrors.BadMessageNotAvailable):
            await session.ask("Republish", asked)


async def test_messages_that_nobody_acknowledges_take_no_end_of_memory(
    rig, connect, raw, monkeypatch
) -> None:
    monkeypatch.setattr(subscription, "KEPT_SIZE", 100)
    rig.feed(KEY, 0.0)
    async with connect(rig) as client:
        session = raw(client)
        number = (await session.subscribe()).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        await session.monitor(number, [node])
        assert await session.values() == [0.0]
        for value in (1.0, 2.0, 3.0, 4.0):
            rig.feed(KEY, value)
            answer = await session.publish()
        # One notification of a number with both times is 34 bytes long.
        assert answer.AvailableSequenceNumbers == [4, 5]


async def test_of_too_many_requests_the_oldest_goes(rig, connect, raw, soon) -> None:
    async with connect(rig) as client:
        session = raw(client)
        await session.subscribe(10_000.0)
        waiting = [await soon(session.publish()) for _ in range(13)]
        for request in waiting[:2]:
            with pytest.raises(ua.uaerrors.BadTooManyPublishRequests):
                await request
        await client.nodes.server.read_browse_name()
        assert not any(request.done() for request in waiting[2:])
        for request in waiting[2:]:
            request.cancel()


async def test_requests_end_with_the_last_subscription(rig, connect, raw, soon) -> None:
    async with connect(rig) as client:
        session = raw(client)
        number = (await session.subscribe(10_000.0)).SubscriptionId
        waiting = await soon(session.publish())
        gone = ua.DeleteSubscriptionsParameters()
        gone.SubscriptionIds = [number, number]
        results = (await session.ask("DeleteSubscriptions", gone)).Results
        assert [r.name for r in results] == ["Good", "BadSubscriptionIdInvalid"]
        with pytest.raises(ua.uaerrors.BadNoSubscription):
            await waiting


async def test_a_request_is_answered_no_later_than_its_client_waits(rig, connect, raw) -> None:
    rig.feed(KEY, 1.0)
    async with connect(rig) as client:
        session = raw(client)
        number = (await session.subscribe(300.0, RequestedMaxKeepAliveCount=9)).SubscriptionId
        await session.publish()
        with pytest.raises(ua.uaerrors.BadTimeout):
            await session.publish(hint=1)
        await session.monitor(number, [(await rig.node(client, KEY)).nodeid])
        assert await session.values() == [1.0]


async def test_those_with_priority_are_served_first(rig, connect, raw, eventually) -> None:
    rig.feed(KEY, 1.0)
    async with connect(rig) as client:
        session = raw(client)
        node = (await rig.node(client, KEY)).nodeid
        numbers = []
        for priority in (1, 200, 5):
            made = await session.subscribe(100.0, Priority=priority)
            await session.monitor(made.SubscriptionId, [node])
            numbers.append(made.SubscriptionId)
        outbox = rig.server._running.iserver.subscriptions.subscriptions[numbers[0]].outbox
        await eventually(lambda: len(outbox._late) == 3)
        order = [(await session.publish()).SubscriptionId for _ in range(3)]
        assert order == [numbers[1], numbers[2], numbers[0]]


async def test_nothing_is_left_of_a_subscription(rig, connect, raw) -> None:
    async with connect(rig) as client:
        session = raw(client)
        nodes = await all_points(rig, client)
        service = rig.server._running.iserver.subscriptions
        used = service.sampler.rows.used
        for _ in range(3):
            made = await session.subscribe(100.0)
            items = await session.monitor(made.SubscriptionId, nodes)
            gone = ua.DeleteMonitoredItemsParameters()
            gone.SubscriptionId = made.SubscriptionId
            gone.MonitoredItemIds = [item.MonitoredItemId for item in items[:10]]
            results = (await session.ask("DeleteMonitoredItems", gone)).Results
            assert all(result.is_good() for result in results)
            rest = {item.ClientHandle for item in await session.news()}
            assert len(rest) == len(nodes) - 10
            ended = ua.DeleteSubscriptionsParameters()
            ended.SubscriptionIds = [made.SubscriptionId]
            await session.ask("DeleteSubscriptions", ended)
        assert service.sampler.rows.used == used


async def test_what_a_session_leaves_behind_lives_for_its_lifetime(
    rig, connect, raw, eventually
) -> None:
    """A long one is taken over by another session; a short one is gone before."""
    rig.feed(KEY, 7.0)
    async with connect(rig, "olga") as client:
        first = raw(client)
        short = await first.subscribe(100.0, RequestedLifetimeCount=3, RequestedMaxKeepAliveCount=1)
        long_ = await first.subscribe(100.0)
        node = (await rig.node(client, KEY)).nodeid
        for subscription in (short, long_):
            await first.monitor(subscription.SubscriptionId, [node])
        # The library's own deletes them.
        request = ua.CloseSessionRequest(DeleteSubscriptions=False)
        await client.uaclient.protocol.send_request(request)
        await eventually(lambda: rig.server.statistics.subscriptions == 1)
        async with connect(rig, "olga") as other, connect(rig, "erik") as stranger:
            again = raw(other)
            assert (await again.transfer(short.SubscriptionId)).StatusCode.name == (
                "BadSubscriptionIdInvalid"
            )
            theirs = await raw(stranger).transfer(long_.SubscriptionId)
            assert theirs.StatusCode.name == "BadUserAccessDenied"
            taken = await again.transfer(long_.SubscriptionId, initial=True)
            assert taken.StatusCode.is_good()
            assert await again.values() == [7.0]
            rig.feed(KEY, 8.0)
            assert await again.values() == [8.0]
