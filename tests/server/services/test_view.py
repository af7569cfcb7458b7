"""Browse, BrowseNext, TranslateBrowsePathsToNodeIds and RegisterNodes, as the standard has them."""

from __future__ import annotations

import pytest
from asyncua import Client, ua

from heatpump_twin.server import limits

pytestmark = pytest.mark.asyncio(loop_scope="module")

TYPES = ua.NodeId(ua.ObjectIds.BaseEventType)
SERVER = ua.NodeId(ua.ObjectIds.Server)
OBJECTS = ua.NodeId(ua.ObjectIds.ObjectsFolder)
HIERARCHICAL = ua.NodeId(ua.ObjectIds.HierarchicalReferences)
NOWHERE = ua.NodeId("nowhere", 1)


def description(node: ua.NodeId = SERVER, **wanted: object) -> ua.BrowseDescription:
    asked = {
        "NodeId": node,
        "BrowseDirection": ua.BrowseDirection.Forward,
        "ReferenceTypeId": ua.NodeId(),
        "IncludeSubtypes": True,
        "NodeClassMask": 0,
        "ResultMask": 63,
    }
    return ua.BrowseDescription(**(asked | wanted))


async def browse(
    client: Client, *nodes: ua.BrowseDescription, most: int = 0, view: ua.NodeId | None = None
) -> list[ua.BrowseResult]:
    params = ua.BrowseParameters()
    params.View.ViewId = view or ua.NodeId()
    params.RequestedMaxReferencesPerNode = most
    params.NodesToBrowse = list(nodes)
    return await client.uaclient.browse(params)


async def browse_next(
    client: Client, *points: bytes, release: bool = False
) -> list[ua.BrowseResult]:
    params = ua.BrowseNextParameters(release, list(points))
    return await client.uaclient.browse_next(params)


def names(references: list[ua.ReferenceDescription]) -> list[str]:
    return [r.BrowseName.Name for r in references]


def code(result: ua.BrowseResult | ua.BrowsePathResult) -> str:
    return result.StatusCode.name


# ── Browse ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"node": NOWHERE}, "BadNodeIdUnknown"),
        ({"BrowseDirection": 3}, "BadBrowseDirectionInvalid"),
        ({"BrowseDirection": 7}, "BadBrowseDirectionInvalid"),
        ({"BrowseDirection": -1}, "BadBrowseDirectionInvalid"),
        ({"ReferenceTypeId": NOWHERE}, "BadReferenceTypeIdInvalid"),
        ({"ReferenceTypeId": SERVER}, "BadReferenceTypeIdInvalid"),
        ({"ReferenceTypeId": HIERARCHICAL}, "Good"),
    ],
)
async def test_one_wrong_node_is_refused_by_itself(rig, connect, wanted, status: str) -> None:
    async with connect(rig) as client:
        wrong, right = await browse(client, description(**wanted), description())
        assert code(wrong) == status
        assert "ServerStatus" in names(right.References)


async def test_there_is_no_view(rig, connect) -> None:
    async with connect(rig) as client:
        with pytest.raises(ua.uaerrors.BadViewIdUnknown):
            await browse(client, description(), view=SERVER)


async def test_references_are_of_the_direction_type_and_class_asked_for(rig, connect) -> None:
    async with connect(rig) as client:
        inverse, exact, variables, everything = await browse(
            client,
            description(BrowseDirection=ua.BrowseDirection.Inverse),
            description(ReferenceTypeId=HIERARCHICAL, IncludeSubtypes=False),
            description(NodeClassMask=ua.NodeClass.Variable),
            description(BrowseDirection=ua.BrowseDirection.Both),
        )
        assert [r.NodeId for r in inverse.References if not r.IsForward][:1] == [OBJECTS]
        assert exact.References == []
        classes = {r.NodeClass for r in variables.References}
        assert classes == {ua.NodeClass.Variable}
        directions = {r.IsForward for r in everything.References}
        assert directions == {True, False}


async def test_what_the_result_mask_leaves_out_is_not_told(rig, connect) -> None:
    async with connect(rig) as client:
        named, nothing = await browse(client, description(ResultMask=8), description(ResultMask=0))
        assert "ServerStatus" in names(named.References)
        for reference in nothing.References:
            assert not reference.NodeId.is_null()
            assert reference.ReferenceTypeId.is_null()
            assert not reference.IsForward
            assert reference.NodeClass == 0
            assert not reference.BrowseName.Name
            assert not reference.DisplayName.Text
            assert reference.TypeDefinition.is_null()
        for reference in named.References:
            assert reference.ReferenceTypeId.is_null()


