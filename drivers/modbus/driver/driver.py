"""The driver of one device: poll it every poll period, with a back-off, and write when told."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from heatpump_twin.config.catalogue import Point
from heatpump_twin.drivers.clock import SHORTEST_POLL, Clock, kept_period, real_period
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.driver.device_reader import RETRY_REFUSED, DeviceReader
from heatpump_twin.drivers.modbus.driver.device_requests import DeviceRequests
from heatpump_twin.drivers.modbus.driver.device_writer import DeviceWriter
from heatpump_twin.drivers.modbus.driver.poll_schedule import BackOff, PollSchedule
from heatpump_twin.drivers.modbus.driver.start_up import SetUp, StartUp
from heatpump_twin.drivers.modbus.profile.profile import PollClass, Profile, ProfilePoint
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.protocol import FrameSink, LinkError, WriteOutcome, WriteState

log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class DriverMetrics:
    """Counters since the start, and the last poll's figures. [s]"""

    polls: int = 0
    failed_polls: int = 0
    exceptions: int = 0
    exceptions_by_code: Mapping[int, int] = field(default_factory=dict)
    repeated: int = 0
    """Requests sent again after an exception."""
    refused: int = 0
    """Points that the device refuses now."""
    divided: int = 0
    """Blocks of the poll plan that the device answers in parts only."""
    missed: int = 0
    """Polls that were not over when the next one was due, and those left out because of it."""
    writes: int = 0
    unconfirmed_writes: int = 0
    duration: float = 0.0
    lateness: float = 0.0
    """From when the poll was due until its first request left."""
    worst_lateness: float = 0.0


