"""Sampling intervals, queues and what is thrown away (OPC 10000-4, 5.13.1)."""

from __future__ import annotations

import pytest
from asyncua import ua

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "hp1.electrical_power"
CURRENT_TIME = ua.NodeId(ua.ObjectIds.Server_ServerStatus_CurrentTime)
OVERFLOW = 0x480
NAN, ENDLESS = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("asked", "publishing", "revised"),
    [
        (100.0, 5000.0, 1000.0),
        (60_000.0, 1000.0, 60_000.0),
        (0.0, 5000.0, 1000.0),
        (-1.0, 5000.0, 5000.0),
        (-1.0, 200.0, 1000.0),
        (-7.5, 5000.0, 5000.0),
        (NAN, 5000.0, 5000.0),
        (-ENDLESS, 5000.0, 5000.0),
        (ENDLESS, 5000.0, 86_400_000.0),
    ],
)
async def test_a_sampling_interval_is_revised_to_what_is_done(
    rig, connect, raw, asked: float, publishing: float, revised: float
) -> None:
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe(publishing)).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        (result,) = await session.monitor(subscription, [node], SamplingInterval=asked)
        assert result.RevisedSamplingInterval == revised


async def test_values_between_two_samples_are_not_reported(rig, connect, raw) -> None:
    rig.feed(KEY, 1.0)
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe(100.0)).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        await session.monitor(subscription, [node], SamplingInterval=1500.0, QueueSize=10)
        for value in (2.0, 3.0, 4.0):
            rig.feed(KEY, value)
        seen = await session.values()
        while seen[-1] != 4.0:
            seen += await session.values()
        # On a machine that stands still for as long as the interval, a sample falls in between.
        assert seen[0] == 1.0
        assert len(seen) <= 3


async def test_every_value_between_two_publishings_is_queued(rig, connect, raw) -> None:
    rig.feed(KEY, 1.0)
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe(100.0, PublishingEnabled=False)).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        await session.monitor(subscription, [node], QueueSize=10)
        for value in (2.0, 3.0, 1.0):
            rig.feed(KEY, value)
            rig.feed(KEY, value)
        await session.enable(subscription, True)
        assert await session.values() == [1.0, 2.0, 3.0, 1.0]


@pytest.mark.parametrize(
    ("size", "oldest", "values", "overflow"),
    [
        (3, True, [3.0, 4.0, 5.0], [OVERFLOW, 0, 0]),
        (3, False, [1.0, 2.0, 5.0], [0, 0, OVERFLOW]),
        (2, False, [1.0, 5.0], [0, OVERFLOW]),
        (5, True, [1.0, 2.0, 3.0, 4.0, 5.0], [0] * 5),
        (1, True, [5.0], [0]),
        (0, False, [5.0], [0]),
    ],
)
async def test_a_full_queue_loses_what_was_asked_for_and_says_so(
    rig, connect, raw, size: int, oldest: bool, values: list[float], overflow: list[int]
) -> None:
    rig.feed(KEY, 1.0)
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe(100.0, PublishingEnabled=False)).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        (result,) = await session.monitor(
            subscription, [node], QueueSize=size, DiscardOldest=oldest
        )
        assert result.RevisedQueueSize == max(1, size)
        for value in (2.0, 3.0, 4.0, 5.0):
            rig.feed(KEY, value)
        await session.enable(subscription, True)
        news = await session.news()
        assert [item.Value.Value.Value for item in news] == values
        assert [item.Value.StatusCode.value for item in news] == overflow


async def test_an_item_may_be_deleted_while_its_queue_is_full(
    rig, connect, raw, caplog: pytest.LogCaptureFixture
) -> None:
    rig.feed(KEY, 1.0)
    async with connect(rig) as client:
        session, watch = raw(client), raw(client)
        subscription = (await session.subscribe(100.0, PublishingEnabled=False)).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        (result,) = await session.monitor(subscription, [node], QueueSize=2)
        await watch.monitor((await watch.subscribe(100.0)).SubscriptionId, [node], QueueSize=10)
        for value in (2.0, 3.0, 4.0, 5.0):
            rig.feed(KEY, value)
        while 5.0 not in await watch.values():
            pass
        await client.uaclient.delete_monitored_items(
            ua.DeleteMonitoredItemsParameters(subscription, [result.MonitoredItemId])
        )
        await watch.monitor(subscription, [CURRENT_TIME])
        await session.enable(subscription, True)
        assert len(await session.values()) == 1
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_what_is_queued_does_not_grow_beyond_the_queues(rig, connect, raw) -> None:
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe(100.0, PublishingEnabled=False)).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        await session.monitor(subscription, [node], QueueSize=4, DiscardOldest=False)
        log = rig.server._running.iserver.subscriptions.subscriptions[subscription].items.log
        longest = 0
        for value in range(3000):
            rig.feed(KEY, float(value))
            longest = max(longest, sum(map(len, log._parts)))
        assert longest <= 1100
        await session.enable(subscription, True)
        assert (await session.values())[1:] == [0.0, 1.0, 2999.0]


@pytest.mark.parametrize(("oldest", "where"), [(True, 0), (False, 2)])
async def test_other_values_are_queued_in_the_same_way(
    rig, connect, raw, oldest: bool, where: int
) -> None:
    async with connect(rig) as client:
        session, watch = raw(client), raw(client)
        subscription = (await session.subscribe(100.0, PublishingEnabled=False)).SubscriptionId
        (result,) = await session.monitor(
            subscription, [CURRENT_TIME], QueueSize=3, DiscardOldest=oldest
        )
        assert result.StatusCode.is_good()
        await watch.monitor((await watch.subscribe(100.0)).SubscriptionId, [CURRENT_TIME])
        seen: list[object] = []
        while len(seen) < 6:
            seen += await watch.values()
        await session.enable(subscription, True)
        while len(news := await session.news()) < 3:
            pass
        marked = [item.Value.StatusCode.value for item in news]
        assert marked == [OVERFLOW if i == where else 0 for i in range(3)]
        times = [item.Value.Value.Value for item in news]
        assert times == sorted(times)
        assert (times[0] > seen[0]) is oldest


async def test_an_item_that_is_changed_keeps_what_is_queued(rig, connect, raw) -> None:
    rig.feed(KEY, 1.0)
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe(100.0, PublishingEnabled=False)).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        (item,) = await session.monitor(subscription, [node], QueueSize=10)
        for value in (2.0, 3.0, 4.0):
            rig.feed(KEY, value)
        change = ua.MonitoredItemModifyRequest()
        change.MonitoredItemId = item.MonitoredItemId
        change.RequestedParameters.ClientHandle = 77
        change.RequestedParameters.QueueSize = 2
        change.RequestedParameters.DiscardOldest = True
        wanted = ua.ModifyMonitoredItemsParameters()
        wanted.SubscriptionId, wanted.ItemsToModify = subscription, [change]
        wanted.TimestampsToReturn = ua.TimestampsToReturn.Neither
        (result,) = (await session.ask("ModifyMonitoredItems", wanted)).Results
        assert result.RevisedQueueSize == 2
        await session.enable(subscription, True)
        news = await session.news()
        assert [(n.ClientHandle, n.Value.Value.Value) for n in news] == [(77, 3.0), (77, 4.0)]
        assert [n.Value.StatusCode.value for n in news] == [OVERFLOW, 0]
        assert news[0].Value.SourceTimestamp is None