# ── BrowseNext ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("most", [1, 5, 1000])
async def test_pages_have_all_references_once_and_in_order(rig, connect, most: int) -> None:
    async with connect(rig) as client:
        (whole,) = await browse(client, description(TYPES))
        (page,) = await browse(client, description(TYPES), most=most)
        found = list(page.References)
        while page.ContinuationPoint:
            assert len(page.References) == most
            (page,) = await browse_next(client, page.ContinuationPoint)
            found += page.References
        assert names(found) == names(whole.References)


async def test_a_continuation_point_is_good_once(rig, connect) -> None:
    async with connect(rig) as client, connect(rig) as other:
        (page,) = await browse(client, description(), most=1)
        (foreign,) = await browse_next(other, page.ContinuationPoint)
        (second,) = await browse_next(client, page.ContinuationPoint)
        (again,) = await browse_next(client, page.ContinuationPoint)
        (released,) = await browse_next(client, second.ContinuationPoint, release=True)
        (after,) = await browse_next(client, second.ContinuationPoint)
        assert [code(r) for r in (foreign, second, again, released, after)] == [
            "BadContinuationPointInvalid", "Good", "BadContinuationPointInvalid", "Good",
            "BadContinuationPointInvalid",
        ]  # fmt: skip
        assert released.References == []
        with pytest.raises(ua.uaerrors.BadNothingToDo):
            await browse_next(client)


async def test_points_of_earlier_requests_give_way_those_of_the_same_do_not(rig, connect) -> None:
    most = limits.MAX_BROWSE_CONTINUATION_POINTS
    async with connect(rig) as client:
        (earlier,) = await browse(client, description(), most=1)
        results = await browse(client, *[description()] * (most + 2), most=1)
        assert [code(r) for r in results] == ["Good"] * most + ["BadNoContinuationPoints"] * 2
        (gone,) = await browse_next(client, earlier.ContinuationPoint)
        assert code(gone) == "BadContinuationPointInvalid"
        node = client.get_node(ua.ObjectIds.Server_ServerCapabilities_MaxBrowseContinuationPoints)
        assert await node.read_value() == most


