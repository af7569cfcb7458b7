"""Requests about monitored items: what is taken has its effect, what is not is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asyncua import Client, Node, ua
from patience import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "hp1.supply_temperature"
CURRENT_TIME = ua.NodeId(ua.ObjectIds.Server_ServerStatus_CurrentTime)


class Values:
    def __init__(self) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()

    def datachange_notification(self, _node: Node, value: Any, _data: object) -> None:
        self.queue.put_nowait(value)

    async def next(self) -> Any:
        return await asyncio.wait_for(self.queue.get(), PATIENCE)


def dead_band(width: float) -> ua.DataChangeFilter:
    return ua.DataChangeFilter(
        ua.DataChangeTrigger.StatusValue, ua.DeadbandType.Absolute, float(width)
    )


async def create(
    client: Client, node: ua.NodeId, subscription: int | None = None, **target: object
) -> ua.MonitoredItemCreateResult:
    if subscription is None:
        subscription = (await client.create_subscription(500, handler=None)).subscription_id
    request = ua.MonitoredItemCreateRequest()
    request.ItemToMonitor = ua.ReadValueId(node, ua.AttributeIds.Value)
    request.MonitoringMode = ua.MonitoringMode.Reporting
    for name, value in target.items():
        owner = request.ItemToMonitor if hasattr(request.ItemToMonitor, name) else None
        setattr(owner or request.RequestedParameters, name, value)
    params = ua.CreateMonitoredItemsParameters()
    params.SubscriptionId = subscription
    params.ItemsToCreate = [request]
    (result,) = await client.uaclient.create_monitored_items(params)
    return result


async def test_a_filter_that_is_taken_away_is_gone(rig, connect) -> None:
    rig.feed(KEY, 35.0)
    async with connect(rig) as client:
        values = Values()
        subscription = await client.create_subscription(100, values)
        item = await subscription.deadband_monitor(await rig.node(client, KEY), 1000.0)
        assert await values.next() == 35.0
        (result,) = await subscription.modify_monitored_item(item, 0, 1, None)
        assert result.StatusCode.is_good()
        rig.feed(KEY, 36.0)
        assert await values.next() == 36.0


async def test_a_dead_band_takes_numbers(rig, connect) -> None:
    rig.feed(KEY, 35.0)
    async with connect(rig) as client:
        number = (await rig.node(client, KEY)).nodeid
        texts = ua.NodeId(ua.ObjectIds.Server_NamespaceArray)
        for node, status in (
            (number, "Good"), (CURRENT_TIME, "BadFilterNotAllowed"), (texts, "BadFilterNotAllowed"),
        ):  # fmt: skip
            result = await create(client, node, Filter=dead_band(1.0))
            assert result.StatusCode.name == status


async def test_an_encoding_that_there_is_not_is_refused(rig, connect) -> None:
    async with connect(rig) as client:
        for name, status in (("Bogus", "BadDataEncodingInvalid"), ("Default Binary", "Good")):
            result = await create(client, CURRENT_TIME, DataEncoding=ua.QualifiedName(name, 0))
            assert result.StatusCode.name == status


@pytest.mark.parametrize("wanted", ["5:2", "1:1", "x", "-1", "0:"])
async def test_an_index_range_that_is_none_is_refused(rig, connect, wanted: str) -> None:
    async with connect(rig) as client:
        result = await create(client, CURRENT_TIME, IndexRange=wanted)
        assert result.StatusCode.name == "BadIndexRangeInvalid"


@pytest.mark.parametrize(("wanted", "span"), [("0:1", slice(0, 2)), ("2", slice(2, 3))])
async def test_an_item_reports_its_index_range(rig, connect, wanted: str, span: slice) -> None:
    async with connect(rig) as client:
        array = await client.get_namespace_array()
        node = ua.NodeId(ua.ObjectIds.Server_NamespaceArray)
        told: asyncio.Queue[ua.PublishResult] = asyncio.Queue()
        asked = ua.CreateSubscriptionParameters()
        asked.RequestedPublishingInterval, asked.PublishingEnabled = 100, True
        asked.RequestedLifetimeCount, asked.RequestedMaxKeepAliveCount = 300, 100
        subscription = await client.uaclient.create_subscription(asked, told.put)
        result = await create(client, node, subscription.SubscriptionId, IndexRange=wanted)
        assert result.StatusCode.is_good()
        message = (await asyncio.wait_for(told.get(), PATIENCE)).NotificationMessage
        (data,) = message.NotificationData
        assert [item.Value.Value.Value for item in data.MonitoredItems] == [array[span]]


async def test_an_object_without_events_says_so(rig, connect) -> None:
    async with connect(rig) as client:
        select = ua.SimpleAttributeOperand()
        select.TypeDefinitionId = ua.NodeId(ua.ObjectIds.BaseEventType)
        select.BrowsePath = [ua.QualifiedName("Message", 0)]
        select.AttributeId = ua.AttributeIds.Value
        result = await create(
            client,
            ua.NodeId(ua.ObjectIds.TypesFolder),
            AttributeId=ua.AttributeIds.EventNotifier,
            Filter=ua.EventFilter([select]),
        )
        assert result.StatusCode.name == "BadNotSupported"


async def test_a_transferred_subscription_sends_its_values_if_asked_to(rig, connect) -> None:
    rig.feed(KEY, 35.0)
    async with connect(rig, "olga") as first, connect(rig, "olga") as second:
        subscription = await first.create_subscription(100, values := Values())
        await subscription.subscribe_data_change(await rig.node(first, KEY))
        assert await values.next() == 35.0
        transfer = ua.TransferSubscriptionsParameters()
        transfer.SubscriptionIds = [subscription.subscription_id]
        transfer.SendInitialValues = True
        (result,) = await second.uaclient.transfer_subscriptions(transfer)
        assert result.StatusCode.is_good()
        answer = await second.uaclient.publish([])
        while not answer.Parameters.NotificationMessage.NotificationData:
            answer = await second.uaclient.publish([])
        (data,) = answer.Parameters.NotificationMessage.NotificationData
        assert [item.Value.Value.Value for item in data.MonitoredItems] == [35.0]
