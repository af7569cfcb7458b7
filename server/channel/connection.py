"""TCP connections of clients: check each message chunk by its header before storing it."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from asyncua import ua
from asyncua.common.connection import TransportLimits
from asyncua.common.utils import Buffer, NotEnoughData, ServiceError
from asyncua.server.binary_server_asyncio import BinaryServer, OPCUAProtocol
from asyncua.ua.ua_binary import header_from_binary

from heatpump_twin.server.channel.internal_server import TwinInternalServer
from heatpump_twin.server.channel.places import greediest_host
from heatpump_twin.server.channel.processor import TwinProcessor
from heatpump_twin.server.channel.secure_connection import WholeMessage
from heatpump_twin.server.limits import RESPONSES_WAITING, SLOW_READER_TIME

log = structlog.stdlib.get_logger(__name__)

HEADER = 8
PARTING = 1.0
"""How long a client may take for what it was sent when the server stops. [s]"""
_ACCEPTING = 3
"""Turns of the event loop from the acceptance of a connection until it is one of the clients."""
KINDS = frozenset((b"HEL", b"OPN", b"MSG", b"CLO", b"ERR"))


class ClientConnection(OPCUAProtocol):
    """One TCP connection of a client, with the processor that serves it."""

    iserver: TwinInternalServer
    processor: TwinProcessor | None

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the connection is over."""
        self._taken = asyncio.Event()
        self._taken.set()
        self._busy = False
        """Whether the task of this connection is in the middle of a message."""

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
            self._read_on(not self.messages.full())

    def _take_chunks(self) -> None:
        begin = 0
        # asyncua stores bytes until a chunk is whole, whatever size its header claims.
        while not self.messages.full() and len(self._buffer) - begin >= HEADER:
            end = begin + self._size(self._buffer[begin : begin + HEADER])
            if len(self._buffer) < end:
                break
            self._take_chunk(Buffer(self._buffer[begin:end]), first=begin == 0)
            begin = end
        self._buffer = self._buffer[begin:]

    def _take_chunk(self, chunk: Buffer, *, first: bool) -> None:
        header = header_from_binary(chunk)
        waiting: Buffer | WholeMessage | None = chunk
        alone = first and self.messages.empty() and not self._busy
        # With nobody before it, a Read that is remembered need not wait for the task of this
        # connection: that would take longer than the answer. All that follow it in what was
        # received at once do wait, so that other connections get their turn.
        if alone and self._taken.is_set() and self.processor is not None:
            waiting = self.processor.answered_at_once(header, chunk)
        if waiting is not None:
            self.messages.put_nowait((header, waiting))

    def _size(self, header: bytes) -> int:
        if header[:3] not in KINDS:
            raise ServiceError(ua.StatusCodes.BadTcpMessageTypeInvalid)
        size = int.from_bytes(header[4:], "little")
        if not HEADER <= size <= self.limits.max_recv_buffer:
            raise ServiceError(ua.StatusCodes.BadTcpMessageTooLarge)
        return size

    def _read_on(self, wanted: bool) -> None:
        if self.transport is not None and self.transport.is_reading() != wanted:
            (self.transport.resume_reading if wanted else self.transport.pause_reading)()

    # ── fairness ──────────────────────────────────────────────────────────────────────────────────
    def pause_writing(self) -> None:
        """Note that the client does not take its responses as fast as it asks."""
        self._taken.clear()

    def resume_writing(self) -> None:
        """Note that the client has taken its responses."""
        self._taken.set()

    async def _process_one_msg(self, header: ua.Header, buf: Buffer) -> bool:
        self._busy = True
        try:
            return await self._process_next(header, buf)
        finally:
            self._busy = False

    async def _process_next(self, header: ua.Header, buf: Buffer) -> bool:
        # What was answered and not yet taken is memory of ours: no more is answered until it is.
        if not self._taken.is_set() and not await self._is_taken():
            return False
        goes_on = bool(await super()._process_one_msg(header, buf))
        if self.messages.empty():
            self._take()
        else:
            # asyncua takes the next one at once: a hundred in one go would be served in one go.
            await asyncio.sleep(0)
        return goes_on

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
        super().__init__(internal_server, hostname, port, limits)

    def _make_protocol(self) -> ClientConnection:
        return ClientConnection(
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
