"""uvicorn behind a door: connections, headers and requests are bounded."""

from __future__ import annotations

import asyncio
import socket
import sys

import structlog
import uvicorn

from heatpump_twin.web.descriptors import share_of_descriptors
from heatpump_twin.web.door import Door

logger = structlog.stdlib.get_logger(__name__)

CONNECTIONS = 512
"""A browser has up to six; behind a proxy all of them come from one host, which has a half."""
_SHARE = 2
"""Of all descriptors a half at most: each person has a connection to the twin besides."""


class BoundedServer(uvicorn.Server):
    """HTTP server that takes its connections through a `Door`."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._door: Door | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then listen."""
        # The library listens on the sockets that it is given: none.
        await super().startup(sockets or [])
        config = self.config
        room = share_of_descriptors(CONNECTIONS, _SHARE)
        self._door = Door("hmi", self._protocol, room, config.ssl)
        try:
            self._door.open(config.host, config.port)
        except OSError as error:
            logger.error("hmi_cannot_listen", port=config.port, reason=error.strerror)
            await self.lifespan.shutdown()
            sys.exit(uvicorn.config.STARTUP_FAILURE)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen no more, then end what is under way."""
        if self._door is not None:
            await self._door.close()
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        # As the library makes it where it listens itself.
        protocol: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol
