"""Write what a device needs after each connect and each return, before it is read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from heatpump_twin.drivers.modbus.driver.device_requests import DeviceRequests
from heatpump_twin.drivers.modbus.profile.profile import Profile, StartUpWrite
from heatpump_twin.drivers.modbus.wire.link import NotSentError
from heatpump_twin.drivers.modbus.wire.request import ModbusExceptionError, Request
from heatpump_twin.drivers.protocol import LinkError, WriteOutcome, WriteState
from heatpump_twin.drivers.status import BAD_TIMEOUT, GOOD

log = structlog.stdlib.get_logger(__name__)

SetUp = Callable[[str, str, Callable[[], Awaitable[WriteOutcome]]], Awaitable[None]]
"""Carry out a write of a device: its name, what it is, and what sends it. See `Commands.set_up`."""


class StartUp:
    """The start-up writes of one device.

    They are due when the device did not answer before, and when the connection is a new one: a
    gateway that was restarted has forgotten them. One that is not taken is tried again. None is
    repeated sooner than its ``throttle``, as a device may close the connection all the time.
    """

    def __init__(self, name: str, profile: Profile, requests: DeviceRequests) -> None:
        self.set_up: SetUp | None = None
        """Who carries them out; None: nobody, as where a device is only looked at."""
        self._name = name
        self._writes = profile.start_up
        self._requests = requests
        self._done_on = 0
        """On which connection all of them were taken."""
        self._taken = 0
        """How many the device took the last time."""
        self._begun: dict[StartUpWrite, float] = {}

    async def before_poll(self, *, connected: bool) -> None:
        """Carry out what is due. Raises `NotSentError` if there is no connection."""
        if self.set_up is None or not self._writes:
            return
        # Opened first: what cannot leave is no write, and fills no audit.
        connection = await self._requests.connect()
        if connected and connection == self._done_on:
            return
        now = asyncio.get_running_loop().time()
        due = [w for w in self._writes if now - self._begun.get(w, -w.throttle) >= w.throttle]
        if len(due) < len(self._writes):  # all of them, in their order, or none
            return
        self._taken = 0
        for write in due:
            self._begun[write] = now
            await self.set_up(self._name, str(write), partial(self._send, write))
        if self._taken == len(due):
            self._done_on = connection

    async def _send(self, write: StartUpWrite) -> WriteOutcome:
        outcome = await self._sent(write)
        self._taken += outcome.state is WriteState.CONFIRMED
        log.info("start-up write", device=self._name, write=str(write), outcome=outcome.message)
        return outcome

    async def _sent(self, write: StartUpWrite) -> WriteOutcome:
        request = Request.write(
            self._requests.unit, write.space, write.address, list(write.words), write.function
        )
        try:
            await self._requests.write(request)
        except NotSentError as error:
            message = f"nothing was sent: {error}"
            return WriteOutcome(WriteState.REFUSED, error.status, None, message)
        except ModbusExceptionError as answer:
            message = f"the device refused: {answer}"
            return WriteOutcome(WriteState.REFUSED, answer.status, None, message)
        except LinkError as error:
            message = f"it is not known whether the device took the request: {error}"
            return WriteOutcome(WriteState.UNKNOWN, BAD_TIMEOUT, None, message)
        return WriteOutcome(WriteState.CONFIRMED, GOOD, None, "the device took the request")
