"""The TCP port of an emulated gateway, and its outages: reboot, pulled cable, half-open."""

from __future__ import annotations

import asyncio
import ssl
from abc import ABC, abstractmethod
from enum import StrEnum

import structlog

from heatpump_twin.drivers.modbus.emulator.emulated_connection import EmulatedConnection
from heatpump_twin.drivers.modbus.emulator.emulated_session import Received, Session, TcpSession
from heatpump_twin.drivers.modbus.wire.full_backlog import FullBacklog

_RETRY = 1.0
"""How often a port is tried again that somebody took during a reboot. [s]"""

log = structlog.stdlib.get_logger(__name__)


class Outage(StrEnum):
    """The reason for which a whole gateway cannot be reached."""

    REBOOT = "reboot"
    """Connections are dropped, new ones refused."""
    UNREACHABLE = "unreachable"
    """As if the cable were pulled: neither connections nor attempts to connect get an answer."""


class EmulatedListener(ABC):
    """Accept connections, and lose them in the ways in which networks and devices do."""

    def __init__(
        self, host: str, port: int, session: Session | None, tls: ssl.SSLContext | None
    ) -> None:
        self.host = host
        self.port = port
        self.outage: Outage | None = None
        self._session = session or TcpSession()
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: dict[EmulatedConnection, None] = {}
        self._return: asyncio.Task[None] | None = None
        self._backlog: FullBacklog | None = None

    @abstractmethod
    def _answer(self, request: Received, connection: EmulatedConnection) -> None:
        """Answer a request on its connection."""

    @abstractmethod
    def _restart(self) -> None:
        """Forget what does not survive a reboot."""

    # ── connections ───────────────────────────────────────────────────────────────────────────────
    @property
    def connections(self) -> int:
        """Number of clients that are connected now."""
        return len(self._connections)

    def connection(self) -> EmulatedConnection:
        """Return the protocol of a new connection, on TCP or on a serial port."""
        return EmulatedConnection(self._session, self._answer, self._connections)

    async def start(self) -> None:
        """Listen on the port; port 0 takes a free one."""
        loop = asyncio.get_running_loop()
        listen = loop.create_server(self.connection, self.host, self.port, ssl=self._tls)
        self._server = await listen
        # Kept, because after an outage clients look for the gateway where it was.
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        await self._cancel_return()
        self._give_port_back()
        server, self._server = self._server, None
        if server is not None:
            server.close()
        # Before waiting for the server, which since Python 3.12 waits for its connections.
        await self.drop_connections()
        if server is not None:
            await server.wait_closed()

    async def drop_connections(self) -> None:
        """Close every connection; new ones are accepted."""
        connections = list(self._connections)
        for connection in connections:
            connection.abort()
        for connection in connections:
            await connection.closed()

    # ── outages ───────────────────────────────────────────────────────────────────────────────────
    def freeze_connections(self) -> None:
        """Make the connections of now half-open: never answered, never closed. New ones work."""
        for connection in self._connections:
            connection.frozen = True

    def thaw_connections(self) -> None:
        """Close the connections that are half-open, as when the peer notices at last."""
        # A serial line cannot be hung up: there the devices are heard again.
        for connection in list(self._connections):
            if connection.frozen and self._is_line:
                connection.frozen = False
            elif connection.frozen:
                connection.abort()

    @property
    def frozen(self) -> int:
        """Number of connections that are half-open."""
        return sum(connection.frozen for connection in self._connections)

    async def reboot(self, seconds: float) -> None:
        """Drop every connection, refuse new ones for some time, forget what is volatile."""
        await self.come_back()
        self.outage = Outage.REBOOT
        if self._server is not None:
            self._server.close()
            await self.drop_connections()
        self._restart()
        self._return = asyncio.create_task(self._come_back_after(seconds))

    async def vanish(self) -> None:
        """Answer no client any more, not even an attempt to connect, until `come_back`."""
        await self.come_back()
        self.outage = Outage.UNREACHABLE
        self.freeze_connections()
        if self._server is not None:
            family = self._server.sockets[0].family
            self._server.close()
            self._backlog = FullBacklog(self.host, self.port, family)

    async def come_back(self) -> None:
        """End an outage, and connections that are half-open."""
        await self._cancel_return()
        self.thaw_connections()
        await self._listen_again()

    @property
    def _is_line(self) -> bool:
        """Whether it is on a serial line, which nobody can hang up."""
        return self._server is None

    async def _come_back_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        while True:
            try:
                await self._listen_again()
            except OSError as error:
                log.error("the port cannot be opened again", port=self.port, reason=str(error))
                await asyncio.sleep(_RETRY)
            else:
                return

    async def _listen_again(self) -> None:
        self._give_port_back()
        if self.outage is not None and self._server is not None:
            await self.start()
        self.outage = None

    def _give_port_back(self) -> None:
        backlog, self._backlog = self._backlog, None
        if backlog is not None:
            backlog.close()

    async def _cancel_return(self) -> None:
        task, self._return = self._return, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
