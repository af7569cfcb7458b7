"""Reads that come again are answered from the image's arrays, with the bytes of the general way."""

from __future__ import annotations

import asyncio
import struct

import pytest
from asyncua import Client, ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary

from heatpump_twin.server import limits
from heatpump_twin.server.security.users import UserRole

pytestmark = pytest.mark.asyncio(loop_scope="module")

VALUE = ua.AttributeIds.Value
EVERY = list(ua.TimestampsToReturn)[:4]
KEYS = ("hp1.supply_temperature", "hp1.compressor_on", "hp1.operating_state", "hp1.water_flow")
HEADER = 4 + 24
"""Bytes of a response before its results: the message's NodeId and the header. [B]"""


def request(items, wanted=ua.TimestampsToReturn.Both, max_age: float = 0.0) -> ua.ReadRequest:
    return ua.ReadRequest(Parameters=ua.ReadParameters(max_age, wanted, items))


async def send(client: Client, message: ua.ReadRequest) -> bytes:
    return bytes(await client.uaclient.protocol.send_request(message))


def results(answer: bytes) -> list[ua.DataValue]:
    return struct_from_binary(ua.ReadResponse, Buffer(answer)).Results


async def items(rig, client: Client, *keys: str) -> list[ua.ReadValueId]:
    site = (await rig.namespaces(client))["site"]
    return [ua.ReadValueId(ua.NodeId(key, site), VALUE) for key in keys or KEYS]


def remembered(rig, user: str = "anonymous") -> int:
    """Bytes of the requests that the session of a user has in its memory."""
    sessions = rig.server._running.iserver.sessions
    return sum(s.reads.size for s in sessions if s.user_name == user)


@pytest.mark.parametrize("wanted", EVERY)
@pytest.mark.parametrize("encrypted", [False, True])
async def test_the_third_answer_is_that_of_the_first(rig, connect, wanted, encrypted) -> None:
    for key, value in zip(KEYS, (41.5, 1.0, 2.0, 3.25), strict=True):
        rig.feed(key, value)
    async with connect(rig, encrypted=encrypted) as client:
        message = request(await items(rig, client), wanted)
        first = results(await send(client, message))
        assert remembered(rig) == 0
        await send(client, message)
        assert remembered(rig) > 0
        rig.feed(KEYS[0], 42.5)
        rig.feed(KEYS[3], 0.0, ua.StatusCodes.BadNoCommunication)
        third = results(await send(client, message))
        general = results(await send(client, request(message.Parameters.NodesToRead, wanted, 1.0)))
        assert [v.Value.Value for v in third] == [42.5, True, 2, None]
        for value, before, other in zip(third, first, general, strict=True):
            assert (value.SourceTimestamp is None) == (before.SourceTimestamp is None)
            assert (value.ServerTimestamp is None) == (before.ServerTimestamp is None)
            assert value.Value == other.Value
            assert value.StatusCode == other.StatusCode
            assert value.SourceTimestamp == other.SourceTimestamp


async def test_what_is_no_whole_value_of_a_point_is_not_remembered(rig, connect) -> None:
    rig.feed(KEYS[0], 41.5)
    async with connect(rig) as client:
        (point,) = await items(rig, client, KEYS[0])
        others = [
            ua.ReadValueId(point.NodeId, ua.AttributeIds.DisplayName),
            ua.ReadValueId(point.NodeId, VALUE, "0"),
            ua.ReadValueId(point.NodeId, VALUE, None, ua.QualifiedName("Bogus")),
            ua.ReadValueId(ua.NodeId("nowhere", 1), VALUE),
            ua.ReadValueId(ua.NodeId(ua.ObjectIds.Server_ServerStatus_CurrentTime), VALUE),
            ua.ReadValueId(ua.NodeId(f"{KEYS[0]}.EURange", point.NodeId.NamespaceIndex), VALUE),
        ]
        for other in others:
            expected = results(await send(client, request([point, other])))
            for _ in range(3):
                found = results(await send(client, request([point, other])))
                assert found[1].StatusCode == expected[1].StatusCode
                assert found[0].Value == expected[0].Value
        assert remembered(rig) == 0


@pytest.mark.parametrize("max_age", [-1.0, float("nan"), float("inf")])
async def test_a_wrong_maximum_age_is_refused_each_time(rig, connect, max_age) -> None:
    async with connect(rig) as client:
        message = request(await items(rig, client), max_age=max_age)
        for _ in range(4):
            with pytest.raises(ua.UaStatusCodeError, match="BadMaxAgeInvalid"):
                await send(client, message)


async def test_a_heat_pump_that_goes_and_comes_back_is_not_remembered_as_it_was(
    start_rig, connect
) -> None:
    async with start_rig() as rig, connect(rig) as client:
        rig.feed(KEYS[0], 41.5)
        message = request(await items(rig, client, KEYS[0]))
        for _ in range(3):
            (value,) = results(await send(client, message))
            assert value.Value.Value == 41.5
        await rig.server.remove("hp1")
        for _ in range(3):
            (value,) = results(await send(client, message))
            assert value.StatusCode.name == "BadNodeIdUnknown"
        await rig.add_hp1()
        rig.feed(KEYS[0], 43.5)
        for _ in range(3):
            (value,) = results(await send(client, message))
            assert value.Value.Value == 43.5


