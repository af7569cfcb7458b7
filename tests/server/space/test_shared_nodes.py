"""Nodes share what they have in common, and nobody can tell by what happens to one of them."""

from __future__ import annotations

import dataclasses

import pytest
from asyncua import ua

from heatpump_twin.server.space.node import Attribute, Constant
from heatpump_twin.server.space.node_builder import NodePlace, standard, text

pytestmark = pytest.mark.asyncio(loop_scope="module")

IDS, NAME, VALUE = ua.ObjectIds, ua.AttributeIds.DisplayName, ua.AttributeIds.Value
ONE, OTHER = "hp1.supply_temperature.EngineeringUnits", "hp1.return_temperature.EngineeringUnits"


def inner(rig):
    """The address space behind the wire: what no client may write is written here."""
    return rig.server._running.iserver.aspace


def site(rig, name: str) -> ua.NodeId:
    return rig.server._running.space._nodes.node_id(name)


def named(value: str) -> ua.DataValue:
    return ua.DataValue(ua.Variant(text(value), ua.VariantType.LocalizedText))


class Handler:
    def __init__(self) -> None:
        self.heard: list[tuple[str, object]] = []

    def datachange_notification(self, node, value, data) -> None:
        self.heard.append((node.nodeid.Identifier, value))


async def test_what_is_shared_cannot_be_changed_and_what_can_be_is_not_shared(rig) -> None:
    owner: dict[int, ua.NodeId] = {}
    shared, own = 0, []  # held, so that none is made again where another was
    for node_id, node in inner(rig)._nodes.items():
        for _, content in sorted(node.attributes.items()):
            if isinstance(content, Constant):
                shared += 1
                with pytest.raises(AttributeError):
                    content.value = None
                with pytest.raises(AttributeError):
                    content.value_callback = print
                with pytest.raises(AttributeError):
                    content.value_setter = print
                with pytest.raises(TypeError):
                    content.datachange_callbacks[1] = print
            else:
                assert isinstance(content, Attribute)
                own.append(content)
                assert owner.setdefault(id(content), node_id) == node_id
    assert shared > 50_000


async def test_a_write_is_seen_on_one_node_only(rig, connect) -> None:
    space, one, other = inner(rig), site(rig, ONE), site(rig, OTHER)
    assert space[one].attributes[NAME] is space[other].attributes[NAME]
    assert space[one].attributes[VALUE] is space[other].attributes[VALUE]
    unit = space.read_attribute_value(other, VALUE)
    changed = dataclasses.replace(unit, Value=ua.Variant(ua.EUInformation("urn:x", 1)))
    async with connect(rig) as client:
        nodes = [client.get_node(one), client.get_node(other)]
        (await space.write_attribute_value(one, NAME, named("Mine"))).check()
        (await space.write_attribute_value(one, VALUE, changed)).check()
        try:
            names = [(await node.read_display_name()).Text for node in nodes]
            assert names == ["Mine", "EngineeringUnits"]
            units = [(await node.read_value()).NamespaceUri for node in nodes]
            assert units == ["urn:x", unit.Value.Value.NamespaceUri]
            parent = client.get_node(site(rig, "hp1.supply_temperature"))
            references = await parent.get_references(IDS.HasProperty)
            assert "Mine" in [reference.DisplayName.Text for reference in references]
            neighbour = client.get_node(site(rig, "hp1.return_temperature"))
            references = await neighbour.get_references(IDS.HasProperty)
            assert "Mine" not in [reference.DisplayName.Text for reference in references]
        finally:
            await space.write_attribute_value(one, NAME, named("EngineeringUnits"))
            await space.write_attribute_value(one, VALUE, unit)


