"""The link to one gateway: one connection, one request at a time, however many units share it.

Here are the time-out of a request, the pause after a response (and with it the silent interval of a
serial line), and what becomes of a response that comes too late.
"""

from __future__ import annotations

import asyncio

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.modbus.wire.framing import (
    Framing,
    RtuFraming,
    TcpFraming,
    ends_in_response,
)
from heatpump_twin.drivers.modbus.wire.link_utilisation import LinkUtilisation
from heatpump_twin.drivers.modbus.wire.request import ModbusExceptionError, Request
from heatpump_twin.drivers.modbus.wire.wire import Opener, Wire, opener
from heatpump_twin.drivers.protocol import LinkError


class NotSentError(LinkError):
    """The request was never sent: there is no connection, or nobody answers."""


class ModbusLink:
    """Send requests one after the other, and return the data of matching responses.

    Whatever goes wrong drops the connection, so that a late response cannot be taken for the answer
    to the next request. Where frames carry no number (RTU), that is not enough: a device on a bus
    answers late on whatever connection there is, and from then on every response would be taken for
    that to the next request. After a failure such a unit is therefore first asked something whose
    response has another length. As a bus keeps the order, what is older is over when it comes.
    """

    def __init__(self, name: str, open_wire: Opener, framing: Framing) -> None:
        self.name = name
        self.requests = 0
        """Requests sent since the start."""
        self.connections = 0
        """Connections opened since the start."""
        self.load = LinkUtilisation(name)
        self.sent_at = 0.0
        """When the last request left, by the loop's clock. [s]"""
        self.occupied = 0.0
        """How long the last request kept the link from others. [s]"""
        self._open_wire = open_wire
        self._framing = framing
        # A serial line carries one transaction at a time (Serial Line V1.02, 2.1). TCP may carry
        # more (Messaging on TCP/IP V1.0b, 4.2.1.1), but a gateway would only queue them unseen.
        self._turn = asyncio.Lock()
        self._turn_began = 0.0
        self._wire: Wire | None = None
        self._transaction = 0
        self._quiet_until = 0.0
        self._doubts: dict[int, list[Request]] = {}
        """By unit: probes left to ask, until one is answered."""
        self._failed: set[int] = set()
        """Units that failed since the last response; -1: the connection itself."""
        self._failed_at = 0.0
        self._failure: LinkError | None = None
        self._users = 0

    @classmethod
    def to(cls, address: DeviceConnection) -> ModbusLink:
        """Return the link to an address of the site file. Raises ValueError for its options."""
        numbered = address.scheme in ("tcp", "tls")
        return cls(str(address), opener(address), TcpFraming() if numbered else RtuFraming())

    async def request(self, request: Request, within: float, pause: float = 0.0) -> bytes:
        """Send one request in turn and return the data of its response.

        ``within`` is the longest time to connect and, again, to the response; ``pause`` the silence
        that the device needs afterwards. [s]

        Raises `NotSentError`, `ModbusExceptionError`, or another `LinkError` when it was sent and
        not answered properly.
        """
        loop = asyncio.get_running_loop()
        asked = loop.time()
        async with self._turn:
            self.occupied = 0.0
            self._refuse_if_hopeless(asked, request.unit)
            self._turn_began = loop.time()
            wire = await self._connected(request.unit, within)
            await self._be_quiet()
            try:
                # One time-out for both, or a silent unit would keep the others waiting twice.
                with wire.limit(within):
                    await self._dispel_doubt(wire, request.unit, pause)
                    data = request.accept(await self._exchange(wire, request))
            except ModbusExceptionError:
                # Also a response: the device lives and the connection is sound, so it stays open.
                self._answered(pause)
                raise
            except TimeoutError as error:
                lost = self._lost(
                    request, LinkError(f"{self.name}: no response within {within:g} s")
                )
                raise await self._dropped(request.unit, lost) from error
            except LinkError as error:
                lost = self._lost(request, error)
                raise await self._dropped(request.unit, lost) from error
            except asyncio.CancelledError:
                # The request is out: its response may still come, to whoever asks next.
                self._lost(request, LinkError("cancelled"))
                await self.close()
                raise
            self._answered(pause)
            return data

    async def connect(self, unit: int, within: float) -> None:
        """Open the connection if it is not open, for a unit. Raises `NotSentError`."""
        asked = asyncio.get_running_loop().time()
        async with self._turn:
            self._refuse_if_hopeless(asked, unit)
            await self._connected(unit, within)

    def join(self) -> None:
        """Register a driver that uses the connection."""
        self._users += 1

    async def leave(self) -> None:
        """Deregister a driver; the last one closes the connection."""
        # A reload takes devices away while others behind the same gateway are polled on.
        self._users -= 1
        if self._users == 0:
            await self.close()

    async def close(self) -> None:
        """Drop the connection. The next request opens a new one."""
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.close()

    def _lost(self, request: Request, error: LinkError) -> LinkError:
        """Remember that a late response to a request may come, and return the error to raise.

        A device that answers no probe either is asked without one again: it may be one that does
        not answer a read of that length at all.
        """
        if self._framing.numbered:
            return error
        probes = self._doubts.get(request.unit)
        if probes is None:
            self._doubts[request.unit] = request.probes()
            return error
        # It was the probe that failed: the request itself has not left.
        del probes[0]
        if not probes:
            del self._doubts[request.unit]
        return NotSentError(str(error), error.status)

    async def _dispel_doubt(self, wire: Wire, unit: int, pause: float) -> None:
        """Ask a unit for something of another length, until no late response can come any more."""
        if unit not in self._doubts:
            return
        probe = self._doubts[unit][0]
        self._send(wire, probe)
        while not ends_in_response(self._framing, wire.received, probe):
            await self._news(wire)
        del self._doubts[unit]
        await asyncio.sleep(pause)  # a probe is a request, after which the device needs its pause

    async def _exchange(self, wire: Wire, request: Request) -> bytes:
        self._send(wire, request)
        while True:
            await self._news(wire)
            pdu = self._framing.unpack(wire.received, request, self._transaction)
            if pdu is not None:
                return pdu

    def _send(self, wire: Wire, request: Request) -> None:
        # 1 to 65535. Without 0, a device that always answers 0 is found out by its first response,
        # and not taken for a sound one now and then.
        self._transaction = self._transaction % 0xFFFF + 1
        self.requests += 1
        self.sent_at = asyncio.get_running_loop().time()
        wire.send(self._framing.pack(request, self._transaction))

    async def _news(self, wire: Wire) -> None:
        if not wire.is_open:
            raise LinkError(f"{self.name}: the connection was closed")
        await wire.news()

    async def _connected(self, unit: int, within: float) -> Wire:
        if self._wire is not None and self._wire.is_open:
            return self._wire
        await self.close()
        try:
            # By itself the system would go on for 75 s or so (Messaging on TCP/IP V1.0b, 4.3.2).
            async with asyncio.timeout(within):
                self._wire = await self._open_wire()
        except (OSError, TimeoutError, UnicodeError) as error:  # the last: no such host name
            reason = str(error) or "no answer"
            failure = NotSentError(f"{self.name}: cannot connect: {reason}")
            raise await self._dropped(unit, failure, whole_link=True) from error
        self.connections += 1
        return self._wire

    async def _be_quiet(self) -> None:
        # The silent interval of 3.5 characters between frames (Serial Line V1.02, 2.5.1.1) is kept
        # only if the profile's `pause` is as long: nothing here knows of a baud rate.
        delay = self._quiet_until - asyncio.get_running_loop().time()
        if delay > 0:
            await asyncio.sleep(delay)

    def _answered(self, pause: float) -> None:
        now = asyncio.get_running_loop().time()
        self._failed.clear()  # a gateway that brings one unit's response can bring the others'
        self._quiet_until = now + pause
        self.occupied = now - self._turn_began

    async def _dropped(self, unit: int, error: LinkError, *, whole_link: bool = False) -> LinkError:
        await self.close()
        self._failed.add(-1 if whole_link else unit)
        self._failed_at = asyncio.get_running_loop().time()
        self._failure = error
        self.occupied = self._failed_at - self._turn_began
        return error

    def _refuse_if_hopeless(self, asked: float, unit: int) -> None:
        """Fail the requests that queued up behind a failure of the whole gateway.

        Otherwise each of n units would wait for its own time-out, one after the other. One silent
        unit proves nothing about the others; a refused connection or two silent units do.
        """
        hopeless = -1 in self._failed or len(self._failed - {unit}) > 1
        # Only what was asked before the failure: a later request is an attempt of its own.
        if hopeless and self._failure is not None and self._failed_at >= asked:
            raise NotSentError(str(self._failure), self._failure.status)
