"""The variables of conditions exist only while somebody looks, and nobody can tell."""

from __future__ import annotations

import pytest
from asyncua import Client, ua

from heatpump_twin.server.alarms.condition_event import fields_of
from heatpump_twin.server.alarms.condition_parts import COMPONENTS, DATA_TYPES, OBJECTS, OWN_FIELDS
from heatpump_twin.server.space.node_builder import NodePlace, standard, text
from heatpump_twin.twin_engine.alarm import AlarmTransition

pytestmark = pytest.mark.asyncio(loop_scope="module")

IDS, VALUE = ua.ObjectIds, ua.AttributeIds.Value
NODE = "hp1.alarms.low_water_flow"


def inner(rig):
    return rig.server._running.iserver.aspace


def condition_nodes(rig):
    return rig.server._running.space.conditions._nodes


def turn(rig, active: bool, message: str = "Flow is low") -> None:
    rig.server.announce(AlarmTransition(rig.alarm, active, rig.clock.now(), message))


class Handler:
    def __init__(self) -> None:
        self.heard: list[tuple[str, ua.DataValue]] = []

    def datachange_notification(self, node, value, data) -> None:
        self.heard.append((str(node.nodeid.Identifier), data.monitored_item.Value))

    def values(self, name: str) -> list[object]:
        return [value.Value.Value for heard, value in self.heard if heard == name]


async def read_all(client: Client, node: ua.NodeId) -> dict[ua.AttributeIds, ua.DataValue]:
    attributes = [a for a in ua.AttributeIds if a != ua.AttributeIds.UserRolePermissions]
    values = await client.get_node(node).read_attributes(attributes)
    return dict(zip(attributes, values, strict=True))


async def test_they_look_like_nodes_that_are_always_there(start_rig, connect) -> None:
    """Build the same variables resident under another object, and compare all of it."""
    async with start_rig() as rig, connect(rig) as client:
        conditions = rig.server._running.space.conditions
        builder = rig.server._running.space._nodes
        condition = conditions._by_key[rig.alarm.key]
        names = builder.namespaces
        builder.object(
            "hp1.same", ua.QualifiedName("low_water_flow", names.site), condition.event_type,
            NodePlace(condition.source),
        )  # fmt: skip
        fields = fields_of(condition, condition.state.trunk, rig.clock.now())
        for path, kind in OBJECTS.items():
            if any(field[:-1] == path for field in fields):
                builder.object(
                    f"hp1.same.{path[-1]}", ua.QualifiedName(path[-1]), standard(kind),
                    NodePlace(builder.node_id("hp1.same")),
                )  # fmt: skip
        for path, value in fields.items():
            owner = builder.node_id(".".join(("hp1.same", *path[:-1])))
            name = ua.QualifiedName(path[-1], names.types if path[-1] in OWN_FIELDS else 0)
            data_type = DATA_TYPES.get(path[-1], value.VariantType.value)
            if path[-1] in COMPONENTS:
                builder.variable(
                    f"{owner.Identifier}.{path[-1]}", name, standard(COMPONENTS[path[-1]]),
                    NodePlace(owner), standard(data_type), value.Value,
                )  # fmt: skip
            else:
                builder.property(owner, name, data_type, value.Value)

        for path in fields:
            node = builder.node_id(".".join((NODE, *path)))
            same = builder.node_id(".".join(("hp1.same", *path)))
            found, expected = await read_all(client, node), await read_all(client, same)
            assert found.pop(ua.AttributeIds.NodeId).Value.Value == node
            del expected[ua.AttributeIds.NodeId]
            for attribute, value in expected.items():
                assert found[attribute].Value == value.Value, (path, attribute)
                assert found[attribute].StatusCode == value.StatusCode, (path, attribute)
            assert found[VALUE].SourceTimestamp is not None

        def described(references: list[ua.ReferenceDescription]) -> list[tuple[object, ...]]:
            return sorted(
                (
                    r.ReferenceTypeId.Identifier, r.IsForward, r.BrowseName.to_string(),
                    r.NodeClass, r.TypeDefinition.to_string(),
                    str(r.NodeId.Identifier).replace("hp1.same", NODE),
                )
                for r in references
                if r.ReferenceTypeId not in elsewhere and r.BrowseName.Name != "FirstInGroup"
            )  # fmt: skip

        # What a builder of single nodes does not know of: groups, and states within states.
        elsewhere = [
            standard(k) for k in (IDS.HasCondition, IDS.AlarmGroupMember, IDS.HasTrueSubState)
        ]
        for path in [(), *OBJECTS, *fields]:
            found = await client.get_node(builder.node_id(".".join((NODE, *path)))).get_references()
            expected = await client.get_node(
                builder.node_id(".".join(("hp1.same", *path)))
            ).get_references()
            found = [r for r in found if r.NodeClass != ua.NodeClass.Method]
            assert described(found) == described(expected), path


