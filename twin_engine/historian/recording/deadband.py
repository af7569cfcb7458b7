"""Thin out samples for recording: deadband, heartbeat, and the sample before a step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA


class Deadband:
    """Deadband filter of all points; a trend through the recorded samples looks the same.

    A sample is kept when its value left the deadband around the last one kept, when its status
    differs from it, or when ``max_interval`` has passed since. The sample before it, if it was left
    out, is kept too: without it a step would look like a ramp that began long ago.

    Parameters
    ----------
    deadband : array-like of shape (n,)
        Smallest change worth recording, for every point of the table. [unit of the point]
    max_interval : float
        A value is recorded again after this time even if it stays the same. [s]
    """

    def __init__(self, deadband: ArrayLike, max_interval: float) -> None:
        self._deadband = np.empty(0)
        self._max_interval = round(max_interval * 1e6)
        self._kept = Frame.of([], [], [], [])
        self._seen = Frame.of([], [], [], [])
        self._known: NDArray[np.bool_] = np.empty(0, dtype=bool)
        self._left_out: NDArray[np.bool_] = np.empty(0, dtype=bool)
        self.grow(deadband)

    def grow(self, deadband: ArrayLike) -> None:
        """Append points that were added to the table, with the deadband of each."""
        more = np.asarray(deadband, dtype=np.float64)
        first = len(self._deadband)
        fresh = Frame.of(np.arange(first, first + len(more)), np.nan, 0, 0)
        self._deadband = np.append(self._deadband, more)
        self._kept = Frame.concat([self._kept, fresh])
        self._seen = Frame.concat([self._seen, fresh])
        nothing = np.zeros(len(more), dtype=bool)
        self._known = np.append(self._known, nothing)
        self._left_out = np.append(self._left_out, nothing)

    def keep(self, frame: Frame) -> Frame:
        """Return the samples of a frame that are to be recorded, and remember the frame."""
        return Frame.concat([part for once in _each_point_once(frame) for part in self._keep(once)])

    def close(self, now: int) -> Frame:
        """Return the samples left out last, and a gap marker (BadNoData) for each known point."""
        points = np.flatnonzero(self._known)
        last = self._take(self._left_out)
        # After the last sample even where its device's clock is ahead of ours: a gap marker
        # before it would leave the trend open.
        after = np.maximum(self._seen.time[points] + 1, now)
        self._known[:] = False
        self._left_out[:] = False
        return Frame.concat([last, Frame.of(points, np.nan, BAD_NO_DATA, after)])

    def _keep(self, frame: Frame) -> tuple[Frame, Frame]:
        p = frame.point
        with np.errstate(invalid="ignore"):
            moved = np.abs(frame.value - self._kept.value[p]) > self._deadband[p]
        # NaN compares as not moved, so a value that vanishes or comes back is asked for by
        # itself.
        moved |= np.isnan(frame.value) != np.isnan(self._kept.value[p])
        # A change of quality is always kept, whatever the deadband: it says what the value is
        # worth.
        changed = ~self._known[p] | moved | (frame.status != self._kept.status[p])
        # A clock that was set back must not silence a point, hence the absolute value.
        due = np.abs(frame.time - self._kept.time[p]) >= self._max_interval
        keep = changed | due

        before_break = np.zeros(len(self._known), dtype=bool)
        # Only before a change, not before a heartbeat: there the line is level and one sample
        # will do.
        before_break[p[changed]] = self._left_out[p[changed]]
        previous = self._take(before_break)

        kept = Frame(p[keep], frame.value[keep], frame.status[keep], frame.time[keep])
        _store(self._kept, kept)
        _store(self._seen, frame)
        self._known[p] = True
        self._left_out[p] = ~keep
        return previous, kept

    def _take(self, mask: NDArray[np.bool_]) -> Frame:
        points = np.flatnonzero(mask)
        seen = self._seen
        return Frame.of(points, seen.value[points], seen.status[points], seen.time[points])


def _store(arrays: Frame, frame: Frame) -> None:
    arrays.value[frame.point] = frame.value
    arrays.status[frame.point] = frame.status
    arrays.time[frame.point] = frame.time


def _each_point_once(frame: Frame) -> Iterator[Frame]:
    """Split a frame in which points recur, so that whole-array operations see each point once."""
    while len(frame):
        _, first = np.unique(frame.point, return_index=True)
        if len(first) == len(frame):
            yield frame
            return
        rest = np.ones(len(frame), dtype=bool)
        rest[first] = False
        first.sort()
        yield Frame(frame.point[first], frame.value[first], frame.status[first], frame.time[first])
        frame = Frame(frame.point[rest], frame.value[rest], frame.status[rest], frame.time[rest])
