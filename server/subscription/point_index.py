"""Which points are watched, what they were when last looked at, and the rows of their items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from asyncua import ua
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Frame
from heatpump_twin.server.space.value_rows import Positions
from heatpump_twin.server.subscription.change_test import Column
from heatpump_twin.server.subscription.point_rows import NOWHERE, ItemRows, PointRows
from heatpump_twin.twin_engine.image import Image

NO_ROWS: ItemRows = np.empty(0, np.intp)
RECENT = 512
"""ItemRows that are not sorted at once, at least."""
WITH_TIME = 2
"""`ua.DataChangeTrigger.StatusValueTimestamp`."""


class _Found(NamedTuple):
    """Rows that were found for some points, in a version of the rows."""

    points: Positions
    rows: ItemRows
    version: int


class PointIndex:
    """The index from points to the rows of their items."""

    def __init__(self, image: Image, rows: PointRows) -> None:
        self._image = image
        self._rows = rows
        self._points: dict[ua.NodeId, int] = {}
        self._nodes: dict[int, ua.NodeId] = {}
        self._lost: dict[ua.NodeId, ItemRows] = {}
        self._order = NO_ROWS
        """ItemRows by their point, as they were when last sorted."""
        self._recent = NO_ROWS
        """ItemRows that came since."""
        self._latest = _Found(np.empty(0, np.intp), NO_ROWS, -1)
        self._grown = False
        """Whether rows came since the last look."""
        self._any_timed = False
        self._place = np.zeros(0, np.intp)
        self._begin = np.zeros(1, np.intp)
        self._watched = np.zeros(0, np.bool_)
        self._timed = np.zeros(0, np.bool_)
        self._value = np.zeros(0)
        self._status = np.zeros(0, np.uint32)
        self._time = np.zeros(0, np.int64)

    def point_of(self, node: ua.NodeId) -> int | None:
        """Return the point whose value a variable has."""
        return self._points.get(node)

    def node_of(self, point: int) -> ua.NodeId | None:
        """Return the variable that has a point's value."""
        return self._nodes.get(point)

    def follow(self, nodes: Mapping[int, ua.NodeId]) -> ItemRows:
        """Register the variables of points; return the rows of items that follow one again."""
        table = self._rows.table
        back = []
        for point, node in nodes.items():
            self._points[node] = point
            self._nodes[point] = node
            rows = self._lost.pop(node, NO_ROWS)
            table["point"][rows] = point
            back.append(rows)
        if any(map(len, back)):
            self.add(np.concatenate(back))
        return np.concatenate(back) if back else NO_ROWS

    def forget(self, points: Iterable[int]) -> ItemRows:
        """Forget the variables of points; return the rows of their items, which follow nothing."""
        table = self._rows.table
        gone = []
        for point in points:
            node = self._nodes.pop(point, None)
            if node is not None:
                del self._points[node]
                rows = np.flatnonzero(table["point"] == point)
                if len(rows):
                    self._lost[node] = rows
                    table["point"][rows] = NOWHERE
                    table["waiting"][rows] = False
                    self._rows.version += 1
                    gone.append(rows)
        return np.concatenate(gone) if gone else NO_ROWS

    def add(self, rows: ItemRows) -> None:
        """Take in rows that follow a point now, or ask for something else of it."""
        self._fit()
        self._rows.version += 1
        self._recent = np.concatenate((self._recent, rows))
        self._grown = True
        self._mark(rows)
        # Sorted seldom: what came since is looked through with each frame.
        if len(self._recent) > max(RECENT, len(self._order) // 8):
            self._sort()

    def clear(self, rows: ItemRows) -> None:
        """Take out rows of items that are deleted."""
        self._rows.clear(rows)
        left = {node: np.setdiff1d(lost, rows) for node, lost in self._lost.items()}
        self._lost = {node: lost for node, lost in left.items() if len(lost)}

    def distinct(self, points: Positions) -> bool:
        """Tell whether no point occurs twice."""
        self._fit()
        order = np.arange(len(points))
        self._place[points] = order
        return bool(np.count_nonzero(self._place[points] == order) == len(points))

    def present(self, points: Positions) -> Column:
        """Return value, status and time of points, as they are in the image."""
        image = self._image
        return image.value[points], image.status[points], image.time[points]

    def see(self, points: Positions) -> None:
        """Take points as they are in the image: their items are sampled."""
        self._fit()
        self._keep(points, self.present(points))

    def seen(self, points: Positions) -> Column:
        """Return value, status and time of points, as they were when last looked at."""
        return self._value[points], self._status[points], self._time[points]

    def has_news(self, frame: Frame) -> bool:
        """Tell whether a watched point of a frame is not as it was; if none is, note their times.

        Nothing else of the frame is kept then: it is nobody's sample.
        """
        self._fit()
        points = frame.point.astype(np.intp)
        same = (
            not self._any_timed
            and self._value[points].tobytes() == frame.value.tobytes()
            and self._status[points].tobytes() == frame.status.tobytes()
        )
        if same:
            self._time[points] = frame.time
            return False
        column = (frame.value, frame.status, frame.time)
        if np.count_nonzero(self._changed(points, column)):
            return True
        self._keep(points, column)
        return False

    def rows_of_changed(self, points: Positions, column: Column) -> ItemRows:
        """Return the rows of the items of those points that are not as they were."""
        changed = self._changed(points, column)
        self._keep(points, column)
        if len(self._recent) and not self._grown:
            # No more of them have come for a while: it is worth it.
            self._sort()
        self._grown = False
        if not np.count_nonzero(changed):
            return NO_ROWS
        points = points[changed]
        known = self._latest
        if known.version != self._rows.version or known.points.tobytes() != points.tobytes():
            one_each = points if self.distinct(points) else np.unique(points)
            known = self._latest = _Found(points, self._rows_of(one_each), self._rows.version)
        return known.rows

    def _changed(self, points: Positions, column: Column) -> NDArray[np.bool_]:
        """Tell of each point whether it is watched, and not as it was."""
        value, status, time = column
        # Bit by bit: two NaN are the same unknown.
        seen = self._value[points].view(np.int64)
        changed: NDArray[np.bool_] = value.view(np.int64) != seen
        changed |= status != self._status[points]
        if self._any_timed:
            changed |= self._timed[points] & (time != self._time[points])
        changed &= self._watched[points]
        return changed

    def _keep(self, points: Positions, column: Column) -> None:
        self._value[points], self._status[points], self._time[points] = column

    def _rows_of(self, points: Positions) -> ItemRows:
        """Return the rows of the items of some points, each once, that are not disabled."""
        table = self._rows.table
        begin = self._begin[points]
        count = self._begin[points + 1] - begin
        end = count.cumsum()
        where = np.arange(end[-1]) + np.repeat(begin - (end - count), count)
        rows: ItemRows = self._order[where]
        # A row may be of another item by now.
        rows = rows[(table["point"][rows] == np.repeat(points, count)) & (table["mode"][rows] != 0)]
        if not len(self._recent):
            return rows
        point, mode = table["point"][self._recent], table["mode"][self._recent]
        recent = self._recent[np.isin(point, points) & (mode != 0)]
        return np.unique(np.concatenate((rows, recent))) if len(recent) else rows

    def _mark(self, rows: ItemRows) -> None:
        table = self._rows.table
        point = table["point"][rows]
        self._watched[point] = True
        timed = point[table["trigger"][rows] == WITH_TIME]
        self._timed[timed] = True
        self._any_timed |= bool(len(timed))

    def _sort(self) -> None:
        """Sort all rows by their point."""
        table = self._rows.table
        rows = np.flatnonzero(table["point"] != NOWHERE)
        point = table["point"][rows]
        self._order, self._recent = rows[np.argsort(point, kind="stable")], NO_ROWS
        counts = np.bincount(point, minlength=len(self._watched))
        self._begin = np.concatenate(([0], counts.cumsum()))
        self._watched[:], self._timed[:], self._any_timed = False, False, False
        self._mark(rows)

    def _fit(self) -> None:
        """Have room for the points that the image has got."""
        more = len(self._image.value) - len(self._watched)
        if not more:
            return
        self._watched = np.append(self._watched, np.zeros(more, np.bool_))
        self._timed = np.append(self._timed, np.zeros(more, np.bool_))
        self._place = np.append(self._place, np.zeros(more, np.intp))
        self._value = np.append(self._value, np.full(more, np.nan))
        self._status = np.append(self._status, np.zeros(more, np.uint32))
        self._time = np.append(self._time, np.zeros(more, np.int64))
        self._begin = np.append(self._begin, np.full(more, self._begin[-1]))
