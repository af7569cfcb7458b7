"""What a few bytes can ask the decoder for: no more than they are."""

from __future__ import annotations

import asyncio
import struct

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOOLEANS, BYTES, VARIANTS = 0x81, 0x83, 0x98
SHAPED = 0x40


def number(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


def array(
    kind: int, count: int, content: bytes, dimensions: tuple[int, ...] | None = None
) -> bytes:
    """Return a Variant with an array."""
    shape = b"" if dimensions is None else number(len(dimensions), *dimensions)
    return (
        bytes([kind | (SHAPED if dimensions is not None else 0)]) + number(count) + content + shape
    )


BODIES: dict[str, tuple[list[bytes], str]] = {
    "dimensions of a million elements": (
        [array(BOOLEANS, 0, b"", (1, 1_000_000))], "BadDecodingError",
    ),
    "dimensions of none": ([array(BOOLEANS, 2, b"\1\1", (0, 2))], "BadDecodingError"),
    "dimensions below zero": ([array(BOOLEANS, 2, b"\1\1", (-1, -2))], "BadDecodingError"),
    "hundreds of dimensions": ([array(BOOLEANS, 1, b"\1", (1,) * 500)], "BadDecodingError"),
    "elements of no type": ([array(0x80, 2**31 - 1, b"")], "BadDecodingError"),
    "arguments of one byte each": ([b"\0"] * 300_000, "BadEncodingLimitsExceeded"),
    "elements of one byte each": ([array(VARIANTS, 300_000, bytes(300_000))],
        "BadEncodingLimitsExceeded"),
    "an array of four million": ([array(BYTES, 3_900_000, bytes(3_900_000))],
        "BadEncodingLimitsExceeded"),
    "two rows of two": ([array(BOOLEANS, 4, b"\1\0\1\0", (2, 2))], "Good"),
    "many arguments": ([b"\0"] * 1_000, "Good"),
}  # fmt: skip


@pytest.mark.parametrize("case", BODIES)
async def test_the_decoder_does_no_more_than_the_message_is_worth(rig, connect, case: str) -> None:
    arguments, code = BODIES[case]
    async with connect(rig) as client:
        protocol = client.uaclient.protocol
        request = ua.CallRequest()
        request.RequestHeader.AuthenticationToken = protocol.authentication_token
        server = ua.NodeId(ua.ObjectIds.Server)
        request.Parameters.MethodsToCall = [ua.CallMethodRequest(server, server, [])]
        head = struct_to_binary(request)[:-4]
        protocol._request_id += 1
        answer = asyncio.get_running_loop().create_future()
        protocol._callbackmap[protocol._request_id] = answer
        body = head + number(len(arguments)) + b"".join(arguments)
        protocol.transport.write(
            protocol._connection.message_to_binary(body, request_id=protocol._request_id)
        )
        data = await answer
        try:
            protocol.check_answer(data, "")
            said = "Good"
        except ua.UaStatusCodeError as error:
            said = ua.StatusCode(error.code).name
        assert said == code
        assert await client.nodes.server_state.read_value() == ua.ServerState.Running


async def test_many_long_elements_are_served(rig, connect) -> None:
    """What one element may ask for is bounded, and not that of all of them."""
    async with connect(rig) as client:
        path = ua.BrowsePath()
        path.StartingNode = ua.NodeId(ua.ObjectIds.Server)
        element = ua.RelativePathElement(ua.NodeId(33), False, True, ua.QualifiedName("nothing"))
        path.RelativePath.Elements = [element] * 2_000
        results = await client.uaclient.translate_browsepaths_to_nodeids([path] * 30)
        assert {result.StatusCode.name for result in results} == {"BadNoMatch"}