class ModbusDriver:
    """Poll and write one Modbus device: a `heatpump_twin.drivers.protocol.Driver`.

    Parameters
    ----------
    name : str
        ``asset.device``.
    points : mapping
        Profile point → point of this site, for those that the site wants.
    link : ModbusLink
        The connection, which other units may share.
    unit : int
        Unit id of the device on the link.
    clock : Clock
        Gives the source time of the samples.
    period : float
        Poll period of the fast class; slow points are read every ``profile.poll.slow``. Both by the
        clock: one that goes fast has devices polled more often, as far as `SHORTEST_POLL` lets. [s]
    timeout : float or None
        Longest time to a response; default: the profile's. [s]
    phase : float
        Share of the period by which polling starts later, so that devices do not poll in step.
    retry_refused : float
        Time between attempts to read one of the points that were refused for long. [s]
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
        self._metrics = DriverMetrics()
        self._name = name
        self._points = {point.index: point.id for point in points.values()}
        self._link = link
        self._clock = clock
        self._period = real_period(period, clock.speed, SHORTEST_POLL)
        self._phase = phase * self._period
        # Where no point is slow, every poll is one of everything.
        has_slow = any(profile.by_name[name].poll is PollClass.SLOW for name in points)
        kept = kept_period(period, clock.speed, SHORTEST_POLL)
        self._slow_every = max(1, round(profile.poll.slow / kept)) if has_slow else 1
        link.expect(profile.connect_delay)
        requests = DeviceRequests(link, unit, timeout or profile.timeout, profile.pause)
        self._requests = requests
        self._reader = DeviceReader(profile, points, requests, clock, name, retry_refused)
        self._writer = DeviceWriter(profile, points, requests, self._read_back, self._read_held)
        self._start_up = StartUp(name, profile, requests)
        self._turn = asyncio.Lock()
        spread = random.Random(name)  # noqa: S311 (spreads load)
        self._back_off = BackOff(self._period, spread, link.options.back_off)
        self._sink: FrameSink | None = None
        self._connected = False
        self._reported: int | None = None
        self._occupied = 0.0

    @property
    def name(self) -> str:
        """``asset.device``."""
        return self._name

    @property
    def metrics(self) -> DriverMetrics:
        """Counters since the start, and the last poll's figures."""
        metrics, requests = self._metrics, self._requests
        metrics.exceptions_by_code = requests.exceptions
        metrics.exceptions = requests.exceptions.total()
        metrics.repeated = requests.repeated
        metrics.refused = len(self._reader.refused.by_name)
        metrics.divided = self._reader.divided
        return metrics

    @property
    def points(self) -> Mapping[int, str]:
        """Indices of the points that the device feeds, with their catalogue ids."""
        return self._points

    @property
    def link(self) -> ModbusLink:
        """The link on which the device's requests take their turns."""
        return self._link

    @property
    def connected(self) -> bool:
        """Whether the last poll succeeded."""
        return self._connected

    @property
    def refused(self) -> Mapping[str, str]:
        """Points that the device refuses, and what came instead of their values."""
        return {name: str(r.error) for name, r in self._reader.refused.by_name.items()}

    def carry_out_start_up(self, set_up: SetUp) -> None:
        """Say who carries out the start-up writes of the device; without that nobody does."""
        self._start_up.set_up = set_up

    async def run(self, sink: FrameSink) -> None:
        """Poll the device for ever: fast points every period, slow ones every so many periods."""
        loop = asyncio.get_running_loop()
        self._sink = sink
        self._link.join()
        schedule = PollSchedule(loop.time() + self._phase, self._period)
        try:
            while True:
                due = schedule.next(loop.time())
                self._metrics.missed = schedule.missed
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
        """Read all points once, for a caller that keeps its own time instead of `run`."""
        self._sink = sink
        await self._poll(0)

    async def close(self) -> None:
        """Close the connection of the link; the next request opens it again."""
        await self._link.close()

    async def write(self, point: int, value: float) -> WriteOutcome:
        """Write one point and read it back."""
        outcome = await self._writer.write(point, value)
        self._metrics.writes += 1
        self._metrics.unconfirmed_writes += outcome.state is not WriteState.CONFIRMED
        return outcome

    async def _await_return(self, tick: int) -> None:
        """Poll a dead device, with the pauses of the back-off, until it answers."""
        loop = asyncio.get_running_loop()
        lost = loop.time()
        while not self._connected:
            pause = self._back_off.pause(loop.time() - lost)
            await asyncio.sleep(pause)
            await self._poll(tick)
            # Its time-outs load the link as often as it is tried, which is not every period.
            self._note_load(max(self._period, pause + self._metrics.duration))

    async def _poll(self, tick: int, due: float | None = None) -> None:
        started = asyncio.get_running_loop().time()
        self._metrics.polls += 1
        # After an outage all points at once: the last samples of the slow ones are Bad as well.
        everything = not self._connected or tick % self._slow_every == 0
        try:
            async with self._turn:
                await self._start_up.before_poll(connected=self._connected)
                frame = await self._reader.read(everything=everything, dead=not self._connected)
                if due is not None:
                    self._note_lateness(self._reader.began - due)
                self._emit(frame)
                self._report_alive()
                if self._reader.has_more(everything=everything):
                    await self._reader.look_again(self._emit, everything=everything)
        # Only what goes wrong in the field. A bug of ours has to end the process, with its
        # traceback; caught here, it would look like a dead device.
        except LinkError as error:
            self._metrics.failed_polls += 1
            self._report_dead(error)
        if self._link.oddities.is_news:
            for remark in self._link.oddities.remarks():
                log.warning(remark, link=self._link.name)
        self._metrics.duration = asyncio.get_running_loop().time() - started

    async def _read_back(self, point: ProfilePoint) -> Frame:
        """Read one point between polls, so that no older sample is emitted after it."""
        async with self._turn:
            frame = await self._reader.read_point(point)
            self._emit(frame)
            return frame

    async def _read_held(self, point: ProfilePoint) -> Sequence[int]:
        """Read the registers of a point that is about to be written, between polls."""
        async with self._turn:
            return await self._reader.read_held(point)

    def _emit(self, frame: Frame | None) -> None:
        if frame is not None and len(frame) and self._sink is not None:
            self._sink(frame)

    def _report_dead(self, error: LinkError) -> None:
        """Emit Bad samples of every point, once for each status, and log the loss once."""
        if self._connected or self._reported is None:
            log.warning("device lost", device=self._name, reason=str(error))
        self._connected = False
        self._reader.forget()  # what it refused before says nothing of a device that was restarted
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
        self._metrics.lateness = lateness
        self._metrics.worst_lateness = max(self._metrics.worst_lateness, lateness)

    def _note_load(self, period: float) -> None:
        """Tell the link for how long the device's poll, one every ``period``, occupied it. [s]"""
        before, self._occupied = self._occupied, self._requests.occupied
        self._link.load.note(self._name, self._occupied - before, period)
