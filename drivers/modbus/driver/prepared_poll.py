"""The requests of one poll, made once, and the frame that their responses become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from heatpump_twin.drivers.frame import Frame, Points
from heatpump_twin.drivers.modbus.profile.block_decoder import BlockDecoder
from heatpump_twin.drivers.modbus.profile.poll_plan import ReadBlock, whole_points
from heatpump_twin.drivers.modbus.profile.profile import Profile
from heatpump_twin.drivers.modbus.wire.request import Request


@dataclass(slots=True)
class TakenBlocks:
    """The blocks that were answered in one poll, with the data and the time of each."""

    blocks: list[ReadBlock] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    times: list[int] = field(default_factory=list)

    def add(self, block: ReadBlock, data: bytes, time: int) -> None:
        """Append an answered block."""
        self.blocks.append(block)
        self.answers.append(data)
        self.times.append(time)

    def replace(self, block: ReadBlock, data: bytes, time: int) -> None:
        """Append an answered block, or replace an older answer to it."""
        for place, known in enumerate(self.blocks):
            if known is block:
                self.answers[place], self.times[place] = data, time
                return
        self.add(block, data, time)


class PreparedPoll:
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
