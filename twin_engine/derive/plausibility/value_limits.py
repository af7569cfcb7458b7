"""Limits and pace of each point of the table: what a single sensor's samples tell by themselves."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import Point
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Frame, Points, Values
from heatpump_twin.twin_engine.derive.plausibility.fleet_view import Mask
from heatpump_twin.twin_engine.derive.plausibility.possible_values import (
    SETTLED,
    Place,
    pace_of,
    span_of,
)


class ValueLimits:
    """Arrays over the table, of shape (n,): the limits of each point, and where it was last."""

    def __init__(self) -> None:
        self._low, self._high = np.empty(0), np.empty(0)
        self._step, self._rate, self._most = np.empty(0), np.empty(0), np.empty(0)
        self._apart = np.empty(0)
        self._level, self._landed = np.empty(0), np.empty(0)
        self._time = np.empty(0, dtype=np.int64)
        self._since = np.empty(0, dtype=np.int64)
        """When it jumped; 0: it has not."""

    def grow(self, size: int) -> None:
        """Append points that nothing is known of."""
        n = size - len(self._low)
        self._low = np.append(self._low, np.full(n, -np.inf))
        self._high = np.append(self._high, np.full(n, np.inf))
        self._step = np.append(self._step, np.full(n, np.inf))
        self._rate = np.append(self._rate, np.zeros(n))
        self._most = np.append(self._most, np.full(n, np.inf))
        self._apart = np.append(self._apart, np.zeros(n))
        self._level = np.append(self._level, np.full(n, np.nan))
        self._landed = np.append(self._landed, np.full(n, np.nan))
        self._time = np.append(self._time, np.zeros(n, dtype=np.int64))
        self._since = np.append(self._since, np.zeros(n, dtype=np.int64))

    def know(self, points: Iterable[Point], place: Place) -> None:
        """Take what the points of a heat pump can be."""
        for point in points:
            self._low[point.index], self._high[point.index] = span_of(point, place)
            if (pace := pace_of(point)) is not None:
                self._step[point.index], self._rate[point.index] = pace.step, pace.rate
                self._most[point.index] = pace.most
                self._apart[point.index] = pace.apart * MICROSECONDS

    def outside(self, frame: Frame) -> Mask:
        """Tell which samples of a frame are beyond their limits."""
        p = frame.point
        return np.asarray((frame.value < self._low[p]) | (frame.value > self._high[p]))

    def jumped(self, frame: Frame, believed: Mask) -> Mask:
        """Tell which samples are farther from the last one than their pace allows.

        A point that jumped is not believed until it is back, or has moved at its new level for
        half an hour.
        """
        jumped = np.zeros(len(frame), dtype=bool)
        paced = self._apart[frame.point] > 0
        if paced.any():
            paced &= believed
            jumped[paced] = self._judge(frame.point[paced], frame.value[paced], frame.time[paced])
        return jumped

    def _judge(self, p: Points, value: Values, time: NDArray[np.int64]) -> Mask:
        apart = time - self._time[p]
        followed = (apart >= 0) & (apart <= self._apart[p])
        # Counted from the sample before and not from the last that was believed: with time, any
        # value could be reached.
        away = self._step[p] + self._rate[p] * np.maximum(apart, 0) / MICROSECONDS
        away = np.minimum(away, self._most[p])
        since = self._since[p]
        far = followed & (np.abs(value - self._level[p]) > away)
        settled = (since > 0) & (time - since > SETTLED * MICROSECONDS)
        far &= ~(settled & (value != self._landed[p]))
        new = far & (since == 0)
        self._since[p] = np.where(new, time, np.where(far, since, 0))
        self._landed[p] = np.where(new, value, self._landed[p])
        self._level[p] = np.where(far, self._level[p], value)
        self._time[p] = time
        return np.asarray(far)