async def test_who_listens_to_one_node_does_not_hear_of_another(rig, connect, eventually) -> None:
    space, one, other = inner(rig), site(rig, ONE), site(rig, OTHER)
    handler = Handler()
    async with connect(rig) as client:
        subscription = await client.create_subscription(100, handler)
        handle = await subscription.subscribe_data_change(client.get_node(one), NAME)
        await eventually(lambda: len(handler.heard) == 1)
        assert isinstance(space[one].attributes[NAME], Attribute)
        assert isinstance(space[other].attributes[NAME], Constant)
        await space.write_attribute_value(other, NAME, named("Theirs"))
        await space.write_attribute_value(one, NAME, named("Mine"))
        await eventually(lambda: len(handler.heard) > 1)
        assert [value.Text for _, value in handler.heard] == ["EngineeringUnits", "Mine"]
        await space.write_attribute_value(one, NAME, named("EngineeringUnits"))
        await space.write_attribute_value(other, NAME, named("EngineeringUnits"))
        await subscription.unsubscribe(handle)


async def test_who_has_listened_leaves_nothing_behind(rig, connect, eventually) -> None:
    space, node = inner(rig), site(rig, "hp1.supply_temperature.EURange")
    before = {attribute: space[node].attributes[attribute] for attribute in space[node].attributes}
    async with connect(rig) as client:
        handler = Handler()
        subscription = await client.create_subscription(100, handler)
        handles = [
            await subscription.subscribe_data_change(client.get_node(node), attribute)
            for attribute in before
        ]
        await eventually(lambda: len(handler.heard) == len(before))
        own = [space[node].attributes[attribute] for attribute in before]
        assert all(isinstance(content, Attribute) for content in own)
        await subscription.unsubscribe(handles)
    del before[ua.AttributeIds.NodeId]  # made when it is read
    assert all(space[node].attributes[a] is content for a, content in before.items())


async def test_a_computed_value_is_one_nodes_own(rig, connect) -> None:
    space = inner(rig)
    one, other = site(rig, "hp1.DeviceManual"), site(rig, "hp1.DeviceRevision")
    assert space[one].attributes[VALUE] is space[other].attributes[VALUE]
    kept = space.read_attribute_value(one, VALUE)
    answer = ua.DataValue(ua.Variant("computed"))
    space.set_attribute_value_callback(one, VALUE, lambda _node, _attribute: answer).check()
    try:
        async with connect(rig) as client:
            assert await client.get_node(one).read_value() == "computed"
            assert await client.get_node(other).read_value() == ""
    finally:
        (await space.write_attribute_value(one, VALUE, kept)).check()


# ── as the library would have it ──────────────────────────────────────────────────────────────────
def library_node(rig, name: str, attributes, kind: ua.NodeClass, type_id: int, reference: int):
    item = ua.AddNodesItem()
    item.RequestedNewNodeId = site(rig, name)
    item.BrowseName = ua.QualifiedName("Part", 3)
    item.NodeClass = kind
    item.TypeDefinition = standard(type_id) if type_id else ua.NodeId()
    item.ParentNodeId = site(rig, "hp1")
    item.ReferenceTypeId = standard(reference)
    attributes.DisplayName, attributes.Description = text("A part"), text("What it is")
    item.NodeAttributes = attributes
    (answer,) = rig.server._running.iserver.node_mgt_service.add_nodes([item])
    answer.StatusCode.check()
    return inner(rig)[item.RequestedNewNodeId]


def compare(theirs, ours) -> None:
    assert sorted(theirs.attributes) == sorted(ours.attributes)
    for attribute in set(theirs.attributes) - {ua.AttributeIds.NodeId}:
        expected, found = theirs.attributes[attribute].value, ours.attributes[attribute].value
        assert found.Value == expected.Value, attribute
        assert (found.ServerTimestamp is None) == (expected.ServerTimestamp is None)
        assert (found.SourceTimestamp is None) == (expected.SourceTimestamp is None)
    assert ours.attributes[ua.AttributeIds.NodeId].value.Value.Value == ours.nodeid
    assert ours.references == theirs.references


