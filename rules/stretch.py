"""A stretch of time: many slots, with the values of all points at each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Frame
from heatpump_twin.rules.feed import Feed

Slots = Sequence[tuple[int, Frame]]
"""Times at which something changes, each with its samples. [µs]"""
FEWEST = 12
"""So many slots are a stretch; fewer are gone through one by one."""
_MOST = 2048
_MOST_VALUES = 1_000_000
"""Of slots and points."""


class Stretch:
    """Slots one after the other, and what a feed has of all points at each of them.

    ``value`` and ``status`` are arrays of shape (slots, points).
    """

    def __init__(self, feed: Feed, slots: Slots) -> None:
        self._feed = feed
        self.time = np.array([slot for slot, _ in slots], dtype=np.int64)
        """[µs]"""
        self._samples = [samples for _, samples in slots]
        frame = Frame.concat(self._samples)
        row = np.repeat(np.arange(len(slots)), [len(samples) for samples in self._samples])
        # The latest sample of each point: of two in a slot the later one stays, as in `Feed.apply`.
        latest = np.full((len(slots), len(feed.value)), -1)
        latest[row, frame.point] = np.arange(len(frame))
        latest = np.maximum.accumulate(latest, axis=0)
        self.value = np.where(latest < 0, feed.value, frame.value[latest])
        self.status = np.where(latest < 0, feed.status, frame.status[latest])
        self._before = feed.value, feed.status

    @property
    def end(self) -> int:
        """Its last slot. [µs]"""
        return int(self.time[-1])

    def samples_at(self, moment: int) -> Frame:
        """Return the samples of the last slot that is not later than a moment. [µs]"""
        return self._samples[self._row(moment)]

    def show(self, moment: int) -> None:
        """Let the feed have what is so at a moment. [µs]"""
        row = self._row(moment)
        self._feed.value, self._feed.status = self.value[row], self.status[row]
        self._feed.done = int(self.time[row])

    def _row(self, moment: int) -> int:
        return int(np.searchsorted(self.time, moment, side="right")) - 1

    def leave(self) -> None:
        """Let the feed have what is so at the end, as its own."""
        self.show(self.end)
        self._feed.value, self._feed.status = self._feed.value.copy(), self._feed.status.copy()

    def changes(self, points: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell at which slots one of some points is not what it was before."""
        value = np.vstack((self._before[0][points], self.value[:, points]))
        status = np.vstack((self._before[1][points], self.status[:, points]))
        return differs(value) | differs(status.astype(np.float64))


def differs(rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which rows, the first left out, are not as the one before; NaN is as NaN."""
    here, before = rows[1:], rows[:-1]
    same = (here == before) | (np.isnan(here) & np.isnan(before))
    found: NDArray[np.bool_] = ~same.all(axis=1)
    return found


def in_stretches(slots: Slots, done: int, points: int, silence: int) -> Iterator[Slots]:
    """Cut slots where nothing was known before one, and where they are too many for one look."""
    most = max(min(_MOST, _MOST_VALUES // max(points, 1)), 1)
    time = np.array([done, *(slot for slot, _ in slots)], dtype=np.int64)
    unknown = np.flatnonzero(np.diff(time) > silence).tolist()
    # One that comes after a silence is by itself: the stretch begins with the next.
    edges = sorted({0, len(slots), *unknown, *(place + 1 for place in unknown)})
    for begin, end in pairwise(edges):
        for first in range(begin, end, most):
            yield slots[first : min(first + most, end)]
