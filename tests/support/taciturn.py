"""A device that keeps silent instead of refusing, as some on serial lines do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from recorded import RecordedSession

from heatpump_twin.config.settings import Connection
from heatpump_twin.drivers.modbus.emulated_device import EmulatedDevice, Forced, ModbusRefusal
from heatpump_twin.drivers.modbus.link import Link


@dataclass
class Taciturn:
    """One device on a TCP port of its own."""

    device: EmulatedDevice
    faults: Forced
    silences: int = 0

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[Link]:
        """Serve it, and give the link to it."""
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            link = Link.to(Connection(scheme="tcp", host="127.0.0.1", port=port))
            yield link
            await link.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = RecordedSession()
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while (request := await session.receive(reader)) is not None:
                try:
                    answer = self.device.respond(request.pdu, self.faults)
                except ModbusRefusal:
                    self.silences += 1
                    continue
                writer.write(session.pack(request, answer))
        writer.close()
