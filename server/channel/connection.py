"""TCP connections of clients: check each message chunk by its header before storing it."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from asyncua import ua
from asyncua.common.connection import TransportLimits
from asyncua.server.binary_server_asyncio import BinaryServer, OPCUAProtocol

from heatpump_twin.server.channel.internal_server import TwinInternalServer
from heatpump_twin.server.channel.processor import TwinProcessor

log = structlog.stdlib.get_logger(__name__)

HEADER = 8
KINDS = frozenset((b"HEL", b"OPN", b"MSG", b"CLO", b"ERR"))


class ClientConnection(OPCUAProtocol):
    """One TCP connection of a client, with the processor that serves it."""

    iserver: TwinInternalServer
    processor: TwinProcessor | None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept a TCP connection, unless the server has too many."""
        super().connection_made(transport)
        if self.processor is not None:
            self.processor = TwinProcessor(self.iserver, transport, self.limits)
            # asyncua says no types of its message loop.
            self.processor.set_policies(self.policies)  # type: ignore[no-untyped-call]

    def data_received(self, data: bytes) -> None:
        """Receive bytes; end the connection at a chunk that is too long or of no known kind."""
        if self.processor is None:
            return
        # asyncua stores bytes until a chunk is whole, whatever size its header claims.
        pending = self._buffer + data
        position = 0
        while len(pending) - position >= HEADER:
            size = int.from_bytes(pending[position + 4 : position + 8], "little")
            if pending[position : position + 3] not in KINDS:
                self._refuse(ua.StatusCodes.BadTcpMessageTypeInvalid)
                return
            if not HEADER <= size <= self.limits.max_recv_buffer:
                self._refuse(ua.StatusCodes.BadTcpMessageTooLarge)
                return
            position += size
        super().data_received(data)

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

    async def stop(self) -> None:
        """Send BadShutdown to every client, close their sessions, and stop listening."""
        # Without an Error message, clients take the shutdown for a broken network.
        for connection in list(self.clients):
            connection.end(ua.StatusCodes.BadShutdown)
        for session in self.iserver.sessions:
            await session.close_session(True)
        # The transports report their end in the next turn of the loop; then their tasks can end.
        await asyncio.sleep(0)
        await super().stop()
        await asyncio.gather(*self.closing_tasks, return_exceptions=True)
