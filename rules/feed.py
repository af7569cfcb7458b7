"""What rules see: the values of all points by the time of their source, slot by slot.

The order in which frames come, how many come together and when somebody looks must not decide
what is an alarm. So samples wait here until all of a slot are there; then they count together.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.drivers.frame import Frame, Statuses, Values
from heatpump_twin.drivers.status import BAD_WAITING_FOR_INITIAL_DATA
from heatpump_twin.twin_engine.image import Image

_BEGINNING = -(2**62)


class Feed:
    """Values of all points at a slot: the latest sample of each that is not later.

    Parameters
    ----------
    slot : int
        Length of a slot; all samples of it count from its end. [µs]
    """

    def __init__(self, table: PointTable, slot: int) -> None:
        self._table, self._slot = table, slot
        self.value: Values = np.empty(0)
        self.status: Statuses = np.empty(0, dtype=np.uint32)
        self._grow()
        self.done = _BEGINNING
        """The last slot that was looked at. [µs]"""
        self._waiting: list[Frame] = []

    def follow(self, image: Image) -> None:
        """Take all that the image holds, and from now on what it is told."""
        self.value, self.status = image.value.copy(), image.status.copy()
        image.subscribe(self.take)

    def _grow(self) -> None:
        """Add rows for points that were added to the table; none has a value yet."""
        more = len(self._table) - len(self.value)
        if more:
            self.value = np.append(self.value, np.full(more, np.nan))
            waits = np.full(more, BAD_WAITING_FOR_INITIAL_DATA, dtype=np.uint32)
            self.status = np.append(self.status, waits)

    def take(self, frame: Frame) -> None:
        """Let samples wait for their slot."""
        self._waiting.append(frame)

    def was_set_back(self, to: int) -> bool:
        """Tell whether a clock was set back to a time; what waits is then from that time. [µs]"""
        if to >= self.done - self._slot:
            return False
        self.done = to // self._slot * self._slot - self._slot
        self._waiting = [
            Frame(frame.point, frame.value, frame.status, np.minimum(frame.time, to))
            for frame in self._waiting
        ]
        return True

    def slots(self, to: int) -> Iterator[tuple[int, Frame]]:
        """Give each slot until a time at which something changes, in order, to be applied.

        What comes late counts with the slot that is the next: the past is not judged again. [µs]
        """
        if self.done == _BEGINNING:
            # What was before is not judged.
            self.done = to // self._slot * self._slot - self._slot
        if not self._waiting:
            return
        self._grow()
        frame, slot = self._sorted()
        count = int(np.searchsorted(slot, to, side="right"))
        rest = slice(count, None)
        self._waiting = [] if count == len(slot) else [_part(frame, rest)]
        begins = np.flatnonzero(np.diff(slot[:count], prepend=_BEGINNING)).tolist()
        for begin, end in pairwise([*begins, count]):
            yield int(slot[begin]), _part(frame, slice(begin, end))

    def apply(self, slot: int, samples: Frame) -> None:
        """Take the samples of a slot, which now counts. [µs]"""
        # In order of time: of two samples of a point the later one stays.
        self.value[samples.point] = samples.value
        self.status[samples.point] = samples.status
        self.done = slot

    def _sorted(self) -> tuple[Frame, np.ndarray[tuple[int], np.dtype[np.int64]]]:
        """Return all samples that wait and their slots, in order of time."""
        frame = Frame.concat(self._waiting)
        slot = -(-frame.time // self._slot) * self._slot
        slot = np.maximum(slot, self.done + self._slot)
        order = np.lexsort((frame.time, slot))
        return _part(frame, order), slot[order]


def _part(frame: Frame, part: slice | np.ndarray[tuple[int], np.dtype[np.int64]]) -> Frame:
    return Frame(frame.point[part], frame.value[part], frame.status[part], frame.time[part])
