"""What a client says in its Hello that it takes is what it gets (OPC 10000-6, 7.1.2.3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from asyncua import Client, ua
from asyncua.ua.ua_binary import struct_from_binary, uatcp_to_binary
from patient_client import patient_client

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "hp1.supply_temperature"
SMALL = 20_000


@asynccontextmanager
async def limited(rig, *, size: int = 0, chunks: int = 0) -> AsyncIterator[Client]:
    client = patient_client(rig.url)
    client.max_messagesize, client.max_chunkcount = size, chunks
    async with client:
        yield client


async def acknowledged(rig, receive: int, send: int, **more: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.site.opcua.port)
    try:
        hello = ua.Hello(0, receive, send, more.get("size", 0), more.get("chunks", 0), rig.url)
        writer.write(uatcp_to_binary(ua.MessageType.Hello, hello))
        head = await reader.readexactly(8)
        return head + await reader.readexactly(int.from_bytes(head[4:8], "little") - 8)
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(("receive", "send"), [(65_535, 8_192), (8_192, 65_535), (1 << 30, 9_000)])
async def test_each_side_sends_what_the_other_receives(rig, receive: int, send: int) -> None:
    answer = await acknowledged(rig, receive, send, size=10_000, chunks=1)
    limits = struct_from_binary(ua.Acknowledge, ua.utils.Buffer(answer[8:]))
    assert limits.ReceiveBufferSize == min(send, 65_535)
    assert limits.SendBufferSize == min(receive, 65_535)
    # Those of requests: what a client wants of responses is no limit of what it may send.
    assert (limits.MaxMessageSize, limits.MaxChunkCount) == (64 * 65_535, 64)


@pytest.mark.parametrize(("receive", "send"), [(0, 65_535), (8_191, 65_535), (65_535, 100)])
async def test_a_buffer_that_holds_no_message_is_refused(rig, receive: int, send: int) -> None:
    answer = await acknowledged(rig, receive, send)
    assert answer[:3] == b"ERR"
    assert int.from_bytes(answer[8:12], "little") == ua.StatusCodes.BadConnectionRejected


@pytest.mark.parametrize("limits", [{"size": 70_000}, {"chunks": 1}])
async def test_a_response_that_is_too_large_is_a_fault(rig, limits) -> None:
    async with limited(rig, **limits) as client:
        node = await rig.node(client, KEY)
        for name, many in (("Read", 4_000), ("Browse", 1_500)):
            wanted: object
            if name == "Read":
                wanted = ua.ReadParameters(TimestampsToReturn=ua.TimestampsToReturn.Both)
                wanted.NodesToRead = [ua.ReadValueId(node.nodeid, ua.AttributeIds.Value)] * many
            else:
                wanted = ua.BrowseParameters()
                described = ua.BrowseDescription(client.nodes.server.nodeid, ResultMask=63)
                wanted.NodesToBrowse = [described] * many
            request = getattr(ua, f"{name}Request")(Parameters=wanted)
            # Twice: a Read that is remembered is refused in the same way.
            for _ in range(3 if name == "Read" else 1):
                with pytest.raises(ua.uaerrors.BadResponseTooLarge):
                    await client.uaclient.protocol.send_request(request)
        # The session lives on, with requests of several chunks.
        assert await node.read_browse_name()
        few = await client.uaclient.read_attributes([node.nodeid] * 500, ua.AttributeIds.Value)
        assert len(few) == 500


@pytest.mark.parametrize("limits", [{"size": SMALL}, {"chunks": 1}])
async def test_notifications_come_in_messages_that_fit(rig, raw, limits) -> None:
    rig.feed(KEY, 1.0)
    async with limited(rig, **limits) as client:
        session = raw(client)
        subscription = (await session.subscribe()).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        texts = ua.NodeId(ua.ObjectIds.Server_NamespaceArray)
        for _ in range(25):
            await session.monitor(subscription, [node] * 100)
        await session.monitor(subscription, [texts] * 20)
        handles: list[int] = []
        sizes = []
        while len(handles) < 2_520:
            answer = await session.publish()
            (part,) = answer.NotificationMessage.NotificationData
            handles += [item.ClientHandle for item in part.MonitoredItems]
            sizes.append(len(part.MonitoredItems))
            assert answer.MoreNotifications == (len(handles) < 2_520)
        assert len(set(handles)) == 2_520
        assert len(sizes) > 1
