"""One client's connection to an emulated gateway."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from heatpump_twin.drivers.modbus.emulator.emulated_session import NotModbusError, Received, Session

Answer = Callable[[Received, "EmulatedConnection"], None]


class EmulatedConnection(asyncio.Protocol):
    """Hand a client's requests to the gateway as they come, and send responses in their order."""

    def __init__(
        self, session: Session, answer: Answer, connections: dict[EmulatedConnection, None]
    ) -> None:
        self.frozen = False
        """The other end is gone without a word: nothing is heard and nothing said any more."""
        self.since = 0.0
        """When it was made, by the loop's clock. [s]"""
        self._session = session
        self._answer = answer
        # The dict keeps the order in which clients came: late responses go to the newest one.
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._closed = self._loop.create_future()
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = bytearray()
        self._heard = 0.0
        self._pending: deque[bytes] = deque()
        self._last_due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Add the connection to those of the gateway."""
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 (streams are both)
        self._transport = transport
        self.since = self._loop.time()
        self._connections[self] = None

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete now."""
        if self.frozen:
            return
        now = self._loop.time()
        # A beginning whose rest did not come was noise on the line: kept, it would spoil the next.
        if self._buffer and now - self._heard > self._session.patience:
            self._buffer.clear()
        self._heard = now
        self._buffer += data
        try:
            while (request := self._session.take(self._buffer)) is not None:
                self._answer(request, self)
        except NotModbusError:
            self.abort()

    def send(self, frame: bytes, delay: float = 0.0) -> None:
        """Send a response, some time after the one before it. [s]"""
        if not delay and not self._pending:
            self._write(frame)
            return
        self._last_due = max(self._last_due, self._loop.time()) + delay
        self._pending.append(frame)
        self._loop.call_at(self._last_due, self._send_next)

    def connection_lost(self, _error: Exception | None) -> None:
        """Remove the connection from those of the gateway."""
        self._connections.pop(self, None)
        self._pending.clear()
        if not self._closed.done():
            self._closed.set_result(None)

    def pause_writing(self) -> None:
        """Stop reading from a client that does not read its responses."""
        # Each request that is read makes another response, and those pile up in memory.
        if isinstance(self._transport, asyncio.Transport):
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Read from the client again."""
        if isinstance(self._transport, asyncio.Transport):
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    async def closed(self) -> None:
        """Wait for the end of the connection."""
        await asyncio.shield(self._closed)  # others may go on waiting when one is cancelled

    def _send_next(self) -> None:
        if self._pending:
            self._write(self._pending.popleft())

    def _write(self, frame: bytes) -> None:
        if self._transport is not None and not self.frozen:
            self._transport.write(frame)
