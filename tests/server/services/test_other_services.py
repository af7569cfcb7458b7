"""Cancel, discovery, queries, methods of types, and what is said of the server itself."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary
from patient_client import patient_client

from heatpump_twin.server.nodeset.type_ids import load_type_ids

pytestmark = pytest.mark.asyncio(loop_scope="module")

IDS = ua.ObjectIds


async def audited(rig, status: int) -> list[tuple[str, str]]:
    """Return keys and users of what is on record with a status."""
    records = await rig.audit.records(0, 2**62)
    return [(e.key, e.user) for _, _, e in records if e.status == status]


# ── Cancel ────────────────────────────────────────────────────────────────────────────────────────
async def test_a_publish_request_that_waits_is_cancelled(rig, connect, eventually) -> None:
    async with connect(rig, "victor") as client:
        send = client.uaclient.protocol.send_request
        subscribe = ua.CreateSubscriptionRequest()
        subscribe.Parameters.RequestedPublishingInterval = 3_600_000.0
        await send(subscribe)
        publish, cancel = ua.PublishRequest(), ua.CancelRequest()
        waiting = asyncio.create_task(send(publish))
        await eventually(lambda: publish.RequestHeader.RequestHandle > 0)
        cancel.Parameters.RequestHandle = publish.RequestHeader.RequestHandle
        for count in (1, 0):
            answer = struct_from_binary(ua.CancelResponse, await send(cancel))
            assert answer.Parameters.CancelCount == count
        with pytest.raises(ua.uaerrors.BadRequestCancelledByClient):
            await waiting


async def test_one_session_cancels_nothing_of_another(rig, connect, eventually) -> None:
    async with connect(rig, "victor") as one, connect(rig, "victor") as other:
        send = one.uaclient.protocol.send_request
        subscribe = ua.CreateSubscriptionRequest()
        subscribe.Parameters.RequestedPublishingInterval = 3_600_000.0
        await send(subscribe)
        publish, cancel = ua.PublishRequest(), ua.CancelRequest()
        waiting = asyncio.create_task(send(publish))
        await eventually(lambda: publish.RequestHeader.RequestHandle > 0)
        cancel.Parameters.RequestHandle = publish.RequestHeader.RequestHandle
        answer = await other.uaclient.protocol.send_request(cancel)
        assert struct_from_binary(ua.CancelResponse, answer).Parameters.CancelCount == 0
        assert not waiting.done()
        waiting.cancel()


# ── discovery, queries ────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("logged_in", [True, False])
@pytest.mark.parametrize(
    "message",
    [ua.FindServersOnNetworkRequest, ua.QueryFirstRequest, ua.QueryNextRequest],
)
async def test_what_no_discovery_server_has_is_not_supported(
    rig, connect, message, logged_in: bool
) -> None:
    if logged_in:
        async with connect(rig) as client:
            with pytest.raises(ua.uaerrors.BadServiceUnsupported):
                await client.uaclient.protocol.send_request(message())
        return
    client = patient_client(rig.url)
    await client.connect_socket()
    try:
        await client.send_hello()
        await client.open_secure_channel()
        with pytest.raises(ua.uaerrors.BadServiceUnsupported):
            await client.uaclient.protocol.send_request(message())
    finally:
        client.disconnect_socket()


async def test_find_servers_returns_the_server_that_is_asked_for(rig, connect) -> None:
    async with connect(rig) as client:
        (endpoint, *_) = await client.get_endpoints()
        own = endpoint.Server.ApplicationUri
        for uris, count in (
            (None, 1), ([], 1), ([own], 1), (["urn:other", own], 1),
            (["urn:other"], 0), (["urn"], 0), ([own[:-1]], 0), ([None], 0),
        ):  # fmt: skip
            params = ua.FindServersParameters(rig.url, [], uris)
            found = await client.uaclient.find_servers(params)
            assert [server.ApplicationUri for server in found] == [own] * count
        assert found == [] or found[0].DiscoveryUrls


async def test_the_profiles_are_those_that_are_met(rig, connect) -> None:
    async with connect(rig) as client:
        node = client.get_node(IDS.Server_ServerCapabilities_ServerProfileArray)
        profiles = await node.read_value()
        assert {
            f"http://opcfoundation.org/UA-Profile/{name}"
            for name in (
                "Server/Core2017Facet",
                "Server/EnhancedDataChangeSubscription2017",
                "Server/StandardEventSubscription",
                "Server/AggregateSubscription",
                "Transport/uatcp-uasc-uabinary",
            )
        } <= set(profiles)
        assert len(set(profiles)) == len(profiles)
        assert all(uri.startswith("http://opcfoundation.org/UA-Profile/") for uri in profiles)


# ── methods of types ──────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("on", ["hp1", "hp1.MethodSet"])
async def test_a_method_is_called_by_the_node_id_of_its_type(rig, connect, on: str) -> None:
    async with connect(rig, "olga") as client:
        types = (await rig.namespaces(client))["types"]
        number = load_type_ids()["HeatPumpType_MethodSet_SetSupplySetpoint"]
        request = ua.CallMethodRequest()
        request.ObjectId = (await rig.node(client, on)).nodeid
        request.MethodId = ua.NodeId(number, types)
        request.InputArguments = [ua.Variant(44.5, ua.VariantType.Double)]
        (answer,) = await client.uaclient.call([request])
        assert answer.StatusCode.is_good()
        assert rig.device.held == {"hp1.supply_setpoint": 44.5}


@pytest.mark.parametrize(
    ("on", "method", "status"),
    [
        # not on this heat pump; on an object of another type; what no type declares as a method
        ("hp1", "HeatPumpType_MethodSet_ResetFault", "BadNotExecutable"),
        ("site", "HeatPumpType_MethodSet_SetSupplySetpoint", "BadNotExecutable"),
        ("hp1.Compressor", "HeatPumpType_MethodSet_Start", "BadNotExecutable"),
        ("hp1", "HeatPumpType", "BadMethodInvalid"),
    ],
)
async def test_a_types_method_is_no_ones_else(rig, connect, on, method, status) -> None:
    async with connect(rig, "olga") as client:
        types = (await rig.namespaces(client))["types"]
        request = ua.CallMethodRequest()
        request.ObjectId = (await rig.node(client, on)).nodeid
        request.MethodId = ua.NodeId(load_type_ids()[method], types)
        (answer,) = await client.uaclient.call([request])
        assert answer.StatusCode.name == status
        assert rig.device.audit == []


async def test_a_viewer_is_refused_by_the_types_method_too(rig, connect) -> None:
    async with connect(rig, "victor") as client:
        types = (await rig.namespaces(client))["types"]
        request = ua.CallMethodRequest()
        request.ObjectId = (await rig.node(client, "hp1")).nodeid
        request.MethodId = ua.NodeId(load_type_ids()["HeatPumpType_MethodSet_Start"], types)
        (answer,) = await client.uaclient.call([request])
        assert answer.StatusCode.name == "BadUserAccessDenied"
        ((kind, key, _, _, who),) = rig.device.audit
        assert (kind, key) == ("refuse", "hp1.unit_enabled")
        assert who.startswith("victor")


@pytest.mark.parametrize("cut", [5, 30, 60])
async def test_a_call_that_cannot_be_read_is_on_record(
    start_rig, connect, eventually, cut: int
) -> None:
    async with start_rig() as rig, connect(rig, "olga") as client:
        request = ua.CallRequest()
        method = ua.CallMethodRequest()
        method.ObjectId = (await rig.node(client, "hp1")).nodeid
        method.MethodId = (await rig.node(client, "hp1.Start")).nodeid
        method.InputArguments = [ua.Variant([1.0] * 4, ua.VariantType.Double)]
        request.Parameters.MethodsToCall = [method]
        protocol = client.uaclient.protocol
        request.RequestHeader.AuthenticationToken = protocol.authentication_token
        message = struct_to_binary(request)[:-cut]
        with pytest.raises(ua.UaStatusCodeError, match="BadDecodingError"):
            await raw(protocol, message)
        empty = ua.CallRequest()
        with pytest.raises(ua.UaStatusCodeError, match="BadNothingToDo"):
            await protocol.send_request(empty)
        for code in (ua.StatusCodes.BadDecodingError, ua.StatusCodes.BadNothingToDo):

            async def is_there(status: int = int(code)) -> bool:
                return await audited(rig, status) == [("unreadable call", "olga")]

            await eventually(is_there)
        assert rig.device.audit == []


async def test_an_array_of_nothing_has_no_elements(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        protocol = client.uaclient.protocol
        request = ua.CallRequest()
        request.RequestHeader.AuthenticationToken = protocol.authentication_token
        method = ua.CallMethodRequest(InputArguments=[ua.Variant(0, ua.VariantType.Byte)])
        request.Parameters.MethodsToCall = [method]
        # In place of the byte: an array of two thousand million elements that take no bytes.
        nothing = b"\x80" + (2**31 - 1).to_bytes(4, "little")
        with pytest.raises(ua.UaStatusCodeError, match="BadDecodingError"):
            await raw(protocol, struct_to_binary(request)[:-2] + nothing)
        assert await client.nodes.server_state.read_value() == ua.ServerState.Running


async def raw(protocol, message: bytes) -> bytes:
    """Send the bytes of a message in place of those that a request has."""
    protocol._request_id += 1
    future = asyncio.get_running_loop().create_future()
    protocol._callbackmap[protocol._request_id] = future
    protocol.transport.write(
        protocol._connection.message_to_binary(message, request_id=protocol._request_id)
    )
    data = await future
    protocol.check_answer(data, "a message cut short")
    return bytes(data)


# ── server timestamps ─────────────────────────────────────────────────────────────────────────────
async def test_whatever_is_read_has_the_time_of_the_server(rig, connect) -> None:
    async with connect(rig) as client:
        node = await rig.node(client, "hp1.supply_temperature")
        unit = await rig.node(client, "hp1.supply_temperature.EngineeringUnits")
        items = [
            ua.ReadValueId(node.nodeid, attribute)
            for attribute in (ua.AttributeIds.Value, ua.AttributeIds.DisplayName)
        ]
        items += [
            ua.ReadValueId(unit.nodeid, ua.AttributeIds.Value),
            ua.ReadValueId(ua.NodeId("nowhere", 1), ua.AttributeIds.Value),
            ua.ReadValueId(ua.NodeId(IDS.BaseObjectType), ua.AttributeIds.BrowseName),
        ]
        for wanted, stamped in (
            (ua.TimestampsToReturn.Both, True),
            (ua.TimestampsToReturn.Server, True),
            (ua.TimestampsToReturn.Source, False),
            (ua.TimestampsToReturn.Neither, False),
        ):
            before = dt.datetime.now(dt.UTC)
            params = ua.ReadParameters(0.0, wanted, items)
            values = await client.uaclient.read(params)
            after = dt.datetime.now(dt.UTC)
            for value in values:
                assert (value.ServerTimestamp is not None) is stamped
                if stamped:
                    assert before <= value.ServerTimestamp <= after
            # Only a Value has a source (OPC 10000-4, 7.11.3).
            assert values[1].SourceTimestamp is None


async def test_data_types_have_their_definition_or_none(rig, connect) -> None:
    async with connect(rig) as client:
        found: dict[str, ua.DataValue] = {}
        waiting = [ua.NodeId(IDS.BaseDataType)]
        while waiting:
            node = client.get_node(waiting.pop())
            children = await node.get_children(ua.ObjectIds.HasSubtype)
            waiting += [child.nodeid for child in children]
            params = ua.ReadParameters(0.0, ua.TimestampsToReturn.Neither, [])
            params.NodesToRead = [
                ua.ReadValueId(node.nodeid, ua.AttributeIds.DataTypeDefinition),
                ua.ReadValueId(node.nodeid, ua.AttributeIds.BrowseName),
            ]
            definition, name = await client.uaclient.read(params)
            found[name.Value.Value.Name] = definition
        assert len(found) > 400
        for name, value in found.items():
            if value.StatusCode.is_good():
                assert value.Value.Value is not None, name
            else:
                assert value.StatusCode.name == "BadAttributeIdInvalid", name
        for name in ("Argument", "EUInformation", "ServerStatusDataType", "ReadValueId"):
            assert isinstance(found[name].Value.Value, ua.StructureDefinition), name
        for name in ("ServerState", "NodeClass", "LocationIndicationType"):
            assert isinstance(found[name].Value.Value, ua.EnumDefinition), name
        for name in ("Double", "BaseDataType", "Structure", "Duration"):
            assert found[name].StatusCode.name == "BadAttributeIdInvalid", name
