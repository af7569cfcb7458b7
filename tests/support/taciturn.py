"""A device that keeps silent instead of refusing, as some on serial lines do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.modbus.emulator.emulated_device import EmulatedDevice, Forced
from heatpump_twin.drivers.modbus.emulator.emulated_points import ModbusRefusal
from heatpump_twin.drivers.modbus.emulator.emulated_session import TcpSession
from heatpump_twin.drivers.modbus.wire.link import ModbusLink


@dataclass
class Taciturn:
    """One device on a TCP port of its own."""

    device: EmulatedDevice
    forced: Forced = field(default_factory=dict)
    silences: int = 0

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[ModbusLink]:
        """Serve it, and give the link to it."""
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            link = ModbusLink.to(DeviceConnection(scheme="tcp", host="127.0.0.1", port=port))
            yield link
            await link.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        buffer = bytearray()
        session = TcpSession()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1024):
                buffer += data
                while (request := session.take(buffer)) is not None:
                    try:
                        answer = self.device.respond(request.pdu, self.forced)
                    except ModbusRefusal:
                        self.silences += 1
                        continue
                    writer.write(session.pack(request, answer))
        writer.close()
