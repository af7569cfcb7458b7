"""Read the points of one device by its plan, and find out which of them it refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from heatpump_twin.config.catalogue import Point
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Frame, Points
from heatpump_twin.drivers.modbus.block import BlockDecoder
from heatpump_twin.drivers.modbus.link import Link
from heatpump_twin.drivers.modbus.plan import ReadBlock, plan
from heatpump_twin.drivers.modbus.profile import PollClass, Profile, ProfilePoint
from heatpump_twin.drivers.modbus.request import ModbusExceptionError, Request


@dataclass(frozen=True, slots=True)
class _Read:
    """A prepared request with what decodes its response."""

    block: ReadBlock
    request: Request
    decoder: BlockDecoder
    points: Points


class DeviceReader:
    """Reads blocks, and splits one that the device answers with an exception.

    Splitting goes on until the refused point is alone. It then counts as `refused`, is left out of
    the plan and only tried again by `retry_one`.
    """

    def __init__(
        self,
        profile: Profile,
        points: Mapping[str, Point],
        link: Link,
        unit: int,
        timeout: float,
        clock: Clock,
    ) -> None:
        self.refused: dict[str, ModbusExceptionError] = {}
        self.exceptions = 0
        self._profile = profile
        self._points = points
        self._link = link
        self._unit = unit
        self._timeout = timeout
        self._clock = clock
        self._wanted = [point for point in profile.samples if point.point in points]
        self._news: list[Frame] = []
        self._all: list[_Read] = []
        self._fast: list[_Read] = []
        self._replan()

    def forget(self) -> None:
        """Start from the plain plan again, as after a reboot of the device."""
        self.refused = {}
        self._news = []
        self._replan()

    async def read(self, *, everything: bool) -> Frame:
        """Read the fast points, or all of them, into one frame. Raises `LinkError`.

        A point that is refused is in the frame once, with a Bad status; not again until it changes.
        """
        reads = self._all if everything else self._fast
        frames: list[Frame] = []
        index = 0
        while index < len(reads):
            try:
                frames.append(await self._read(reads[index]))
                index += 1
            except ModbusExceptionError as answer:
                self.exceptions += 1
                if not answer.concerns_addresses:
                    raise
                if len(reads[index].block.points) > 1:
                    reads[index : index + 1] = map(self._prepare, reads[index].block.halves())
                else:
                    self._refuse(reads.pop(index), answer)
                    self._replan(keep=reads)
        news, self._news = self._news, []
        return Frame.concat(frames + news)

    async def read_point(self, point: ProfilePoint) -> Frame:
        """Read one point alone. Raises `LinkError`."""
        return await self._read(self._prepare(ReadBlock(point.space, (point,))))

    async def retry_one(self) -> Frame | None:
        """Try the point again that has been refused for longest. Raises `LinkError`."""
        if not self.refused:
            return None
        name = next(iter(self.refused))
        try:
            frame = await self.read_point(self._profile.by_name[name])
        except ModbusExceptionError as answer:
            self.exceptions += 1
            del self.refused[name]
            self.refused[name] = answer  # at the end: the others have their turn first
            return None
        del self.refused[name]
        self._replan()
        return frame

    async def _read(self, read: _Read) -> Frame:
        data = await self._link.request(read.request, self._timeout, self._profile.pause)
        value, status = read.decoder.decode(data)
        time = np.full(len(value), self._clock.now(), dtype=np.int64)
        return Frame(read.points, value, status, time)

    def _refuse(self, read: _Read, answer: ModbusExceptionError) -> None:
        self.refused[read.block.points[0].point] = answer
        self._news.append(Frame.bad(read.points, answer.status, self._clock.now()))

    def _replan(self, keep: list[_Read] | None = None) -> None:
        """Plan anew without the refused points; ``keep`` is the plan that is being refined."""
        wanted = [point for point in self._wanted if point.point not in self.refused]
        fast = [point for point in wanted if point.poll is PollClass.FAST]
        if keep is None or keep is not self._all:
            self._all = self._prepared(wanted)
        if keep is None or keep is not self._fast:
            self._fast = self._prepared(fast)

    def _prepared(self, wanted: Iterable[ProfilePoint]) -> list[_Read]:
        return [self._prepare(block) for block in plan(self._profile, wanted)]

    def _prepare(self, block: ReadBlock) -> _Read:
        return _Read(
            block,
            Request.read(self._unit, block.space, block.address, block.count),
            BlockDecoder(self._profile, block),
            np.array([self._points[p.point].index for p in block.points], dtype=np.int32),
        )
