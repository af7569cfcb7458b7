"""The driver of one device: polls it for ever, and writes to it when told."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from heatpump_twin.config.catalogue import Point
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.driver.device_reader import DeviceReader
from heatpump_twin.drivers.modbus.driver.device_writer import DeviceWriter
from heatpump_twin.drivers.modbus.driver.poll_schedule import BackOff, PollSchedule
from heatpump_twin.drivers.modbus.profile.profile import Profile, ProfilePoint
from heatpump_twin.drivers.modbus.wire.link import ModbusLink, NotSentError
from heatpump_twin.drivers.protocol import FrameSink, LinkError, WriteOutcome, WriteState

log = structlog.stdlib.get_logger(__name__)

RETRY_REFUSED = 60.0
"""How often one of the points is tried again that the device answered with an exception. [s]"""

_SHARE_OF_PERIOD = 0.9
"""A dead device is Bad after one period and two time-outs: within three periods."""


@dataclass(slots=True)
class DriverMetrics:
    """Counters since the start, and the last poll's figures. [s]"""

    polls: int = 0
    failed_polls: int = 0
    exceptions: int = 0
    missed: int = 0
    """Polls that were not over when the next one was due, and those left out because of it."""
    writes: int = 0
    unconfirmed_writes: int = 0
    duration: float = 0.0
    lateness: float = 0.0
    """From when the poll was due until its first request left."""
    worst_lateness: float = 0.0


class ModbusDriver:
    """Implements `heatpump_twin.drivers.protocol.Driver` for one Modbus device.

    Parameters
    ----------
    name : str
        ``asset.device``.
    points : mapping
        Profile point → point of this site, for those that the site wants.
    link : Link
        The connection, which other units may share.
    period : float
        Of the fast poll class; slow points are read every ``profile.poll.slow``. [s]
    timeout : float or None
        Longest time to a response; default: the profile's, but less than the period. [s]
    phase : float
        Share of the period by which polling starts later, so that devices do not poll in step.
    """

    def __init__(
        self,
        *,
        name: str,
        profile: Profile,
        points: Mapping[str, Point],
        link: ModbusLink,
        unit: int,
        clock: Clock,
        period: float,
        timeout: float | None = None,
        phase: float = 0.0,
        retry_refused: float = RETRY_REFUSED,
    ) -> None:
        self.metrics = DriverMetrics()
        self._name = name
        self._points = {point.index: point.id for point in points.values()}
        self._link = link
        self._clock = clock
        self._period = period
        self._phase = phase * period
        self._slow_every = max(1, round(profile.poll.slow / period))
        self._retry_every = max(1, round(retry_refused / period))
        wait = timeout or min(profile.timeout, _SHARE_OF_PERIOD * period)
        self._reader = DeviceReader(profile, points, link, unit, wait, clock)
        self._writer = DeviceWriter(profile, points, link, unit, wait, self._read_back)
        self._turn = asyncio.Lock()
        self._back_off = BackOff(period, random.Random(name))  # noqa: S311 (spreads load)
        self._sink: FrameSink | None = None
        self._connected = False
        self._reported: int | None = None
        self._occupied = 0.0

    @property
    def name(self) -> str:
        """``asset.device``."""
        return self._name

    @property
    def points(self) -> Mapping[int, str]:
        """Indices of the points that it feeds, with their catalogue ids."""
        return self._points

    @property
    def link(self) -> ModbusLink:
        """The connection that it takes turns on."""
        return self._link

    @property
    def connected(self) -> bool:
        """Whether the last poll succeeded."""
        return self._connected

    @property
    def refused(self) -> Mapping[str, str]:
        """Points that the device answers with an exception, and with which."""
        return {name: str(answer) for name, answer in self._reader.refused.items()}

    async def run(self, sink: FrameSink) -> None:
        """Poll for ever, with the slow points every so many ticks."""
        loop = asyncio.get_running_loop()
        self._sink = sink
        self._link.join()
        schedule = PollSchedule(loop.time() + self._phase, self._period)
        try:
            while True:
                due = schedule.next(loop.time())
                self.metrics.missed = schedule.missed
                await asyncio.sleep(due - loop.time())
                await self._poll(schedule.tick, due)
                self._note_load(self._period)
                if not self._connected:
                    await self._await_return(schedule.tick)
                    schedule.resume(loop.time())
        finally:
            self._sink = None
            self._connected = False
            await self._link.leave()

    async def poll(self, sink: FrameSink) -> None:
        """Read every point once, for a caller that keeps its own time instead of `run`."""
        self._sink = sink
        await self._poll(0)

    async def close(self) -> None:
        """Close the connection; the next request opens it again."""
        await self._link.close()

    async def write(self, point: int, value: float) -> WriteOutcome:
        """Write one point and read it back."""
        outcome = await self._writer.write(point, value)
        self.metrics.writes += 1
        self.metrics.unconfirmed_writes += outcome.state is not WriteState.CONFIRMED
        return outcome

    async def _await_return(self, tick: int) -> None:
        while not self._connected:
            pause = self._back_off.pause()
            await asyncio.sleep(pause)
            await self._poll(tick)
            self._note_load(max(self._period, pause + self.metrics.duration))

    async def _poll(self, tick: int, due: float | None = None) -> None:
        started = asyncio.get_running_loop().time()
        self.metrics.polls += 1
        everything = not self._connected or tick % self._slow_every == 0
        try:
            async with self._turn:
                frame = await self._read_twice(everything)
                if due is not None:
                    self._note_lateness(self._reader.began - due)
                self._emit(frame)
                if self._reader.refused and tick % self._retry_every == 0:
                    self._emit(await self._reader.retry_one())
        except LinkError as error:
            self.metrics.failed_polls += 1
            self._report_dead(error)
        else:
            self._report_alive()
        self.metrics.exceptions = self._reader.exceptions
        self.metrics.duration = asyncio.get_running_loop().time() - started

    async def _read_twice(self, everything: bool) -> Frame:
        """Read; try once more on a fresh connection if a device that lived does not answer.

        A single lost packet or a reboot of the gateway so makes no gap in the data.
        """
        try:
            return await self._reader.read(everything=everything)
        except LinkError as error:
            if isinstance(error, NotSentError) or not self._connected:
                raise
            return await self._reader.read(everything=everything)

    async def _read_back(self, point: ProfilePoint) -> Frame:
        """Read one point between polls, so that no older sample is emitted after it."""
        async with self._turn:
            frame = await self._reader.read_point(point)
            self._emit(frame)
            return frame

    def _emit(self, frame: Frame | None) -> None:
        if frame is not None and len(frame) and self._sink is not None:
            self._sink(frame)

    def _report_dead(self, error: LinkError) -> None:
        """Make every point Bad, once for each reason."""
        if self._connected or self._reported is None:
            log.warning("device lost", device=self._name, reason=str(error))
        self._connected = False
        self._reader.forget()
        if self._reported != error.status:
            self._reported = error.status
            self._emit(Frame.bad(list(self._points), error.status, self._clock.now()))

    def _report_alive(self) -> None:
        if not self._connected:
            log.info("device answers", device=self._name)
        self._connected = True
        self._reported = None
        self._back_off.reset()

    def _note_lateness(self, lateness: float) -> None:
        self.metrics.lateness = lateness
        self.metrics.worst_lateness = max(self.metrics.worst_lateness, lateness)

    def _note_load(self, period: float) -> None:
        """Tell the link what was asked of it since the last time, every ``period``. [s]"""
        before, self._occupied = self._occupied, self._reader.occupied
        self._link.load.note(self._name, self._occupied - before, period)
