"""Requests to one device: sent again where the device is busy or refuses once."""

from __future__ import annotations

import asyncio
from collections import Counter

from heatpump_twin.drivers.modbus.profile.poll_plan import ReadBlock
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.modbus.wire.request import ModbusExceptionError, Request

_BUSY_PAUSES = (0.05, 0.1, 0.2)
"""Waits before a busy device is asked again; its other requests would only disturb it. [s]"""


class DeviceRequests:
    """The requests to one unit of a link.

    ``timeout`` is the longest time to a response, ``pause`` the silence that the device needs
    afterwards. [s]
    """

    def __init__(self, link: ModbusLink, unit: int, timeout: float, pause: float) -> None:
        self.unit = unit
        self.exceptions: Counter[int] = Counter()
        """Exception responses since the start, by code."""
        self.repeated = 0
        """Requests sent again after an exception, since the start."""
        self.occupied = 0.0
        """How long requests have kept the link from others, since the start. [s]"""
        self._link = link
        self.timeout = timeout
        self._pause = pause

    @property
    def sent_at(self) -> float:
        """When the link's last request left, by the loop's clock. [s]"""
        return self._link.sent_at

    async def connect(self) -> int:
        """Open the connection, if there is none, and return its number. Raises `NotSentError`."""
        await self._link.connect(self.unit, self.timeout)
        return self._link.connections

    async def once(self, request: Request) -> bytes:
        """Send a request once and return the data of its response. Raises `LinkError`."""
        try:
            return await self._link.request(request, self.timeout, self._pause)
        except ModbusExceptionError as answer:
            self.exceptions[answer.code] += 1
            raise
        finally:  # a request that failed has kept the link from others as well
            self.occupied += self._link.occupied

    async def read(self, request: Request) -> bytes:
        """Send a read; again after any exception, for it may pass. Raises `LinkError`."""
        # Written out once more, as it is what polling does all day.
        try:
            return await self._link.request(request, self.timeout, self._pause)
        except ModbusExceptionError as answer:
            self.exceptions[answer.code] += 1
            if answer.is_busy:
                return await self._later(request, answer)
            if answer.is_silence:  # the gateway has waited for it already
                raise
            # One exception is an answer of the moment: gateways answer any code while they start,
            # some now and then.
            self.repeated += 1
            return await self.once(request)
        finally:
            self.occupied += self._link.occupied

    async def read_block(self, block: ReadBlock) -> bytes:
        """Read a block, as `read` does."""
        return await self.read(self.of(block))

    def of(self, block: ReadBlock) -> Request:
        """Return the request that reads a block."""
        return Request.read(self.unit, block.space, block.address, block.count)

    async def write(self, request: Request) -> bytes:
        """Send a write; again only after "busy", which says that nothing was begun."""
        try:
            return await self.once(request)
        except ModbusExceptionError as answer:
            if not answer.is_refused_for_now:
                raise
            return await self._later(request, answer)

    async def _later(self, request: Request, answer: ModbusExceptionError) -> bytes:
        """Send a request again and again, with growing pauses, until the device is free."""
        for pause in _BUSY_PAUSES:
            await asyncio.sleep(pause)
            self.repeated += 1
            try:
                return await self.once(request)
            except ModbusExceptionError as again:
                if again.code != answer.code:
                    raise
        raise answer
