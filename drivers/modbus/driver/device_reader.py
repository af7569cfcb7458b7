"""Read the points of one device by its plan, and find out which of them it refuses."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from heatpump_twin.config.catalogue import Point
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Frame, Points
from heatpump_twin.drivers.modbus.profile.block_decoder import BlockDecoder
from heatpump_twin.drivers.modbus.profile.poll_plan import (
    ReadBlock,
    lone_blocks,
    plan,
    whole_points,
)
from heatpump_twin.drivers.modbus.profile.profile import PollClass, Profile, ProfilePoint
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.modbus.wire.request import ModbusExceptionError, Request


class DeviceReader:
    """Read blocks of registers, and split one that the device answers with an exception.

    Splitting goes on until the refused point is alone. It then counts as `refused`, is left out of
    the plan and only tried again by `retry_one`.
    """

    def __init__(
        self,
        profile: Profile,
        points: Mapping[str, Point],
        link: ModbusLink,
        unit: int,
        timeout: float,
        clock: Clock,
    ) -> None:
        self.refused: dict[str, ModbusExceptionError] = {}
        """Points that the device refuses, with its answers; the longest refused one first."""
        self.exceptions = 0
        """Exception responses since the start."""
        self.began = 0.0
        """When the last poll's first answered request left, by the loop's clock. [s]"""
        self.occupied = 0.0
        """How long its requests have kept the link from others, since the start. [s]"""
        self._profile = profile
        self._index = {name: point.index for name, point in points.items()}
        self._link = link
        self._unit = unit
        self._timeout = timeout
        self._clock = clock
        self._wanted = [point for point in profile.samples if point.point in points]
        self._news: list[Frame] = []
        self._polls: dict[bool, _Poll] = {}
        """By whether it is one of everything or of the fast points only."""
        self._replan()

    def forget(self) -> None:
        """Forget the refused points and go back to the plain poll plan, as after a reboot."""
        self.refused = {}
        self._news = []
        self._replan()

    async def read(self, *, everything: bool) -> Frame:
        """Read the fast points, or all of them, into one frame. Raises `LinkError`.

        A point that is refused is in the frame once, with a Bad status; not again until it changes.
        """
        poll = self._polls[everything]
        answers: list[bytes] = []
        times: list[int] = []
        while len(answers) < len(poll.requests):
            try:
                answers.append(await self._request(poll.requests[len(answers)]))
            except ModbusExceptionError as answer:
                self.exceptions += 1
                if not answer.concerns_addresses:  # to split the block would not help
                    raise
                # Only blocks from this one on change, so that the answers so far stay in place.
                self._refine(poll.blocks, len(answers), answer, everything=everything)
                poll = self._polls[everything]
            else:
                # Each block has a source time of its own: a poll of many may take seconds.
                times.append(self._clock.now())
                if len(times) == 1:
                    self.began = self._link.sent_at
        news, self._news = self._news, []
        frame = poll.frame(answers, times)
        return Frame.concat([frame, *news]) if news else frame

    async def read_point(self, point: ProfilePoint) -> Frame:
        """Read one point alone, with requests of its own. Raises `LinkError`."""
        poll = self._prepared(lone_blocks(point))
        answers, times = [], []
        for request in poll.requests:
            answers.append(await self._request(request))
            times.append(self._clock.now())
        return poll.frame(answers, times)

    async def read_held(self, point: ProfilePoint) -> list[int]:
        """Return the words that are held where a point is written. Raises `LinkError`."""
        rules, space = point.write, point.write_space
        if rules is None or space is None:
            raise ValueError(f"{point.point} cannot be written")
        request = Request.read(self._unit, space, point.write_address, point.size)
        data = await self._request(request)
        words = list(struct.unpack(f">{point.size}H", data))
        if point.scale_factor_address is not None:
            request = Request.read(self._unit, point.space, point.scale_factor_address, 1)
            words.append(int.from_bytes(await self._request(request), "big"))
        return words

    async def retry_one(self) -> Frame | None:
        """Read the point again that has been refused for longest. Raises `LinkError`."""
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

    async def _request(self, request: Request) -> bytes:
        try:
            return await self._link.request(request, self._timeout, self._profile.pause)
        finally:  # a request that failed has kept the link from others as well
            self.occupied += self._link.occupied

    def _refine(
        self,
        blocks: Sequence[ReadBlock],
        place: int,
        answer: ModbusExceptionError,
        *,
        everything: bool,
    ) -> None:
        """Split a refused block, or leave it out of both polls if it is one point alone."""
        block = blocks[place]
        parts = block.halves() if len(block.points) > 1 else ()
        if not parts:
            (point,) = block.points
            self.refused[point.point] = answer
            self._news.append(Frame.bad(self._index[point.point], answer.status, self._clock.now()))
            self._replan()
        # The poll under way keeps its own blocks: a new plan would put its answers out of place.
        self._polls[everything] = self._prepared([*blocks[:place], *parts, *blocks[place + 1 :]])

    def _replan(self) -> None:
        """Plan both polls anew, without the refused points."""
        wanted = [point for point in self._wanted if point.point not in self.refused]
        fast = [point for point in wanted if point.poll is PollClass.FAST]
        self._polls = {
            True: self._prepared(plan(self._profile, wanted)),
            False: self._prepared(plan(self._profile, fast)),
        }

    def _prepared(self, blocks: Sequence[ReadBlock]) -> _Poll:
        return _Poll(self._profile, self._unit, self._index, blocks)


class _Poll:
    """The requests of one poll, and how their responses become a frame."""

    def __init__(
        self,
        profile: Profile,
        unit: int,
        index: Mapping[str, int],
        blocks: Sequence[ReadBlock],
    ) -> None:
        self.blocks = blocks
        self.requests = [Request.read(unit, b.space, b.address, b.count) for b in blocks]
        self._profile = profile
        whole = whole_points(blocks)
        self._points: Points = np.array([index[p.point] for p, _ in whole], dtype=np.int32)
        self._points.flags.writeable = False  # all its frames share it
        self._places = np.array([place for _, place in whole], dtype=np.intp)

    @cached_property
    def _decoder(self) -> BlockDecoder:
        """The decoder, made when it is first used: not for each step of splitting blocks."""
        return BlockDecoder(self._profile, self.blocks)

    def frame(self, answers: Sequence[bytes], times: Sequence[int]) -> Frame:
        """Return the samples in the data of the responses, each with the time of its response."""
        value, status = self._decoder.decode(b"".join(answers))
        time = np.array(times, dtype=np.int64)[self._places]
        return Frame(self._points, value, status, time)
