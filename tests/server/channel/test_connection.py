"""Bytes on the wire: what is not a well-formed frame in its order ends the connection."""

from __future__ import annotations

import asyncio
import struct

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_from_binary, uatcp_to_binary

from heatpump_twin.server.errors import EndpointInUseError
from heatpump_twin.server.limits import CHUNK, MAX_CHUNKS, MAX_MESSAGE

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def talk(rig, *frames: bytes) -> bytes:
    """Send frames and return everything until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.site.opcua.port)
    try:
        for frame in frames:
            writer.write(frame)
        await writer.drain()
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


def error_in(answer: bytes) -> int:
    assert answer[:3] == b"ERR"
    return int.from_bytes(answer[8:12], "little")


def hello() -> bytes:
    message = ua.Hello()
    message.ReceiveBufferSize = message.SendBufferSize = 65_535
    message.EndpointUrl = "opc.tcp://127.0.0.1"
    return uatcp_to_binary(ua.MessageType.Hello, message)


def chunk(kind: bytes, flag: bytes, body: bytes) -> bytes:
    return kind + flag + struct.pack("<I", 8 + len(body)) + body


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "BadTcpMessageTypeInvalid"),
        (b"HELF" + struct.pack("<I", 0x7FFF_FFFF), "BadTcpMessageTooLarge"),
        (b"OPNF" + struct.pack("<I", CHUNK + 1), "BadTcpMessageTooLarge"),
        (b"MSGF" + struct.pack("<I", 4), "BadTcpMessageTooLarge"),
        (chunk(b"MSG", b"F", bytes(16)), "BadTcpSecureChannelUnknown"),
        (chunk(b"OPN", b"F", bytes(64)), "BadTcpMessageTypeInvalid"),
    ],
)
async def test_s7_frames_are_judged_by_their_header(rig, frame: bytes, code: str) -> None:
    assert error_in(await talk(rig, frame)) == getattr(ua.StatusCodes, code)


async def test_s7_hello_is_answered_once(rig) -> None:
    answer = await talk(rig, hello(), hello())
    assert answer[:3] == b"ACK"
    size = int.from_bytes(answer[4:8], "little")
    limits = struct_from_binary(ua.Acknowledge, ua.utils.Buffer(answer[8:size]))
    assert (limits.MaxChunkCount, limits.MaxMessageSize) == (MAX_CHUNKS, MAX_MESSAGE)
    assert error_in(answer[size:]) == ua.StatusCodes.BadTcpMessageTypeInvalid


async def test_s7_before_login_messages_are_small(rig) -> None:
    # An unencrypted channel, then chunks that announce more and more.
    request = ua.OpenSecureChannelRequest()
    request.Parameters.RequestType = ua.SecurityTokenRequestType.Issue
    request.Parameters.SecurityMode = ua.MessageSecurityMode.None_
    request.Parameters.RequestedLifetime = 60_000
    body = ua.ua_binary.struct_to_binary(request)
    uri = b"http://opcfoundation.org/UA/SecurityPolicy#None"
    security = struct.pack("<I", 0) + struct.pack("<i", len(uri)) + uri + struct.pack("<ii", -1, -1)
    opening = chunk(b"OPN", b"F", security + struct.pack("<II", 1, 1) + body)
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.site.opcua.port)
    try:
        writer.write(hello() + opening)
        head = await reader.readexactly(8)
        await reader.readexactly(int.from_bytes(head[4:8], "little") - 8)
        head = await reader.readexactly(8)
        assert head[:3] == b"OPN"
        rest = await reader.readexactly(int.from_bytes(head[4:8], "little") - 8)
        number, token = rest[:4], struct.pack("<I", 13)
        for sequence in (2, 3):
            header = number + token + struct.pack("<II", sequence, 2)
            writer.write(chunk(b"MSG", b"C", header + bytes(50_000)))
        answer = await reader.read()
        assert error_in(answer) == ua.StatusCodes.BadTcpMessageTooLarge
    finally:
        writer.close()
        await writer.wait_closed()


async def test_connections_are_limited_and_idle_ones_give_way(start_rig, connect) -> None:
    async with start_rig("opcua.max_sessions=1") as rig, connect(rig) as working:
        port = rig.site.opcua.port
        open_ones = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
        try:
            for reader, _ in open_ones[:2]:
                open_ones.append(await asyncio.open_connection("127.0.0.1", port))
                assert error_in(await reader.read()) == ua.StatusCodes.BadTcpNotEnoughResources
            assert rig.server.statistics.connections == 21
            assert await working.get_namespace_array()
        finally:
            for _, other in open_ones:
                other.close()
                await other.wait_closed()


async def test_a_port_in_use_is_named(start_rig, rig) -> None:
    port = rig.site.opcua.port
    with pytest.raises(EndpointInUseError, match=rf":{port} \(opcua\.port\)"):
        async with start_rig(f"opcua.port={port}"):
            pass


async def test_a_stop_tells_the_clients(start_rig, connect, eventually) -> None:
    async with start_rig() as rig:
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.site.opcua.port)
        writer.write(hello())
        await reader.readexactly(28)
        await rig.server.stop()
        assert error_in(await reader.read()) == ua.StatusCodes.BadShutdown
        writer.close()
        await writer.wait_closed()
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", rig.site.opcua.port)


async def test_identity_survives_a_restart(start_rig, tmp_path) -> None:
    certificates = []
    for _ in range(2):
        async with start_rig(data_path=tmp_path / "twin") as rig:
            own = rig.data.pki / "own"
            certificates.append((own / "certs" / "heatpump-twin.der").read_bytes())
            key = own / "private" / "heatpump-twin.pem"
            assert key.stat().st_mode & 0o077 == 0
    assert certificates[0] == certificates[1]
