"""A connection over TCP, TLS or a serial port: bytes out, bytes in, and whether it is open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.modbus.wire.serial_port import SerialSettings, open_serial
from heatpump_twin.drivers.modbus.wire.tls_options import TlsOptions

Opener = Callable[[], Awaitable["Wire"]]


class Wire(asyncio.Protocol):
    """Collect the bytes that arrive after a request was sent."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.is_open = False
        self._transport: asyncio.WriteTransport | None = None
        self._news: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._closed = self._loop.create_future()
        self._until = 0.0
        """Until when `news` waits, by the loop's clock. [s]"""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport of the new connection."""
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 (streams are both)
        self._transport = transport
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Append received bytes and wake whoever waits for them."""
        self.received += data
        self._wake()

    def connection_lost(self, _error: Exception | None) -> None:
        """Wake whoever waits for bytes: the connection is over, none will come."""
        self.is_open = False
        self._stop_timer()
        self._wake()
        if not self._closed.done():
            self._closed.set_result(None)

    def send(self, frame: bytes) -> None:
        """Send a frame."""
        if self._transport is not None:
            self._transport.write(frame)

    async def news(self, until: float) -> None:
        """Wait for bytes or for the end of the connection, until a time of the loop's clock. [s]

        Raises TimeoutError.
        """
        # `asyncio.timeout` cancels whatever is awaited and has to find out afterwards who did. A
        # wire waits for one thing only, so that a plain timer is enough; and as nearly every
        # response comes in time, the timer of an earlier request does for the next ones, too.
        self._until = until
        if self._timer is None or self._timer.when() > until:
            self._set_timer()
        self._news = self._loop.create_future()
        try:
            await self._news
        finally:
            self._news = None

    async def close(self) -> None:
        """Drop the connection at once, with whatever is still on its way."""
        # No orderly end: the peer of a half-open connection would never take part in it (Messaging
        # on TCP/IP V1.0b, 4.2.2). Waited for, because some devices take one connection only.
        if self._transport is not None:
            self._transport.abort()
            await self._closed

    def _set_timer(self) -> None:
        if self._until <= self._loop.time():
            raise TimeoutError
        self._stop_timer()
        self._timer = self._loop.call_at(self._until, self._expire)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        """End the wait, or look again when the time of a later request is over."""
        self._timer = None
        if self._news is None or self._news.done():
            return
        if self._until > self._loop.time():
            self._timer = self._loop.call_at(self._until, self._expire)
        else:
            self._news.set_exception(TimeoutError())

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)


def opener(address: DeviceConnection) -> Opener:
    """Return the coroutine function that opens a connection to an address; it raises OSError.

    Raises ValueError for options that the transport does not have.
    """
    # The options are looked at here and not when it connects, so that `hptwin check` finds them.
    if address.scheme == "serial":
        settings = SerialSettings.of(address)

        async def open_port() -> Wire:
            wire = Wire()
            open_serial(settings, wire)
            return wire

        return open_port
    tls = TlsOptions.of(address) if address.scheme == "tls" else None

    async def open_stream() -> Wire:
        loop = asyncio.get_running_loop()
        # asyncio sets TCP_NODELAY, as Messaging on TCP/IP V1.0b, 4.3.2, recommends. The keep-alive
        # that it recommends too is left out: every poll finds out whether the peer is there.
        secured = {} if tls is None else tls.arguments(address.host)
        transport, wire = await loop.create_connection(Wire, address.host, address.port, **secured)
        if tls is not None:
            try:
                tls.verify(transport)
            except OSError:
                await wire.close()
                raise
        return wire

    return open_stream
