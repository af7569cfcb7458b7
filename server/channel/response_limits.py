"""How large a response a client takes, as it says in its Hello (OPC 10000-6, 7.1.2.3)."""

from __future__ import annotations

from dataclasses import dataclass

from asyncua import ua
from asyncua.common.utils import ServiceError

from heatpump_twin.server.limits import CHUNK, MAX_CHUNKS, MAX_MESSAGE

LEAST_BUFFER = 8_192
"""The smallest chunk that everybody must be able to receive. [B]"""
UNLIMITED = 1 << 32


@dataclass(frozen=True, slots=True)
class ResponseLimits:
    """The limits of one client. asyncua takes them for those of requests, too."""

    chunk: int = CHUNK
    """Largest chunk. [B]"""
    size: int = UNLIMITED
    """Largest message, before it is encrypted. [B]"""
    chunks: int = UNLIMITED

    @classmethod
    def of(cls, hello: ua.Hello) -> ResponseLimits:
        """Return what a Hello says; raise BadConnectionRejected where no message would fit."""
        if min(hello.ReceiveBufferSize, hello.SendBufferSize) < LEAST_BUFFER:
            raise ServiceError(ua.StatusCodes.BadConnectionRejected)
        return cls(
            chunk=min(int(hello.ReceiveBufferSize), CHUNK),
            size=int(hello.MaxMessageSize) or UNLIMITED,
            chunks=int(hello.MaxChunkCount) or UNLIMITED,
        )

    def acknowledge(self, hello: ua.Hello) -> ua.Acknowledge:
        """Return our own limits: of requests, and of what a client sends and receives at once."""
        return ua.Acknowledge(
            ReceiveBufferSize=ua.UInt32(min(int(hello.SendBufferSize), CHUNK)),
            SendBufferSize=ua.UInt32(self.chunk),
            MaxMessageSize=ua.UInt32(MAX_MESSAGE),
            MaxChunkCount=ua.UInt32(MAX_CHUNKS),
        )

    def room(self, body: int) -> int:
        """Return how long a response may be; ``body``: what one chunk holds of it. [B]"""
        return min(self.size, self.chunks * body)
