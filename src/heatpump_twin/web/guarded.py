"""A connection to a web port, watched from below the HTTP server that it is for.

HTTP servers of libraries parse; none of those in use bounds how long a client may take for its
headers, or how much of everything it may have. What is watched here needs no parser: bytes that
come, the empty line that ends the headers, and the first byte that is answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

_END_OF_HEADERS = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one connection may take."""

    head_time: float = 10.0
    """From the connection, or the first byte of a request, to the end of its headers. [s]"""
    request_time: float = 60.0
    """From there to the first byte of the answer, the body included; a page that waits for news
    answers after 25 s. [s]"""
    idle_time: float = 30.0
    """Between two requests. [s]"""
    stalled_time: float = 30.0
    """In which a client takes nothing of what it is sent. [s]"""
    head_size: int = 32_768
    """[B]"""
    body_size: int = 1_048_576
    """[B]"""


class Phase(Enum):
    """What a connection is doing."""

    HEAD = "its headers are awaited"
    BODY = "a request is read and answered"
    IDLE = "the next request is awaited"
    OPEN = "it is a web socket"


class Guarded(asyncio.Protocol):
    """Protocol between a connection and the protocol of an HTTP server."""

    def __init__(
        self,
        inner: asyncio.BaseProtocol,
        host: str,
        bounds: Bounds,
        time: Callable[[], float],
        gone: Callable[[Guarded], None],
    ) -> None:
        self.host = host
        self.phase = Phase.HEAD
        self.since = time()
        """Begin of the phase. [s, of the event loop]"""
        self._inner: Any = inner
        self._bounds = bounds
        self._time = time
        self._gone = gone
        self._transport: asyncio.Transport | None = None
        self._ended = asyncio.Event()
        self._stalled: float | None = None
        self._tail = b""
        self._taken = 0

    # ── what the guard does ───────────────────────────────────────────────────────────────────────
    @property
    def waits(self) -> bool:
        """Whether nobody would miss it: it has asked for nothing so far."""
        return self.phase in (Phase.HEAD, Phase.IDLE) and not self._sends

    @property
    def overdue(self) -> bool:
        """Whether it takes longer than it may."""
        now, bounds = self._time(), self._bounds
        if self._stalled is not None and now - self._stalled > bounds.stalled_time:
            return True
        limits = {
            Phase.HEAD: bounds.head_time,
            Phase.BODY: bounds.request_time,
            # An answer that is still on its way is no idleness.
            Phase.IDLE: bounds.request_time if self._sends else bounds.idle_time,
        }
        return now - self.since > limits.get(self.phase, float("inf"))

    @property
    def _sends(self) -> bool:
        return self._transport is not None and self._transport.get_write_buffer_size() > 0

    def abort(self) -> None:
        """Close the connection without a word."""
        if self._transport is not None:
            self._transport.abort()

    async def end(self) -> None:
        """Close the connection without a word, and return when it is closed."""
        self.abort()
        if self._transport is not None:
            await self._ended.wait()

    def answered(self) -> None:
        """Note that the server answers: the next thing to come is another request."""
        if self.phase in (Phase.HEAD, Phase.BODY):
            self._enter(Phase.IDLE)

    def upgraded(self, inner: asyncio.BaseProtocol) -> None:
        """Note that the connection has become a web socket, with another protocol."""
        self._inner = inner
        self._enter(Phase.OPEN)

    def _enter(self, phase: Phase) -> None:
        self.phase, self.since, self._taken, self._tail = phase, self._time(), 0, b""

    def _count(self, data: bytes) -> bool:
        """Count bytes that came; return whether there are too many."""
        if self.phase is Phase.IDLE:
            self._enter(Phase.HEAD)
        self._taken += len(data)
        if self.phase is Phase.HEAD:
            # The mark may be torn between two packets.
            seen = self._tail + data
            if _END_OF_HEADERS in seen:
                self._enter(Phase.BODY)
                return False
            self._tail = seen[-len(_END_OF_HEADERS) + 1 :]
            return self._taken > self._bounds.head_size
        return self.phase is Phase.BODY and self._taken > self._bounds.body_size

    # ── what a connection tells ───────────────────────────────────────────────────────────────────
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a new connection on to the server."""
        # Not checked: that of uvloop is one, and derived from nothing.
        real = self._transport = cast("asyncio.Transport", transport)
        self.since = self._time()  # a handshake of TLS is over
        self._inner.connection_made(_WatchedTransport(real, self))

    def data_received(self, data: bytes) -> None:
        """Pass on what came, unless it is too much."""
        if self._count(data):
            self.abort()
        else:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass on that the client sends no more."""
        keep: bool | None = self._inner.eof_received()
        return keep

    def pause_writing(self) -> None:
        """Pass on that the client takes no more for now."""
        self._stalled = self._time()
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that the client takes again."""
        self._stalled = None
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on that the connection is gone."""
        self._ended.set()
        self._gone(self)
        self._inner.connection_lost(exc)


class _WatchedTransport(asyncio.Transport):
    """Transport as a server sees it: its first answer and its change of protocol are noticed."""

    def __init__(self, real: asyncio.Transport, guarded: Guarded) -> None:
        super().__init__()
        self._real = real
        self._guarded = guarded

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        self._guarded.answered()
        self._real.write(data)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._guarded.upgraded(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._guarded

    def close(self) -> None:
        self._real.close()

    def is_closing(self) -> bool:
        return self._real.is_closing()

    def abort(self) -> None:
        self._real.abort()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._real.get_extra_info(name, default)

    def pause_reading(self) -> None:
        self._real.pause_reading()

    def resume_reading(self) -> None:
        self._real.resume_reading()

    def is_reading(self) -> bool:
        return self._real.is_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._real.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return self._real.get_write_buffer_size()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._real.get_write_buffer_limits()

    def can_write_eof(self) -> bool:
        return self._real.can_write_eof()

    def write_eof(self) -> None:
        self._real.write_eof()
