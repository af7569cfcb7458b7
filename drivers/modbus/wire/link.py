"""The link to one gateway: one connection, one request at a time, however many units share it.

Here are the time-out of a request, the silence between requests, what becomes of a response that
comes too late, and when the connection is given up for a new one.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.modbus.wire.connection_health import ConnectionHealth
from heatpump_twin.drivers.modbus.wire.doubt import Doubt, KnownReads, Reply
from heatpump_twin.drivers.modbus.wire.framing import Framing
from heatpump_twin.drivers.modbus.wire.line_oddities import LineOddities
from heatpump_twin.drivers.modbus.wire.link_options import LinkOptions
from heatpump_twin.drivers.modbus.wire.link_utilisation import LinkUtilisation
from heatpump_twin.drivers.modbus.wire.request import FrameError, ModbusExceptionError, Request
from heatpump_twin.drivers.modbus.wire.tls_options import TlsOptions
from heatpump_twin.drivers.modbus.wire.wire import Opener, Wire, opener
from heatpump_twin.drivers.protocol import LinkError

_TOLERANCE = 1.05
"""Share of a time-out for which a response is waited: it is over at the client a little later."""
_QUIET = 0.1
"""Silence after which bytes that are no response will not become one. [s]"""
_TURNAROUND = 0.1
"""Time for all devices to carry out a broadcast: 100 to 200 ms (Serial Line V1.02, 2.4.1). [s]"""
_REST = 4.0
"""Time-outs for which a unit is left alone that answered neither a request nor any probe."""


class NotSentError(LinkError):
    """The request was never sent: there is no connection, or nobody answers."""


class UnansweredProbeError(NotSentError):
    """The unit answered nothing that was asked in doubt, so that the request did not leave."""


def is_unreachable(error: LinkError) -> bool:
    """Tell whether nobody took a request, so that another one need not be tried."""
    return isinstance(error, NotSentError) and not isinstance(error, UnansweredProbeError)


class HungUpError(LinkError):
    """The connection was closed before a response came."""


class ModbusLink:
    """Send requests one after the other, and return the data of matching responses.

    A time-out does not always drop the connection: it may be the unit that is silent, while others
    answer on it, and a device that needs a moment after connecting must not be connected anew.

    A late response must not be taken for the answer to the next request. On Modbus TCP its number
    tells it. Where frames carry no number (RTU), not even a new connection helps: a device on a bus
    answers late on whatever connection there is, and from then on every response would be taken for
    that to the next request. After a failure such a unit is therefore first asked something whose
    response differs. As a bus keeps the order, what is older is over when it comes.
    """

    def __init__(
        self,
        name: str,
        open_wire: Opener,
        framing: Framing,
        options: LinkOptions,
        oddities: LineOddities,
    ) -> None:
        self.name = name
        self.requests = 0
        """Requests sent since the start."""
        self.connections = 0
        """Connections opened since the start."""
        self.load = LinkUtilisation(name)
        self.oddities = oddities
        """What was left out of the received bytes."""
        self.options = options
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
        self._health = ConnectionHealth(reuse=not options.any_transaction)
        self._transaction = 0
        self._connect_delay = options.connect_delay or 0.0
        self._quiet_until = 0.0
        self._doubts: dict[int, Doubt] = {}
        """By unit: what to ask before anything else."""
        self._known: defaultdict[int, KnownReads] = defaultdict(KnownReads)
        """By unit: what it replied to reads, where frames carry no number."""
        self._users = 0

    @classmethod
    def to(cls, address: DeviceConnection) -> ModbusLink:
        """Return the link to an address of the site file. Raises ValueError for its options."""
        name, options = str(address), LinkOptions.of(address)
        oddities = LineOddities()
        return cls(name, opener(address), options.framing(address, oddities), options, oddities)

    def expect(self, connect_delay: float) -> None:
        """Keep a silence after connecting that a device needs; the connection's option wins. [s]"""
        if self.options.connect_delay is None:
            self._connect_delay = max(self._connect_delay, connect_delay)

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
            self._refuse_in_doubt(request.unit)
            self._turn_began = loop.time()
            wire = await self._connected(within)
            if self._quiet_until > self._turn_began:
                await asyncio.sleep(self._quiet_until - loop.time())
            try:
                if not self._framing.numbered:
                    await self._dispel_doubt(wire, request, within, pause)
                data = await self._exchange(wire, request, within)
            except ModbusExceptionError:
                # Also a response: the device lives and the connection is sound, so it stays open.
                self._answered(request.unit, pause)
                raise
            except TimeoutError as error:
                raise await self._timed_out(wire, request, within) from error
            except LinkError as error:
                lost = self._lost(request, error, within)
                self._failed(request.unit, lost)
                await self.close()
                raise lost from error
            except asyncio.CancelledError:
                # The request is out: its response may still come, to whoever asks next.
                self._lost(request, LinkError("cancelled"), within)
                await self.close()
                raise
            self._answered(request.unit, pause)
            if not self._framing.numbered and request.is_read:
                self._known[request.unit].note(request, Reply.DATA)
            return data

    async def connect(self, unit: int, within: float) -> None:
        """Open the connection if it is not open, for a unit. Raises `NotSentError`."""
        asked = asyncio.get_running_loop().time()
        async with self._turn:
            self._refuse_if_hopeless(asked, unit)
            self._turn_began = asyncio.get_running_loop().time()
            await self._connected(within)

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

    # ── one exchange ──────────────────────────────────────────────────────────────────────────────
    async def _exchange(self, wire: Wire, request: Request, within: float) -> bytes:
        until = self._send(wire, request) + within * _TOLERANCE
        if request.unit == 0 and self._framing.is_broadcast(request):
            await asyncio.sleep(_TURNAROUND)
            return b""
        complaint: FrameError | None = None
        while True:
            await self._news(wire, until, complaint)
            pdu = self._framing.take(wire.received, request, self._transaction)
            if pdu is not None:
                return request.accept(pdu)
            complaint = self._framing.complaint(wire.received, request)

    def _send(self, wire: Wire, request: Request) -> float:
        """Send a request, and return when. [s]"""
        # 1 to 65535. Without 0, a device that always answers 0 is found out by its first response,
        # and not taken for a sound one now and then.
        self._transaction = self._transaction % 0xFFFF + 1
        self.requests += 1
        self._framing.clear(wire.received)
        wire.send(self._framing.pack(request, self._transaction))
        self.sent_at = asyncio.get_running_loop().time()
        return self.sent_at

    async def _news(self, wire: Wire, until: float, complaint: FrameError | None = None) -> None:
        """Wait for bytes; raise a complaint about those that are there if no more come soon."""
        if not wire.is_open:
            raise HungUpError(f"{self.name}: the connection was closed")
        if complaint is None:
            await wire.news(until)
            return
        try:
            await wire.news(asyncio.get_running_loop().time() + _QUIET)
        except TimeoutError as error:
            raise complaint from error

    async def _dispel_doubt(
        self, wire: Wire, request: Request, within: float, pause: float
    ) -> None:
        """Ask a unit for something else, until no late response can come any more."""
        if self._framing.must_learn_echo(request):
            # Otherwise the echo of a write would confirm it.
            self._doubts.setdefault(request.unit, Doubt(request, self._known[request.unit]))
        doubt = self._doubts.get(request.unit)
        if doubt is None:
            return
        while doubt.probes:
            probe = doubt.probes[0]
            # A time-out of its own: a silent unit keeps the others waiting for one only, because
            # the request itself then does not leave.
            until = self._send(wire, probe) + within * _TOLERANCE
            while (pdu := self._framing.take_probe(wire.received, probe)) is None:
                await self._news(wire, until)
            # A probe is a request, after which the device needs its pause.
            await asyncio.sleep(max(pause, self._framing.silence))
            if doubt.is_dispelled_by(pdu, probe):
                break
            del doubt.probes[0]
        del self._doubts[request.unit]

    # ── the connection ────────────────────────────────────────────────────────────────────────────
    async def _connected(self, within: float) -> Wire:
        """Return the connection, opened anew if it is over. Raises `NotSentError`."""
        if self._wire is not None and self._wire.is_open:
            return self._wire
        await self.close()
        try:
            # By itself the system would go on for 75 s or so (Messaging on TCP/IP V1.0b, 4.3.2).
            async with asyncio.timeout(within):
                self._wire = await self._open_wire()
        except (OSError, TimeoutError, UnicodeError) as error:  # the last: no such host name
            reason = (str(error) or "no answer") + TlsOptions.advice(error)
            failure = NotSentError(f"{self.name}: cannot connect: {reason}")
            self._failed(None, failure)
            raise failure from error
        now = asyncio.get_running_loop().time()
        self.connections += 1
        self._health.connected(now)
        self._quiet_until = max(self._quiet_until, now + self._connect_delay)
        return self._wire

    def _answered(self, unit: int, pause: float) -> None:
        now = asyncio.get_running_loop().time()
        self._health.answered(unit, now)
        # The silent interval of 3.5 characters between frames (Serial Line V1.02, 2.5.1.1).
        self._quiet_until = now + max(pause, self._framing.silence)
        self.occupied = now - self._turn_began

    async def _timed_out(self, wire: Wire, request: Request, within: float) -> LinkError:
        error: LinkError | None = self._framing.instead(self._transaction)
        if error is None:
            hint = self._health.hint(self.name, bytes(wire.received))
            error = LinkError(f"{self.name}: no response within {within:g} s{hint}")
        lost = self._lost(request, error, within)
        self._framing.expect_late(request.unit, self._transaction)
        self._failed(request.unit, lost)
        # Half a frame would be completed by the beginning of the next one.
        is_cut = self._framing.numbered and bool(wire.received)
        if is_cut or self._health.is_doubtful(request.unit, asyncio.get_running_loop().time()):
            await self.close()
        return lost

    def _lost(self, request: Request, error: LinkError, within: float) -> LinkError:
        """Remember that a late response to a request may come, and return the error to raise.

        A device that answers no probe either is left alone, and then asked without one again: it
        may be one that does not answer a read of that length at all.
        """
        if self._framing.numbered or self._framing.is_broadcast(request):
            return error
        doubt = self._doubts.get(request.unit)
        if doubt is None:
            self._known[request.unit].note(request, Reply.SILENCE)
            self._doubts[request.unit] = Doubt(request, self._known[request.unit])
            return error
        # It was the probe that failed: the request itself has not left.
        self._known[request.unit].note(doubt.probes.pop(0), Reply.SILENCE)
        if not doubt.probes:
            rest = 0.0 if doubt.is_past_lost else _REST * within
            doubt.rests_until = asyncio.get_running_loop().time() + rest
        return UnansweredProbeError(str(error), error.status)

    def _failed(self, unit: int | None, error: LinkError) -> None:
        now = asyncio.get_running_loop().time()
        self._health.failed(unit, now, error)
        self.occupied = now - self._turn_began

    def _refuse_in_doubt(self, unit: int) -> None:
        """Leave a unit alone that answered no probe; end the doubt when that was long enough."""
        doubt = self._doubts.get(unit)
        if doubt is None or doubt.probes:
            return
        if doubt.rests_until > asyncio.get_running_loop().time():
            raise UnansweredProbeError(f"{self.name}: a late response may still come")
        del self._doubts[unit]

    def _refuse_if_hopeless(self, asked: float, unit: int) -> None:
        failure = self._health.hopeless_since(asked, unit)
        if failure is not None:
            raise NotSentError(str(failure), failure.status)
