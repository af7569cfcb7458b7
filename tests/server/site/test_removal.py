"""A heat pump goes as a whole and comes back as a whole, while clients are connected."""

from __future__ import annotations

import gc

import pytest
import pytest_asyncio
from asyncua import ua

from heatpump_twin.server.space.node import LeanNode
from heatpump_twin.twin_engine.alarm import AlarmTransition

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNKNOWN = ua.StatusCodes.BadNodeIdUnknown
POINT, STATE = "hp1.supply_temperature", "hp1.alarms.low_water_flow.ActiveState.Id"


@pytest_asyncio.fixture(loop_scope="module")
async def rig(start_rig):
    async with start_rig() as running:
        yield running


def inner(rig):
    return rig.server._running.iserver.aspace


def of_hp1(node_id: ua.NodeId) -> bool:
    return str(node_id.Identifier).partition(".")[0] == "hp1"


class Handler:
    def __init__(self) -> None:
        self.heard: list[tuple[str, int, object]] = []
        self.events: list[object] = []

    def datachange_notification(self, node, value, data) -> None:
        status = data.monitored_item.Value.StatusCode.value
        self.heard.append((str(node.nodeid.Identifier), status, value))

    def event_notification(self, event) -> None:
        self.events.append(event)


async def test_nothing_of_it_is_left(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        ns = await rig.namespaces(client)
        names = [n.Identifier for n in inner(rig)._nodes if n.NamespaceIndex == ns["site"]]
        assert len([name for name in names if name.startswith("hp1.")]) > 300
        await rig.server.remove("hp1")

        assert not [n for n in inner(rig)._nodes if of_hp1(n)]
        for node in inner(rig)._nodes.values():
            assert not [r for r in node.references if of_hp1(r.NodeId)], node.nodeid
        devices = await client.nodes.objects.get_child([f"{ns['di']}:DeviceSet"])
        assert "hp1" not in [n.nodeid.Identifier for n in await devices.get_children()]
        gone = [client.get_node(ua.NodeId(n, ns["site"])) for n in names if n.startswith("hp1")]
        values = await client.uaclient.read_attributes(
            [node.nodeid for node in gone], ua.AttributeIds.BrowseName
        )
        assert {value.StatusCode.value for value in values} == {UNKNOWN}
        device = await rig.node(client, "hp1")
        for method in ("SetSupplySetpoint", "Start"):
            with pytest.raises(ua.uaerrors.BadNodeIdUnknown):
                await device.call_method(ua.NodeId(f"hp1.{method}", ns["site"]), 40.0)
        rig.records.put(POINT, [1.0, 2.0])
        with pytest.raises(ua.uaerrors.BadNodeIdUnknown):
            await (await rig.node(client, POINT)).read_raw_history()
        assert await (await rig.node(client, "site")).read_browse_name()
        rig.feed(POINT, 40.0)
        rig.server.announce(AlarmTransition(rig.alarm, True, rig.clock.now(), "Nobody hears this"))
        assert (await client.nodes.server.read_browse_name()).Name == "Server"


async def test_its_memory_is_free_again(rig) -> None:
    def nodes() -> int:
        gc.collect()
        return sum(isinstance(o, LeanNode) and of_hp1(o.nodeid) for o in gc.get_objects())

    assert nodes() > 300
    await rig.server.remove("hp1")
    assert nodes() == 0
    builder = rig.server._running.space._nodes
    assert "hp1" not in builder._assets._assets
    assert not [node for node in rig.server._running.iserver.methods._methods if of_hp1(node)]


async def test_who_listens_is_told_and_hears_again_when_it_is_back(
    rig, connect, eventually
) -> None:
    async with connect(rig) as client:
        handler = Handler()
        subscription = await client.create_subscription(100, handler)
        nodes = [await rig.node(client, name) for name in (POINT, STATE, "hp1.Manufacturer")]
        handles = await subscription.subscribe_data_change(nodes)
        rig.feed(POINT, 41.5)
        await eventually(lambda: (POINT, 0, 41.5) in handler.heard)

        await rig.server.remove("hp1")
        for name in (POINT, STATE, "hp1.Manufacturer"):
            await eventually(lambda name=name: (name, UNKNOWN, None) in handler.heard)
        assert rig.server.statistics.monitored_items == 3
        handler.heard.clear()
        rig.feed(POINT, 42.0)
        item = await subscription.unsubscribe(handles[2])
        assert item is None

        await rig.add_hp1()
        await eventually(lambda: (POINT, 0, 42.0) in handler.heard)
        await eventually(lambda: (STATE, 0, False) in handler.heard)
        rig.feed(POINT, 43.25)
        await eventually(lambda: (POINT, 0, 43.25) in handler.heard)
        rig.server.announce(AlarmTransition(rig.alarm, True, rig.clock.now(), "Flow is low"))
        await eventually(lambda: (STATE, 0, True) in handler.heard)
        assert "hp1.Manufacturer" not in [name for name, _, _ in handler.heard]
        assert [name for name, _, _ in handler.heard].count(STATE) == 2

        await subscription.delete()
        space = inner(rig)
        assert rig.server._running.space.conditions._nodes.kept == 0
        assert (space._orphans, space._handle_to_attribute_map) == ({}, {})


async def test_who_goes_while_it_is_away_leaves_nothing(rig, connect) -> None:
    async with connect(rig) as client:
        subscription = await client.create_subscription(100, Handler())
        await subscription.subscribe_data_change(
            [await rig.node(client, name) for name in (POINT, STATE)]
        )
        await rig.server.remove("hp1")
        index = rig.server._running.iserver.subscriptions.sampler._index
        assert (len(inner(rig)._orphans), len(index._lost)) == (1, 1)
        await subscription.delete()
        assert (inner(rig)._orphans, inner(rig)._handle_to_attribute_map) == ({}, {})
        assert index._lost == {}
    await rig.add_hp1()


async def test_an_active_alarm_says_good_bye(rig, connect, eventually) -> None:
    async with connect(rig) as client:
        handler = Handler()
        subscription = await client.create_subscription(100, handler)
        kind = ua.NodeId(ua.ObjectIds.AlarmConditionType)
        await subscription.subscribe_alarms_and_conditions(evtypes=kind)
        rig.server.announce(AlarmTransition(rig.alarm, True, rig.clock.now(), "Flow is low"))
        await eventually(lambda: len(handler.events) == 1)
        assert handler.events[0].Retain is True
        await rig.server.remove("hp1")
        await eventually(lambda: len(handler.events) == 2)
        assert handler.events[1].Retain is False
        await client.get_node(ua.ObjectIds.ConditionType).call_method(
            ua.NodeId(ua.ObjectIds.ConditionType_ConditionRefresh),
            ua.Variant(subscription.subscription_id, ua.VariantType.UInt32),
        )
        await eventually(lambda: len(handler.events) == 4)
        assert [event.EventType.Identifier for event in handler.events[2:]] == [
            ua.ObjectIds.RefreshStartEventType,
            ua.ObjectIds.RefreshEndEventType,
        ]


async def test_it_is_the_same_when_it_is_back(rig, connect) -> None:
    async def everything(client) -> dict[str, object]:
        found = {}
        for node_id in [n for n in inner(rig)._nodes if of_hp1(n)]:
            references = await client.get_node(node_id).get_references()
            found[str(node_id.Identifier)] = sorted(
                (r.ReferenceTypeId.to_string(), r.IsForward, r.NodeId.to_string())
                for r in references
            )
        return found

    async with connect(rig, "olga") as client:
        before = await everything(client)
        for _ in range(2):
            await rig.server.remove("hp1")
            await rig.add_hp1()
        assert await everything(client) == before
        ns = await rig.namespaces(client)
        device = await rig.node(client, "hp1")
        await device.call_method(ua.NodeId("hp1.SetSupplySetpoint", ns["site"]), 41.0)
        assert rig.device.held["hp1.supply_setpoint"] == 41.0