async def test_what_may_not_be_read_any_more_is_not_served(rig, connect) -> None:
    rig.feed(KEYS[0], 41.5)
    async with connect(rig) as client:
        message = request(await items(rig, client, KEYS[0]))
        for _ in range(3):
            await send(client, message)
        assert remembered(rig) > 0
        aspace = rig.server._running.iserver.aspace
        node = message.Parameters.NodesToRead[0].NodeId
        before = aspace.read_attribute_value(node, ua.AttributeIds.AccessLevel)
        nobody = ua.DataValue(ua.Variant(0, ua.VariantType.Byte))
        await aspace.write_attribute_value(node, ua.AttributeIds.AccessLevel, nobody)
        try:
            for _ in range(3):
                (value,) = results(await send(client, message))
                assert value.StatusCode.name == "BadNotReadable"
        finally:
            await aspace.write_attribute_value(node, ua.AttributeIds.AccessLevel, before)
        (value,) = results(await send(client, message))
        assert value.Value.Value == 41.5


async def test_another_role_has_nothing_of_the_one_before(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        message = request(await items(rig, client))
        for _ in range(3):
            await send(client, message)
        assert remembered(rig, "olga") > 0
        rig.users.remove("olga")
        rig.users.add("olga", UserRole.VIEWER, rig.password)
        await send(client, message)
        assert remembered(rig, "olga") == 0


async def test_memory_is_bounded_whatever_a_client_asks(rig, connect) -> None:
    async with connect(rig) as client:
        whole = await items(rig, client)
        for number in range(300):
            message = request(whole * 16, max_age=float(number))
            for _ in range(2):
                await send(client, message)
            assert remembered(rig) <= limits.MAX_REMEMBERED_READS
        (session,) = (s for s in rig.server._running.iserver.sessions if s.reads.size)
        assert remembered(rig) > limits.MAX_REMEMBERED_READS / 2
        for number in range(2 * limits.MAX_HEARD_READS):
            await send(client, request(whole[:1], max_age=1000.0 + number))
        assert len(session.reads._heard) <= limits.MAX_HEARD_READS


async def test_many_nodes_of_several_chunks_are_remembered_too(rig, connect) -> None:
    rig.feed(KEYS[0], 41.5)
    async with connect(rig) as client:
        message = request((await items(rig, client)) * 1_000)
        expected = [v.Value for v in results(await send(client, message))]
        await send(client, message)
        assert remembered(rig) > 65_535
        assert [v.Value for v in results(await send(client, message))] == expected


async def test_answers_come_in_the_order_of_the_requests(rig, connect) -> None:
    rig.feed(KEYS[0], 41.5)
    async with connect(rig) as client:
        known = request(await items(rig, client))
        for _ in range(3):
            await send(client, known)
        point = known.Parameters.NodesToRead[0].NodeId
        messages = []
        for number in range(40):
            other = ua.ReadValueId(point, ua.AttributeIds.BrowseName)
            messages.append(known if number % 3 else request([other]))
        # All at once: the client sends each without waiting for the answer to the one before.
        arrived: list[int] = []
        waiting = [asyncio.ensure_future(send(client, message)) for message in messages]
        for number, task in enumerate(waiting):
            task.add_done_callback(lambda _task, number=number: arrived.append(number))
        answers = await asyncio.gather(*waiting)
        assert arrived == list(range(40))
        for number, answer in enumerate(answers):
            assert len(results(answer)) == (4 if number % 3 else 1)


async def test_a_remembered_read_is_the_sessions_own(rig, connect) -> None:
    async with connect(rig) as client:
        message = request(await items(rig, client))
        for _ in range(3):
            await send(client, message)
        own = client.uaclient.protocol.authentication_token
        client.uaclient.protocol.authentication_token = ua.NodeId(b"\0" * 32, 0)
        try:
            with pytest.raises(ua.UaStatusCodeError, match="BadSessionIdInvalid"):
                await send(client, message)
        finally:
            client.uaclient.protocol.authentication_token = own
        assert len(results(await send(client, message))) == len(KEYS)


async def test_the_header_of_an_answer_is_that_of_any(rig, connect) -> None:
    async with connect(rig) as client:
        message = request(await items(rig, client), ua.TimestampsToReturn.Neither)
        first, _, third = [await send(client, message) for _ in range(3)]
        handle = struct.unpack_from("<I", third, 12)[0]
        assert handle == struct.unpack_from("<I", first, 12)[0] + 2
        assert first[:4] + first[16:HEADER] == third[:4] + third[16:HEADER]
        assert first[HEADER:] == third[HEADER:]
