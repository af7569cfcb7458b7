"""Put samples of several places together: a point and a time make a sample, and the latest counts.

A correction is written like any sample. Where it meets what it corrects, in memory or in a block,
it takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heatpump_twin.drivers.frame import Frame
from heatpump_twin.twin_engine.history import Samples


def overlay(parts: Sequence[Samples]) -> Samples:
    """Return the samples of one point in order of time; of equal times the later part's counts."""
    joined = Samples.concat([part for part in parts if len(part)])
    if (joined.time[1:] > joined.time[:-1]).all():
        return joined  # one after the other, as nearly always
    order = np.argsort(joined.time, kind="stable")
    time = joined.time[order]
    order = order[np.append(time[1:] != time[:-1], True)]
    return joined[order]


def in_key_order(frame: Frame) -> Frame:
    """Sort by point and time, and keep the latest of samples with the same key."""
    # By point alone at first: it is a fraction of the work, and as samples come in order of time it
    # is nearly always enough.
    order = np.argsort(frame.point, kind="stable")
    point, time = frame.point[order], frame.time[order]
    if ((point[1:] != point[:-1]) | (time[1:] > time[:-1])).all():
        return part(frame, order)
    order = np.lexsort((frame.time, frame.point))  # stable: the later sample stays the later one
    point, time = frame.point[order], frame.time[order]
    last = np.ones(len(order), dtype=bool)
    last[:-1] = (point[1:] != point[:-1]) | (time[1:] != time[:-1])
    return part(frame, order[last])


def part(frame: Frame, which: slice | np.ndarray) -> Frame:
    """Return some of the samples of a frame."""
    return Frame(frame.point[which], frame.value[which], frame.status[which], frame.time[which])


def of_point(frame: Frame, point: int) -> Samples:
    """Return the samples of one point from a frame in the order of `in_key_order`."""
    # Of its own type: NumPy would convert the whole array to compare it with another.
    ends = np.array([point, point + 1], dtype=frame.point.dtype)
    low, high = np.searchsorted(frame.point, ends)
    inside = slice(low, high)
    return Samples(frame.value[inside], frame.status[inside], frame.time[inside])
