"""The emulated gateway: emulated devices on real Modbus, the codec used the other way round.

::

    device = EmulatedDevice(load_profile("eastron-sdm120"), process)
    gateway = EmulatedGateway("127.0.0.1", 0, {1: device})      # unit id → device
    await gateway.start()                                        # gateway.port is now known
    gateway.faults.silent = True                                 # see `Faults`
    await gateway.reboot(5.0)
    await gateway.stop()

`EmulatedDevice` shows what its process reads, rounded as the registers round, and hands accepted
writes to the process. `EmulatedGateway` serves any number of unit ids on one TCP port: Modbus TCP,
TLS with ``tls=SSLContext``, RTU over TCP with ``session=RtuSession()``; or it is on a serial line,
with `connection` as the protocol of the port.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping

from pymodbus.constants import ExcCodes

from heatpump_twin.drivers.modbus.emulator.emulated_connection import EmulatedConnection
from heatpump_twin.drivers.modbus.emulator.emulated_device import (
    NOTHING_FORCED,
    EmulatedDevice,
    Forced,
)
from heatpump_twin.drivers.modbus.emulator.emulated_faults import Faults, Grudge, Odds
from heatpump_twin.drivers.modbus.emulator.emulated_listener import EmulatedListener, Outage
from heatpump_twin.drivers.modbus.emulator.emulated_points import ModbusRefusal
from heatpump_twin.drivers.modbus.emulator.emulated_session import (
    Corruption,
    Received,
    RtuSession,
    Session,
    TcpSession,
    corrupted,
)

__all__ = [
    "Corruption",
    "EmulatedDevice",
    "EmulatedGateway",
    "Faults",
    "Grudge",
    "Odds",
    "Outage",
    "RtuSession",
    "TcpSession",
]


_ON_THE_BUS = 0.01
"""How long a response takes on a bus: some ten characters at 9600 Bd. [s]"""


class EmulatedGateway(EmulatedListener):
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
        super().__init__(host, port, session, tls)
        self.devices = dict(devices)
        self.faults = Faults()
        self.requests = 0
        self._on_bus: deque[bytes] = deque()
        self._bus_due = 0.0

    def drop_late(self) -> None:
        """Drop the responses that are still to come late."""
        self._on_bus.clear()
        self._bus_due = 0.0

    async def repair(self) -> None:
        """End all faults and outages; responses that are late by now still come."""
        self.faults.clear()
        for device in self.devices.values():
            device.sensors.clear()
        await self.come_back()

    def _restart(self) -> None:
        for device in self.devices.values():
            device.restart()

    def _answer(self, request: Received, connection: EmulatedConnection) -> None:
        self.requests += 1
        faults, number = self.faults, self.requests
        if self._is_swallowed(request, connection):
            return
        pdu = self._chance(request)
        pdu = self._respond(request) if pdu is None else pdu
        if not pdu:
            return
        if faults.corruption is not None and faults.hits("corruption", number):
            frame = corrupted(self._session, request, pdu, faults.corruption)
        else:
            frame = self._session.pack(request, pdu)
        late = faults.late if faults.late and faults.hits("late", number) else 0.0
        # A bus keeps the order: behind a late response, those that are not late wait as well.
        if late or self._on_bus:
            self._send_on_bus(frame, late)
        elif faults.latency and faults.hits("latency", number):
            connection.send(frame, faults.latency)
        else:
            connection.send(frame)

    def _is_swallowed(self, request: Received, connection: EmulatedConnection) -> bool:
        faults = self.faults
        if faults.deaf and asyncio.get_running_loop().time() - connection.since < faults.deaf:
            return True
        if self.outage is not None:
            return True
        if faults.silent or request.unit in faults.silent_units:
            return faults.hits("silent", self.requests)
        return False

    def _chance(self, request: Received) -> bytes | None:
        """Return what a fault that concerns only some requests makes of one; empty: silence."""
        grudge = next((g for g in self.faults.grudges if g.is_borne_by(request.pdu)), None)
        code = grudge.code if grudge is not None else None
        if code is None and self.faults.odds is not None:
            code = self.faults.odds.throw()
        return None if code is None else _exception(request, code)

    def _respond(self, request: Received) -> bytes | None:
        """Return the response PDU to a request; None: silence, of a unit that is not on the bus."""
        device = self.devices.get(request.unit)
        # A gateway answers in its place, with exception 11 (Application Protocol V1.1b3, 7).
        if device is None or request.unit in self.faults.offline:
            code: int = ExcCodes.GATEWAY_NO_RESPONSE
            return _exception(request, code) if self._session.tells_absence else None
        try:
            return device.respond(request.pdu, self._forced(request.unit))
        except ModbusRefusal as refusal:
            return _exception(request, refusal.code)

    def _forced(self, unit: int) -> Forced:
        if not self.faults.exceptions:
            return NOTHING_FORCED
        exceptions = self.faults.exceptions.items()
        return {(space, at): code for (u, space, at), code in exceptions if u == unit}

    def _send_on_bus(self, frame: bytes, delay: float) -> None:
        """Send a response behind those before it, on what is then the newest connection.

        A bus keeps the order and does not know who had asked.
        """
        loop = asyncio.get_running_loop()
        self._bus_due = max(self._bus_due + _ON_THE_BUS, loop.time() + delay)
        self._on_bus.append(frame)
        loop.call_at(self._bus_due, self._send_next)

    def _send_next(self) -> None:
        frame = self._on_bus.popleft() if self._on_bus else None
        if frame is not None and self._connections and self.outage is None:
            next(reversed(self._connections)).send(frame)


def _exception(request: Received, code: int) -> bytes:
    """Return the PDU of an exception response; empty for code 0, which stands for silence."""
    return bytes((request.pdu[0] | 0x80, code)) if code else b""
