"""News that the server cannot tell keep no other from its clients."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from asyncua import Node, ua
from asyncua.server.address_space import NodeData
from structlog.testing import capture_logs

from heatpump_twin.server.heat_pump.point_nodes import LiveNode
from heatpump_twin.server.site.publisher import Publisher
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.node import Attribute
from heatpump_twin.server.subscription.subscription_service import SubscriptionService

pytestmark = pytest.mark.asyncio(loop_scope="module")
WITHIN = 10


class Heard:
    """What a subscription brings, by point."""

    def __init__(self) -> None:
        self.values: asyncio.Queue[tuple[str, object]] = asyncio.Queue()
        self.events: asyncio.Queue[str] = asyncio.Queue()

    def datachange_notification(self, node: Node, value: object, _data: object) -> None:
        self.values.put_nowait((str(node.nodeid.Identifier), value))

    def event_notification(self, event: object) -> None:
        self.events.put_nowait(event.Message.Text)

    async def until(self, key: str, value: object) -> None:
        async with asyncio.timeout(WITHIN):
            while await self.values.get() != (key, value):
                pass


async def test_news_that_fail_are_logged_once_and_keep_no_other_back(rig) -> None:
    aspace = TwinAddressSpace()
    told: asyncio.Queue[int] = asyncio.Queue()

    def live(index: int, listener: Callable[[], Awaitable[None]]) -> LiveNode:
        node = NodeData(ua.NodeId(f"hp1.point{index}", 2))
        node.attributes[ua.AttributeIds.Value] = attribute = Attribute(ua.DataValue())
        attribute.datachange_callbacks[index] = lambda _handle, _value: listener()
        aspace[node.nodeid] = node
        return LiveNode(node.nodeid, lambda _index: ua.DataValue())

    async def fails() -> None:
        raise RuntimeError("it cannot be told")

    publisher = Publisher(aspace, SubscriptionService(aspace, rig.image, rig.clock, rig.records))
    publisher.follow({1: [live(1, fails)], 2: [live(2, partial(told.put, 2))]})
    publishing = asyncio.create_task(publisher.run())
    with capture_logs() as logs:
        for _ in range(2):
            publisher.touch([1, 2])
            publisher.schedule(fails)
            publisher.schedule(partial(told.put, 3))
            async with asyncio.timeout(WITHIN):
                assert [await told.get(), await told.get()] == [2, 3]
    assert [log["exc_info"] for log in logs] == [True, True]
    assert [log["of"].rpartition(".")[2] for log in logs] == ["point1", "fails"]
    publishing.cancel()
    await asyncio.wait([publishing])


async def test_a_state_that_no_machine_has_keeps_no_other_back(rig, connect) -> None:
    async with connect(rig) as client:
        heard = Heard()
        subscription = await client.create_subscription(50, heard)
        await subscription.subscribe_events(
            await rig.node(client, "hp1"), ua.ObjectIds.TransitionEventType
        )
        node = await rig.node(client, "hp1.supply_temperature")
        await subscription.subscribe_data_change(node)
        rig.feed("hp1.operating_state", 1.0)
        with capture_logs() as logs:
            for value in (43.0, 44.0):
                rig.feed("hp1.operating_state", 42.0)
                rig.feed("hp1.supply_temperature", value)
                await heard.until("hp1.supply_temperature", value)
        assert [(log["point"], log["exc_info"]) for log in logs] == [("hp1.operating_state", True)]
        rig.feed("hp1.operating_state", 2.0)
        assert await asyncio.wait_for(heard.events.get(), WITHIN) == "Standby → Heating"