async def test_nodes_are_what_the_library_would_have_made(start_rig) -> None:
    async with start_rig() as rig:
        builder = rig.server._running.space._nodes
        part, place = ua.QualifiedName("Part", 3), NodePlace(site(rig, "hp1"))
        words = {"title": "A part", "description": "What it is"}

        attributes = ua.ObjectAttributes()
        notifier = ua.EventNotifier
        bits = (notifier.SubscribeToEvents, notifier.HistoryRead, notifier.HistoryWrite)
        attributes.EventNotifier = sum(bit.mask for bit in bits)
        theirs = library_node(
            rig, "t.object", attributes, ua.NodeClass.Object, IDS.FolderType, IDS.HasComponent
        )
        made = builder.object(
            "o.object", part, standard(IDS.FolderType), place, notifier=True, **words
        )
        compare(theirs, inner(rig)[made])

        attributes = ua.VariableAttributes()
        attributes.DataType = standard(IDS.Double)
        attributes.ValueRank, attributes.ArrayDimensions = 1, [0]
        attributes.Value = ua.Variant([1.5, 2.5], ua.VariantType.Double)
        # The right to correct its history is the role's, as that to write.
        attributes.AccessLevel, attributes.UserAccessLevel = 13, 5
        attributes.Historizing, attributes.MinimumSamplingInterval = True, 250.0
        theirs = library_node(
            rig, "t.variable", attributes, ua.NodeClass.Variable, IDS.BaseDataVariableType,
            IDS.Organizes,
        )  # fmt: skip
        made = builder.variable(
            "o.variable", part, standard(IDS.BaseDataVariableType),
            NodePlace(place.parent, IDS.Organizes), standard(IDS.Double), [1.5, 2.5], array=True,
            historized=True, corrected=True, sampling=0.25, **words,
        )  # fmt: skip
        compare(theirs, inner(rig)[made])

        theirs = library_node(
            rig, "t.method", ua.MethodAttributes(), ua.NodeClass.Method, 0, IDS.HasComponent
        )
        made = builder.method("o.method", part, place, [], [], description="What it is")
        await inner(rig).write_attribute_value(made, NAME, named("A part"))
        compare(theirs, inner(rig)[made])

        parent = [
            dataclasses.replace(reference, NodeId=ua.NodeId())
            for reference in inner(rig)[place.parent].references
            if str(reference.NodeId.Identifier)[:2] in {"t.", "o."}
        ]
        assert parent[0::2] == parent[1::2]


async def test_mistakes_are_refused_as_the_library_refuses_them(rig) -> None:
    builder = rig.server._running.space._nodes
    name, kind = ua.QualifiedName("X"), standard(IDS.FolderType)
    here, nowhere = NodePlace(site(rig, "hp1")), NodePlace(site(rig, "nowhere"))
    with pytest.raises(ua.uaerrors.BadNodeIdExists):
        builder.object("hp1.ParameterSet", name, kind, here)
    with pytest.raises(ua.uaerrors.BadParentNodeIdInvalid):
        builder.object("x", name, kind, nowhere)
    with pytest.raises(ua.uaerrors.BadTypeDefinitionInvalid):
        builder.object("x", name, ua.NodeId(999_999), here)
    property_of = NodePlace(site(rig, "hp1.cop"), IDS.HasProperty)
    with pytest.raises(ua.uaerrors.BadBrowseNameDuplicated):
        builder.object("x", ua.QualifiedName("EURange"), kind, property_of)
    with pytest.raises(ua.uaerrors.BadTargetNodeIdInvalid):
        builder.reference(here.parent, IDS.Organizes, nowhere.parent)
    with pytest.raises(ua.uaerrors.BadReferenceNotAllowed):
        builder.reference(site(rig, "hp1.cop"), IDS.HasComponent, site(rig, "hp1.ParameterSet"))
    before = list(inner(rig)[here.parent].references)
    builder.reference(here.parent, IDS.HasComponent, site(rig, "hp1.ParameterSet"))
    assert inner(rig)[here.parent].references == before
    assert site(rig, "x") not in inner(rig)
