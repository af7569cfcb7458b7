"""TCP connections of clients: check each message chunk by its header before storing it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import structlog
from asyncua import ua
from asyncua.common.connection import TransportLimits
from asyncua.common.utils import NotEnoughData, ServiceError
from asyncua.server.binary_server_asyncio import BinaryServer, OPCUAProtocol

from heatpump_twin.server.channel.internal_server import TwinInternalServer
from heatpump_twin.server.channel.places import greediest_host
from heatpump_twin.server.channel.processor import TwinProcessor
from heatpump_twin.server.channel.secure_connection import Chunk, WholeMessage
from heatpump_twin.server.limits import (
    LOGIN_TIME,
    MAX_PENDING_SIZE,
    RESPONSES_WAITING,
    SLOW_READER_TIME,
)

log = structlog.stdlib.get_logger(__name__)

HEADER = 8
RECEIVED_AT_ONCE = 262_144
"""Most that is received in one go, as asyncio has it. [B]"""
PARTING = 1.0
"""How long a client may take for what it was sent when the server stops. [s]"""
_ACCEPTING = 3
"""Turns of the event loop from the acceptance of a connection until it is one of the clients."""
KINDS = frozenset((b"HEL", b"OPN", b"MSG", b"CLO", b"ERR"))


class ClientConnection(OPCUAProtocol, asyncio.BufferedProtocol):
    """One TCP connection of a client, with the processor that serves it.

    It receives into memory that all connections share: asyncio's own way makes room for a quarter
    of a megabyte each time, which takes longer than a small request takes to be served.
    """

    iserver: TwinInternalServer
    processor: TwinProcessor | None

    def __init__(self, room: memoryview, **parts: Any) -> None:
        super().__init__(**parts)
        self._room = room
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the connection is over."""
        self._taken = asyncio.Event()
        self._taken.set()
        self._busy = False
        """Whether the task of this connection is in the middle of a message."""
        self._pending = 0
        """Size of the messages that wait for it. [B]"""
        self._reading = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept a TCP connection, unless the server has too many that are logged in."""
        if len(self.clients) >= self.iserver.max_connections:
            self._make_room()
        super().connection_made(transport)
        if self.processor is not None and self.transport is not None:
            self.transport.set_write_buffer_limits(high=RESPONSES_WAITING)
            self.processor = TwinProcessor(self.iserver, transport, self.limits)
            # asyncua says no types of its message loop.
            self.processor.set_policies(self.policies)  # type: ignore[no-untyped-call]

    def connection_lost(self, ex: BaseException | None) -> None:
        """Note that the connection is over."""
        super().connection_lost(ex)
        self.ended.set_result(None)

    @property
    def host(self) -> str:
        """Address of the other side."""
        return self.processor.host if self.processor else "unknown"

    @property
    def logged_in(self) -> bool:
        """Whether it carries an activated session."""
        session = self.processor.session if self.processor else None
        return session is not None and session.is_activated()

    # In place of asyncua's own, which looks once, and hangs up on who is between two sessions then.
    async def _activation_watchdog(self) -> None:
        """End the connection when it has carried no activated session for too long."""
        last = time.monotonic()
        while (left := last + LOGIN_TIME - time.monotonic()) > 0.0:
            await asyncio.sleep(left)
            heard = self.processor.session_last_activity if self.processor else None
            last = time.monotonic() if self.logged_in else max(last, heard or last)
        log.warning("connection ended: nobody logs in", peer=self.peer_name)
        self.end(ua.StatusCodes.BadTimeout)

    def _make_room(self) -> None:
        """Have a connection without a session give way: of the host that has the most of them."""
        idle = [c for c in self.clients if isinstance(c, ClientConnection) and not c.logged_in]
        if not idle:
            return
        greediest = greediest_host(c.host for c in idle)
        oldest = next(c for c in idle if c.host == greediest)
        log.warning("a connection without a session gave way", peer=oldest.peer_name)
        # At once, as the newcomer is counted before this one is told that it has ended.
        self.clients.remove(oldest)
        oldest.end(ua.StatusCodes.BadTcpNotEnoughResources)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - as asyncio calls it
        """Return where to put bytes that are received; they are taken before others come."""
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        """Receive bytes."""
        self.data_received(bytes(self._room[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Receive bytes; end the connection at a chunk that is too long or of no known kind."""
        if self.processor is not None:
            self._buffer += data
            self._take()

    def _take(self) -> None:
        """Queue the chunks that were received, as far as there is room; then read on, or pause."""
        try:
            self._take_chunks()
        except ServiceError as error:
            self._refuse(error.code)
        except NotEnoughData:
            self._refuse(ua.StatusCodes.BadDecodingError)
        else:
            # asyncua hangs up on a client that sends faster than it is served.
            self._read_on(not self._full)

    @property
    def _full(self) -> bool:
        """Whether no further chunk may wait: each may be small, and all of them together large."""
        return self._pending > MAX_PENDING_SIZE or self.messages.full()

    def _take_chunks(self) -> None:
        begin, received = 0, self._buffer
        # asyncua stores bytes until a chunk is whole, whatever size its header claims.
        while len(received) - begin >= HEADER and not self._full:
            end = begin + self._size(received, begin)
            if len(received) < end:
                break
            self._take_chunk(received[begin:end], first=begin == 0)
            begin = end
        self._buffer = received[begin:]

    def _take_chunk(self, chunk: bytes, *, first: bool) -> None:
        waiting: Chunk | WholeMessage | None
        alone = first and not self._busy and self.messages.empty()
        # With nobody before it, a Read that is remembered need not wait for the task of this
        # connection: that would take longer than the answer. All that follow it in what was
        # received at once do wait, so that other connections get their turn.
        if alone and self._taken.is_set() and self.processor is not None:
            waiting = self.processor.answered_at_once(chunk)
        else:
            waiting = Chunk(chunk)
        if waiting is not None:
            self._pending += len(waiting)
            self.messages.put_nowait((None, waiting))

    def _size(self, received: bytes, begin: int) -> int:
        """Return how long the chunk is that begins somewhere. [B]"""
        if received[begin : begin + 3] not in KINDS:
            raise ServiceError(ua.StatusCodes.BadTcpMessageTypeInvalid)
        size = int.from_bytes(received[begin + 4 : begin + HEADER], "little")
        if not HEADER <= size <= self.limits.max_recv_buffer:
            raise ServiceError(ua.StatusCodes.BadTcpMessageTooLarge)
        return size

    def _read_on(self, wanted: bool) -> None:
        if self.transport is not None and self._reading != wanted:
            self._reading = wanted
            (self.transport.resume_reading if wanted else self.transport.pause_reading)()

    # ── fairness ──────────────────────────────────────────────────────────────────────────────────
    def pause_writing(self) -> None:
        """Note that the client does not take its responses as fast as it asks."""
        self._taken.clear()

    def resume_writing(self) -> None:
        """Note that the client has taken its responses."""
        self._taken.set()

    async def _process_one_msg(self, header: ua.Header | None, message: Any) -> bool:
        self._busy = True
        self._pending -= len(message)
        try:
            return await self._process_next(header, message)
        finally:
            self._busy = False

    async def _process_next(self, header: ua.Header | None, message: Any) -> bool:
        # What was answered and not yet taken is memory of ours: no more is answered until it is.
        if self.processor is None or (not self._taken.is_set() and not await self._is_taken()):
            return False
        if not await self.processor.process(header, message):
            if self.transport is not None:
                self.transport.close()
            return False
        if self.messages.empty():
            self._take()
        else:
            # asyncua takes the next one at once: a hundred in one go would be served in one go.
            await asyncio.sleep(0)
        return True

    async def _is_taken(self) -> bool:
        """Wait until the client takes its responses; end the connection if it does not."""
        try:
            async with asyncio.timeout(SLOW_READER_TIME):
                await self._taken.wait()
        except TimeoutError:
            log.warning("connection ended: the client takes no responses", peer=self.peer_name)
            if self.transport is not None:
                self.transport.abort()  # a close would wait for what is not taken
            return False
        return True

    def _refuse(self, code: int) -> None:
        log.warning("connection refused", peer=self.peer_name, status=hex(code))
        # More bytes may come before the transport is closed; they must not complete this chunk.
        self._buffer = b""
        self.end(code)

    def end(self, code: int) -> None:
        """Send an Error message with a status code and close the connection."""
        if self.processor is not None and self.transport is not None:
            self.processor.send_error(code, "")
            self.transport.close()