async def test_browse_paths_lead_to_them(rig, connect) -> None:
    async with connect(rig) as client:
        ns = await rig.namespaces(client)
        condition = await rig.node(client, NODE)
        for path in (["0:Retain"], ["0:ActiveState", "0:Id"], [f"{ns['types']}:LikelyCause"]):
            found = await condition.get_child(path)
            names = [step.partition(":")[2] for step in path]
            assert found.nodeid == ua.NodeId(".".join((NODE, *names)), ns["site"])
        device = await rig.node(client, "hp1")
        path = [f"{ns['site']}:low_water_flow", "0:EnabledState", "0:TransitionTime"]
        assert (await (await device.get_child(path)).read_data_type()).Identifier == IDS.DateTime
        state = await rig.node(client, f"{NODE}.ActiveState.Id")
        names = [node.nodeid.Identifier for node in await state.get_path()]
        assert names[-3:] == [NODE, f"{NODE}.ActiveState", f"{NODE}.ActiveState.Id"]
        for wrong in (f"{NODE}.Nothing", f"{NODE}.ActiveState.Nothing", f"{NODE}.Id", "Retain"):
            answer = await client.get_node(ua.NodeId(wrong, ns["site"])).read_data_value(False)
            assert answer.StatusCode.value == ua.StatusCodes.BadNodeIdUnknown


async def test_who_listens_hears_every_change_and_leaves_nothing(rig, connect, eventually) -> None:
    resident, kept = inner(rig).resident, condition_nodes(rig)
    names = [f"{NODE}.{name}" for name in ("ActiveState.Id", "Retain", "Message", "Severity")]
    async with connect(rig) as client:
        handler = Handler()
        subscription = await client.create_subscription(100, handler)
        nodes = [await rig.node(client, name) for name in names]
        handles = await subscription.subscribe_data_change(nodes)
        title = await subscription.subscribe_data_change(nodes[3], ua.AttributeIds.DisplayName)
        await eventually(lambda: len(handler.heard) == 5)
        assert kept.kept == 4
        assert inner(rig).resident == resident
        turn(rig, True)
        await eventually(lambda: handler.values(names[0]) == [False, True])
        assert handler.values(names[1])[-1] is True
        turn(rig, False, "Flow is back")
        await eventually(lambda: len(handler.values(names[2])) == 3)
        assert handler.values(names[0]) == [False, True, False]
        assert [t.Text for t in handler.values(names[2])][1:] == ["Flow is low", "Flow is back"]
        assert handler.values(names[3]) == [700, text("Severity")]
        _, last = next(heard for heard in reversed(handler.heard) if heard[0] == names[0])
        read = await nodes[0].read_data_value()
        assert read.SourceTimestamp == last.SourceTimestamp
        await subscription.unsubscribe(handles)
        assert kept.kept == 1
        await subscription.unsubscribe(title)
        assert kept.kept == 0
        await subscription.subscribe_data_change(nodes)
        assert kept.kept == 4
        await subscription.delete()
        assert kept.kept == 0
        await (await client.create_subscription(100, handler)).subscribe_data_change(nodes)
        assert kept.kept == 4
    await eventually(lambda: kept.kept == 0)


async def test_two_clients_listen_to_the_same_one(rig, connect, eventually) -> None:
    name = f"{NODE}.ActiveState.Id"
    async with connect(rig) as one, connect(rig) as other:
        handlers = Handler(), Handler()
        subscriptions = []
        for client, handler in zip((one, other), handlers, strict=True):
            subscriptions.append(await client.create_subscription(100, handler))
            await subscriptions[-1].subscribe_data_change(await rig.node(client, name))
        await eventually(lambda: all(handler.heard for handler in handlers))
        assert condition_nodes(rig).kept == 1
        await subscriptions[0].delete()
        assert condition_nodes(rig).kept == 1
        turn(rig, True)
        await eventually(lambda: handlers[1].values(name) == [False, True])
        turn(rig, False)
        await eventually(lambda: handlers[1].values(name) == [False, True, False])
        assert handlers[0].values(name) == [False]
        await subscriptions[1].delete()
    assert condition_nodes(rig).kept == 0


async def test_looking_at_everything_keeps_nothing(rig, connect) -> None:
    async def crawl() -> int:
        names = [n.Identifier for n in condition_nodes(rig)]
        nodes = [ua.NodeId(name, ns["site"]) for name in names]
        for node in nodes:
            assert await client.get_node(node).get_references()
        variables = [n for n in nodes if (n.Identifier.rpartition(".")[2],) not in OBJECTS]
        for attribute in (VALUE, ua.AttributeIds.BrowseName, ua.AttributeIds.DataType):
            values = await client.uaclient.read_attributes(variables, attribute)
            assert all(value.StatusCode.is_good() for value in values)
        return len(nodes)

    async with connect(rig) as client:
        ns = await rig.namespaces(client)
        resident = inner(rig).resident
        assert await crawl() == 2 * 58
        assert (inner(rig).resident, condition_nodes(rig).kept) == (resident, 0)


async def test_nobody_can_write_to_one(rig, connect) -> None:
    async with connect(rig, "erik") as client:
        node = await rig.node(client, f"{NODE}.Retain")
        before = await node.read_value()
        with pytest.raises(ua.uaerrors.BadNotWritable):
            await node.write_value(not before)
        space, value = inner(rig), ua.DataValue(ua.Variant(not before))
        answer = await space.write_attribute_value(node.nodeid, VALUE, value)
        assert answer.value == ua.StatusCodes.BadNotWritable
        for refuse in (space.set_attribute_value_callback, space.set_attribute_value_setter):
            answer = refuse(node.nodeid, VALUE, lambda *_: value)
            assert answer.value == ua.StatusCodes.BadNotWritable
        with pytest.raises(TypeError):
            rig.server._running.space._nodes.reference(
                node.nodeid, IDS.Organizes, ua.NodeId(IDS.Server)
            )
        assert await node.read_value() is before
