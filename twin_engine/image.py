"""The image: the latest value, status and time of every point, and who is told of news."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.drivers.frame import Frame, Statuses, Times, Values
from heatpump_twin.drivers.protocol import FrameSink
from heatpump_twin.drivers.status import BAD_WAITING_FOR_INITIAL_DATA
from heatpump_twin.twin_engine.failure_log import FailureLog


class Image:
    """Arrays over the table: ``value`` float64[n], ``status`` uint32[n], ``time`` int64[n]."""

    def __init__(self, table: PointTable, now: int) -> None:
        n = len(table)
        self.table = table
        self.value: Values = np.full(n, np.nan)
        self.status: Statuses = np.full(n, BAD_WAITING_FOR_INITIAL_DATA, dtype=np.uint32)
        self.time: Times = np.full(n, now, dtype=np.int64)
        self.judge: Callable[[Frame], Frame] | None = None
        """Lowers the status of values that cannot be, before anybody sees them."""
        self._sinks: list[FrameSink] = []
        self._failures = FailureLog("what is told of new values fails", "sink")

    def grow(self, now: int) -> None:
        """Append rows for points added to the table, each waiting for its first value."""
        # Rows are only ever appended: indices are in frames under way and in arrays of others
        # (ADR 8).
        more = len(self.table) - len(self.value)
        self.value = np.append(self.value, np.full(more, np.nan))
        waiting = np.full(more, BAD_WAITING_FOR_INITIAL_DATA, dtype=np.uint32)
        self.status = np.append(self.status, waiting)
        self.time = np.append(self.time, np.full(more, now, dtype=np.int64))

    def subscribe(self, sink: FrameSink) -> None:
        """Call ``sink`` with every frame, after the image holds it. A sink must not block."""
        self._sinks.append(sink)

    @property
    def sinks(self) -> tuple[FrameSink, ...]:
        """Sinks that are called with every frame, in this order."""
        return tuple(self._sinks)

    def ingest(self, frame: Frame) -> None:
        """Store a frame and pass it to all sinks. Of a point that occurs twice the later stays.

        A sink that raises is logged once until it works again; the others have the frame as ever.
        """
        if not len(frame):
            return
        frame = self._judged(frame)
        self.value[frame.point] = frame.value
        self.status[frame.point] = frame.status
        self.time[frame.point] = frame.time
        # The arrays are written first: the deriver, itself a sink, reads the image and not the
        # frame. Sinks run in the order of subscription, so what derives stands before what tells
        # clients.
        for sink in self._sinks:
            try:
                sink(frame)
            except Exception:  # noqa: BLE001 (the boundary of one sink: the others go on)
                self._failures.failed(_name_of(sink))
            else:
                # Asked first: finding the name of a sink for each frame would cost more than the
                # call.
                if self._failures.failing:
                    self._failures.worked(_name_of(sink))

    def _judged(self, frame: Frame) -> Frame:
        if self.judge is None:
            return frame
        try:
            judged = self.judge(frame)
        except Exception:  # noqa: BLE001 (the boundary of the judge: values go on as they came)
            self._failures.failed(_name_of(self.judge))
            return frame
        if self._failures.failing:
            self._failures.worked(_name_of(self.judge))
        return judged


def _name_of(sink: Callable[..., object]) -> str:
    return getattr(sink, "__qualname__", repr(sink))