async def test_the_pages_are_in_the_language_of_the_session(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        client.set_locale(["de"])
        await client.activate_session("olga", rig.password)
        node = (await rig.node(client, "hp1.supply_temperature")).nodeid
        wanted = description(node, BrowseDirection=ua.BrowseDirection.Inverse, NodeClassMask=1)
        (page,) = await browse(client, wanted, most=1)
        said = list(page.References)
        while page.ContinuationPoint:
            (page,) = await browse_next(client, page.ContinuationPoint)
            said += page.References
        assert "Betrieb" in {r.DisplayName.Text for r in said}


# ── TranslateBrowsePathsToNodeIds ─────────────────────────────────────────────────────────────────
def path(*steps: str, start: ua.NodeId = SERVER, **element: object) -> ua.BrowsePath:
    asked = {"ReferenceTypeId": HIERARCHICAL, "IsInverse": False, "IncludeSubtypes": True}
    found = ua.BrowsePath()
    found.StartingNode = start
    found.RelativePath.Elements = [
        ua.RelativePathElement(**(asked | element), TargetName=ua.QualifiedName(step, 0))
        for step in steps
    ]
    return found


async def test_each_path_has_its_own_result(rig, connect) -> None:
    async with connect(rig) as client:
        results = await client.uaclient.translate_browsepaths_to_nodeids(
            [
                path("ServerStatus", "CurrentTime"),
                path("ServerStatus", "CurrentTime", ReferenceTypeId=ua.NodeId()),
                path("Objects", IsInverse=True),
                path("ServerStatus", IncludeSubtypes=False),
                path("ServerStatus", "Nothing"),
                path("ServerStatus", start=NOWHERE),
                path("ServerStatus", ""),
                path(),
            ]
        )
        assert [code(r) for r in results] == [
            "Good", "Good", "Good", "BadNoMatch", "BadNoMatch", "BadNodeIdUnknown",
            "BadBrowseNameInvalid", "BadNothingToDo",
        ]  # fmt: skip
        (target,) = results[0].Targets
        assert target.TargetId == ua.NodeId(ua.ObjectIds.Server_ServerStatus_CurrentTime)
        assert target.RemainingPathIndex == 0xFFFF_FFFF
        assert [t.TargetId for t in results[2].Targets] == [OBJECTS]


@pytest.mark.parametrize("service", ["translate", "register", "unregister", "delete", "browse"])
async def test_nothing_to_do_is_said(rig, connect, service: str) -> None:
    async with connect(rig) as client:
        ask = {
            "translate": lambda: client.uaclient.translate_browsepaths_to_nodeids([]),
            "register": lambda: client.uaclient.register_nodes([]),
            "unregister": lambda: client.uaclient.unregister_nodes([]),
            "delete": lambda: client.uaclient.delete_subscriptions([]),
            "browse": lambda: browse(client),
        }[service]
        with pytest.raises(ua.uaerrors.BadNothingToDo):
            await ask()


async def test_no_more_nodes_are_registered_than_is_published(rig, connect) -> None:
    async with connect(rig) as client:
        limit = client.get_node(
            ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRegisterNodes
        )
        most = await limit.read_value()
        assert len(await client.uaclient.register_nodes([SERVER] * most)) == most
        for ask in (client.uaclient.register_nodes, client.uaclient.unregister_nodes):
            with pytest.raises(ua.uaerrors.BadTooManyOperations):
                await ask([SERVER] * (most + 1))


# ── others ────────────────────────────────────────────────────────────────────────────────────────
async def test_endpoints_of_another_transport_are_none(rig, connect) -> None:
    async with connect(rig) as client:
        params = ua.GetEndpointsParameters()
        params.EndpointUrl = rig.url
        everything = await client.uaclient.get_endpoints(params)
        params.ProfileUris = ["http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"]
        assert len(await client.uaclient.get_endpoints(params)) == len(everything)
        params.ProfileUris = ["http://opcfoundation.org/UA-Profile/Transport/https-uabinary"]
        assert await client.uaclient.get_endpoints(params) == []


async def test_a_value_that_an_enumeration_does_not_have_is_told(rig, connect) -> None:
    async with connect(rig) as client:
        params = ua.ReadParameters()
        params.NodesToRead = [ua.ReadValueId(SERVER, ua.AttributeIds.BrowseName)]
        params.TimestampsToReturn = 9
        with pytest.raises(ua.uaerrors.BadTimestampsToReturnInvalid):
            await client.uaclient.read(params)
        subscription = await client.create_subscription(500, handler=None)
        mode = ua.SetMonitoringModeParameters()
        mode.SubscriptionId, mode.MonitoringMode = subscription.subscription_id, 9
        with pytest.raises(ua.uaerrors.BadMonitoringModeInvalid):
            await client.uaclient.set_monitoring_mode(mode)
        assert await client.get_namespace_array()


async def test_a_type_without_a_definition_does_not_have_the_attribute(rig, connect) -> None:
    wanted = ua.AttributeIds.DataTypeDefinition
    async with connect(rig) as client:
        di = (await rig.namespaces(client))["di"]
        health, plain = ua.NodeId(6244, di), ua.NodeId(ua.ObjectIds.Double)
        found = await client.uaclient.read_attributes([health, plain], wanted)
        assert isinstance(found[0].Value.Value, ua.EnumDefinition)
        assert found[1].StatusCode.name == "BadAttributeIdInvalid"


async def test_a_variable_is_no_method(rig, connect) -> None:
    async with connect(rig) as client:
        variable = await rig.node(client, "hp1.supply_temperature")
        with pytest.raises(ua.uaerrors.BadMethodInvalid):
            await client.nodes.server.call_method(variable.nodeid)


async def test_a_kind_of_history_that_there_is_not_is_refused_node_by_node(rig, connect) -> None:
    async with connect(rig) as client:
        node = (await rig.node(client, "hp1.supply_temperature")).nodeid
        params = ua.HistoryReadParameters()
        params.HistoryReadDetails = ua.ReadAnnotationDataDetails()
        params.ReleaseContinuationPoints = False
        params.NodesToRead = [ua.HistoryReadValueId(NodeId=node)] * 2
        results = await client.uaclient.history_read(params)
        assert [r.StatusCode.name for r in results] == ["BadHistoryOperationUnsupported"] * 2
