"""Mutated OPC UA messages, inside a session and before one, by a seed."""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
from collections import Counter
from dataclasses import dataclass, field

from asyncua import Client, ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary, uatcp_to_binary
from namespaces import site_index
from opcua_corpus import encoded, requests
from patience import PATIENCE

BATCH = 40
PER_SESSION = 1_000
"""Messages after which a new session is opened: what a session leaves behind ends with it."""
FAULT = ua.NodeId(ua.ObjectIds.ServiceFault_Encoding_DefaultBinary)
WORDS = (0, 1, 2, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0xFFFF_FFFE, 0x0001_0000, 1_000_000)
DOUBLES = tuple(
    struct.pack("<d", v) for v in (float("nan"), float("inf"), -1.0, 0.0, 1e308, 1e-308)
)


@dataclass
class Outcome:
    """What came of the messages: how many there were, and the codes of the faults."""

    sent: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    reconnects: int = 0
    internal: list[str] = field(default_factory=list)
    """Messages that were answered with BadInternalError, in hexadecimal."""


def mutated(message: bytes, begin: int, rng: random.Random, others: list[bytes]) -> bytes:
    """Return a message with a few changes behind ``begin``."""
    data = bytearray(message)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
        if len(data) <= begin:
            break
        at = rng.randrange(begin, len(data))
        match rng.randrange(9):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            case 2 | 3:
                data[at : at + 4] = struct.pack("<I", rng.choice(WORDS))
            case 4:
                data[at : at + 8] = rng.choice(DOUBLES)
            case 5:
                del data[at:]
            case 6:
                del data[at : at + rng.randrange(1, 9)]
            case 7:
                data[at:at] = data[begin : begin + rng.randrange(1, 64)]
            case _:
                other = rng.choice(others)
                start = rng.randrange(len(other))
                data[at:at] = other[start : start + rng.randrange(1, 64)]
    return bytes(data)


class Fuzzer:
    """A client that sends mutated requests through its channel, encrypted or not."""

    def __init__(self, connect, rng: random.Random) -> None:
        self._connect = connect
        self._rng = rng
        self.outcome = Outcome()

    async def run(self, count: int) -> None:
        """Send ``count`` mutated requests, and see that each batch is got through."""
        end = self.outcome.sent + count
        while self.outcome.sent < end:
            async with self._connect() as client:
                with contextlib.suppress(ConnectionError):
                    await self._session(client, min(PER_SESSION, end - self.outcome.sent))
            self.outcome.reconnects += 1

    async def _session(self, client: Client, count: int) -> None:
        site = await site_index(client)
        token = client.uaclient.protocol.authentication_token
        corpus = [encoded(request, token) for request in requests(site)]
        plain = [message for message, _ in corpus]
        for _ in range(0, count, BATCH):
            batch = []
            for _ in range(BATCH):
                message, begin = self._rng.choice(corpus)
                # Most of them get past the header, to where the services are.
                begin = begin if self._rng.random() < 0.9 else 0
                batch.append(mutated(message, begin, self._rng, plain))
            await self._send(client, batch)

    async def _send(self, client: Client, batch: list[bytes]) -> None:
        protocol = client.uaclient.protocol
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Buffer]] = []
        for message in batch:
            if protocol.transport is None or protocol.transport.is_closing():
                raise ConnectionError
            protocol._request_id += 1
            future = protocol._callbackmap[protocol._request_id] = loop.create_future()
            futures.append(future)
            protocol.transport.write(
                protocol._connection.message_to_binary(message, request_id=protocol._request_id)
            )
            self.outcome.sent += 1
        # Served behind all of them: a server that hangs is seen here.
        try:
            params = ua.ReadParameters(0.0, ua.TimestampsToReturn.Neither, [])
            params.NodesToRead = [
                ua.ReadValueId(
                    ua.NodeId(ua.ObjectIds.Server_ServerStatus_State), ua.AttributeIds.Value
                )
            ]
            request = ua.ReadRequest(Parameters=params)
            await asyncio.wait_for(protocol.send_request(request, timeout=PATIENCE), PATIENCE)
        except TimeoutError as error:
            raise AssertionError([message.hex() for message in batch]) from error
        except (ua.UaError, ConnectionError, asyncio.CancelledError) as error:
            raise ConnectionError from error
        finally:
            for message, future in zip(batch, futures, strict=True):
                if future.done() and not future.cancelled() and future.exception() is None:
                    self._judge(message, bytes(future.result()))
                else:
                    future.cancel()

    def _judge(self, message: bytes, answer: bytes) -> None:
        data = Buffer(answer)
        kind = nodeid_from_binary(data)
        result = struct_from_binary(ua.ResponseHeader, data).ServiceResult
        if kind == FAULT:
            self.outcome.faults[result.name] += 1
        if result.value == ua.StatusCodes.BadInternalError:
            self.outcome.internal.append(message.hex())


def opening() -> list[bytes]:
    """Return the frames with which a client opens an unencrypted channel and asks for a session."""
    hello = ua.Hello()
    hello.ReceiveBufferSize = hello.SendBufferSize = 65_535
    hello.EndpointUrl = "opc.tcp://127.0.0.1:4840/heatpump-twin"
    channel = ua.OpenSecureChannelRequest()
    channel.Parameters.RequestType = ua.SecurityTokenRequestType.Issue
    channel.Parameters.SecurityMode = ua.MessageSecurityMode.None_
    channel.Parameters.RequestedLifetime = ua.UInt32(60_000)
    uri = b"http://opcfoundation.org/UA/SecurityPolicy#None"
    security = struct.pack("<Ii", 0, len(uri)) + uri + struct.pack("<ii", -1, -1)
    opened = security + struct.pack("<II", 1, 1) + ua.ua_binary.struct_to_binary(channel)
    return [
        uatcp_to_binary(ua.MessageType.Hello, hello),
        b"OPNF" + struct.pack("<I", 8 + len(opened)) + opened,
        *(
            _message(number, ua.ua_binary.struct_to_binary(request))
            for number, request in enumerate(
                (ua.GetEndpointsRequest(), ua.CreateSessionRequest(), ua.ActivateSessionRequest()),
                2,
            )
        ),
    ]


def _message(number: int, body: bytes) -> bytes:
    content = struct.pack("<IIII", 1, 13, number, number) + body
    return b"MSGF" + struct.pack("<I", 8 + len(content)) + content


async def strangers(port: int, count: int, rng: random.Random) -> Counter[str]:
    """Send mutated frames of a client that opens a connection; return the codes of the errors."""
    codes: Counter[str] = Counter()
    frames, sent = opening(), 0
    while sent < count:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            spoilt = rng.randrange(len(frames))
            # Those before the spoilt one are as they should be, or nothing would get that far.
            writer.write(b"".join(frames[:spoilt]) + mutated(frames[spoilt], 0, rng, frames))
            writer.write_eof()
            sent += 1
            answer = await asyncio.wait_for(reader.read(), PATIENCE)
            at = answer.find(b"ERRF")
            if at >= 0 and len(answer) >= at + 12:
                codes[ua.StatusCode(int.from_bytes(answer[at + 8 : at + 12], "little")).name] += 1
        except ConnectionError:
            sent += 1
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
    return codes