class ConnectionServer(BinaryServer):
    """The TCP listener that accepts connections of clients."""

    iserver: TwinInternalServer
    clients: list[Any]

    def __init__(
        self, internal_server: TwinInternalServer, hostname: str, port: int, limits: TransportLimits
    ) -> None:
        # asyncio takes `::` for IPv6 alone, and nothing for both: all the addresses that the
        # certificate names.
        everywhere = hostname == "::"
        super().__init__(internal_server, "" if everywhere else hostname, port, limits)
        self._room = memoryview(bytearray(RECEIVED_AT_ONCE))

    def _make_protocol(self) -> ClientConnection:
        return ClientConnection(
            self._room,
            iserver=self.iserver,
            policies=self._policies,
            clients=self.clients,
            closing_tasks=self.closing_tasks,
            limits=self.limits,
        )

    # In place of asyncua's own, which waits for whoever does not hang up.
    async def stop(self) -> None:
        """Send BadShutdown to every client, close their sessions, and stop listening."""
        if self._server is not None:
            self._server.close()
        # What was accepted just before becomes a connection in the next turns of the loop.
        for _ in range(_ACCEPTING):
            await asyncio.sleep(0)
        # Without an Error message, clients take the shutdown for a broken network.
        for connection in list(self.clients):
            connection.end(ua.StatusCodes.BadShutdown)
        for session in self.iserver.sessions:
            await session.close_session(True)
        await self._hung_up()
        if self.cleanup_task is not None:
            self.cleanup_task.cancel()
        await asyncio.gather(*self.closing_tasks, return_exceptions=True)

    async def _hung_up(self) -> None:
        """Wait until all clients have taken what they were sent, but not for long."""
        if not self.clients:
            return
        _, late = await asyncio.wait([c.ended for c in self.clients], timeout=PARTING)
        for connection in list(self.clients):
            connection.transport.abort()
        if late:
            await asyncio.wait(late)
