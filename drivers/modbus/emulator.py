"""Emulated devices on real Modbus TCP: the codec used the other way round.

::

    device = EmulatedDevice(load_profile("eastron-sdm120"), process)
    gateway = EmulatedGateway("127.0.0.1", 0, {1: device})      # unit id → device
    await gateway.start()                                        # gateway.port is now known
    gateway.faults.silent = True                                 # see `Faults`
    await gateway.stop()

`EmulatedDevice` shows what its process reads, rounded as the registers round, and hands accepted
writes to the process. `EmulatedGateway` serves any number of unit ids on one TCP port.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import structlog
from pymodbus.constants import ExcCodes

from heatpump_twin.drivers.modbus.emulated_device import EmulatedDevice, ModbusRefusal
from heatpump_twin.drivers.modbus.profile import Space

__all__ = ["Corruption", "EmulatedDevice", "EmulatedGateway", "Faults"]

log = structlog.get_logger(__name__)

_MBAP = struct.Struct(">HHHB")
_MAX_PDU = 253


class Corruption(StrEnum):
    """Ways in which a response can be wrong."""

    GARBAGE = "garbage"
    TRUNCATED = "truncated"
    WRONG_TRANSACTION = "wrong_transaction"
    WRONG_UNIT = "wrong_unit"
    WRONG_FUNCTION = "wrong_function"
    WRONG_COUNT = "wrong_count"


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
    """A Modbus TCP server with emulated devices behind it."""

    def __init__(self, host: str, port: int, devices: Mapping[int, EmulatedDevice]) -> None:
        self.host = host
        self.port = port
        self.devices = dict(devices)
        self.faults = Faults()
        self.requests = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        """Clients that are connected now."""
        return len(self._connections)

    async def start(self) -> None:
        """Listen. Port 0 takes a free one."""
        self._server = await asyncio.start_server(self._accept, self.host, self.port)
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
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # `drop_connections` ends here; the server logs a task that ends cancelled
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client is gone
        finally:
            self._connections.discard(task)
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            transaction, protocol, length, unit = _MBAP.unpack(await reader.readexactly(7))
            if protocol != 0 or not 2 <= length <= _MAX_PDU + 1:
                return  # not Modbus: nothing after it can be trusted
            request = await reader.readexactly(length - 1)
            self.requests += 1
            if self.faults.silent:
                continue
            response = self._respond(unit, request)
            if self.faults.latency:
                await asyncio.sleep(self.faults.latency)
            writer.write(self._frame(transaction, unit, response))
            await writer.drain()

    def _respond(self, unit: int, request: bytes) -> bytes:
        device = self.devices.get(unit)
        if device is None or unit in self.faults.offline:
            return bytes((request[0] | 0x80, ExcCodes.GATEWAY_NO_RESPONSE))
        forced = {
            (space, address): code
            for (faulty, space, address), code in self.faults.exceptions.items()
            if faulty == unit
        }
        try:
            return device.respond(request, forced)
        except ModbusRefusal as refusal:
            return bytes((request[0] | 0x80, refusal.code))

    def _frame(self, transaction: int, unit: int, pdu: bytes) -> bytes:
        match self.faults.corruption:
            case Corruption.GARBAGE:
                return secrets.token_bytes(len(pdu) + 7)
            case Corruption.TRUNCATED:
                return _MBAP.pack(transaction, 0, len(pdu) + 1, unit) + pdu[:-1]
            case Corruption.WRONG_TRANSACTION:
                transaction = (transaction + 1) % 65536
            case Corruption.WRONG_UNIT:
                unit = (unit + 1) % 256
            case Corruption.WRONG_FUNCTION:
                pdu = bytes((pdu[0] ^ 1,)) + pdu[1:]
            case Corruption.WRONG_COUNT:
                pdu = pdu + bytes(2)
        return _MBAP.pack(transaction, 0, len(pdu) + 1, unit) + pdu
