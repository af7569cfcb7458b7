"""Emulated devices on real Modbus: the codec used the other way round.

::

    device = EmulatedDevice(load_profile("eastron-sdm120"), process)
    gateway = EmulatedGateway("127.0.0.1", 0, {1: device})      # unit id → device
    await gateway.start()                                        # gateway.port is now known
    gateway.faults.silent = True                                 # see `Faults`
    await gateway.stop()

`EmulatedDevice` shows what its process reads, rounded as the registers round, and hands accepted
writes to the process. `EmulatedGateway` serves any number of unit ids on one TCP port: Modbus TCP,
TLS with ``tls=SSLContext``, RTU over TCP with ``session=RtuSession()``. `serve` answers on any
other stream, such as a serial port.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from pymodbus.constants import ExcCodes

from heatpump_twin.drivers.modbus.emulated_device import EmulatedDevice, ModbusRefusal
from heatpump_twin.drivers.modbus.emulated_session import (
    Corruption,
    Received,
    RtuSession,
    Session,
    TcpSession,
    corrupted,
)
from heatpump_twin.drivers.modbus.profile import Space

__all__ = ["Corruption", "EmulatedDevice", "EmulatedGateway", "Faults", "RtuSession", "TcpSession"]


@dataclass(slots=True)
class Faults:
    """Faults of a gateway; change them while it runs."""

    latency: float = 0.0
    """Delay of every response. [s]"""
    silent: bool = False
    """Connections are accepted and requests swallowed."""
    corruption: Corruption | None = None
    offline: set[int] = field(default_factory=set)
    """Unit ids behind the gateway that do not answer it: exception 0x0B."""
    exceptions: dict[tuple[int, Space, int], int] = field(default_factory=dict)
    """(unit, space, address) → exception code of every request that touches it."""

    def clear(self) -> None:
        """Switch every fault off."""
        self.latency = 0.0
        self.silent = False
        self.corruption = None
        self.offline.clear()
        self.exceptions.clear()


class EmulatedGateway:
    """A Modbus server with emulated devices behind it."""

    def __init__(
        self,
        host: str,
        port: int,
        devices: Mapping[int, EmulatedDevice],
        *,
        session: Session | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.devices = dict(devices)
        self.faults = Faults()
        self.requests = 0
        self._session = session or TcpSession()
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        """Clients that are connected now."""
        return len(self._connections)

    async def start(self) -> None:
        """Listen. Port 0 takes a free one."""
        self._server = await asyncio.start_server(self._accept, self.host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        if self._server is not None:
            self._server.close()
            await self.drop_connections()
            await self._server.wait_closed()
            self._server = None

    async def drop_connections(self) -> None:
        """Close every connection, as a device does that reboots."""
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (always run as a task by the server)
        self._connections.add(task)
        try:
            await self.serve(reader, writer)
        except asyncio.CancelledError:
            pass  # `drop_connections` ends here; the server logs a task that ends cancelled
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client is gone
        finally:
            self._connections.discard(task)
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one stream until it ends."""
        while (request := await self._session.receive(reader)) is not None:
            self.requests += 1
            if self.faults.silent:
                continue
            response = self._respond(request)
            if self.faults.latency:
                await asyncio.sleep(self.faults.latency)
            writer.write(self._frame(request, response))
            await writer.drain()

    def _respond(self, request: Received) -> bytes:
        function = request.pdu[0]
        device = self.devices.get(request.unit)
        if device is None or request.unit in self.faults.offline:
            return bytes((function | 0x80, ExcCodes.GATEWAY_NO_RESPONSE))
        forced = {
            (space, address): code
            for (unit, space, address), code in self.faults.exceptions.items()
            if unit == request.unit
        }
        try:
            return device.respond(request.pdu, forced)
        except ModbusRefusal as refusal:
            return bytes((function | 0x80, refusal.code))

    def _frame(self, request: Received, pdu: bytes) -> bytes:
        if self.faults.corruption is None:
            return self._session.pack(request, pdu)
        return corrupted(self._session, request, pdu, self.faults.corruption)
