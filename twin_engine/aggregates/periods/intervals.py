"""The intervals of a time range (OPC 10000-13, 5.4.2.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Times

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Intervals that adjoin, from past to future: arrays of shape (m,), times in µs.

    Forwards an interval has its early edge and not its late one, [early, late); backwards it begins
    at its late edge, (early, late].
    """

    early: Times
    late: Times
    cut: Flags
    """Shorter than asked for: what remains at the end of the range."""
    backwards: bool = False

    def __len__(self) -> int:
        return len(self.early)

    @property
    def begin(self) -> Times:
        """Where each interval begins, which is the time of its result."""
        return self.late if self.backwards else self.early

    def until(self, time: int) -> Intervals:
        """Return those that end at a time or before; backwards, at it or after."""
        done = self.early >= time if self.backwards else self.late <= time
        return Intervals(self.early[done], self.late[done], self.cut[done], self.backwards)


@dataclass(frozen=True, slots=True)
class Range:
    """A time range in intervals of one length, counted from its start. [µs]"""

    start: int
    end: int
    length: int

    @classmethod
    def of(cls, start: int, end: int, length: int) -> Range:
        """Return the range from start to end; a length of 0 makes one interval of it."""
        span = abs(end - start)
        return cls(start, end, min(length, span) if length > 0 else span)

    def __len__(self) -> int:
        return -(-abs(self.end - self.start) // self.length) if self.length else 0

    def part(self, first: int, count: int) -> Intervals:
        """Return up to ``count`` intervals from number ``first`` on, from past to future."""
        number = np.arange(first, min(first + count, len(self)), dtype=np.int64)
        backwards = self.end < self.start
        way = -1 if backwards else 1
        begin = self.start + way * number * self.length
        finish = begin + way * self.length
        cut = (finish > self.end) if way > 0 else (finish < self.end)
        finish = np.where(cut, self.end, finish)
        if backwards:
            return Intervals(finish[::-1], begin[::-1], cut[::-1], backwards=True)
        return Intervals(begin, finish, cut)
