"""Remembered Read requests: one that comes again is answered from the image's arrays.

What a SCADA client reads, it reads every second in the same words. Of a request that came a second
time the bytes are kept, with the points whose values it asks for. Anything but the whole present
values of points is never kept, and takes the way of all other requests.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from asyncua import ua

from heatpump_twin.server import limits
from heatpump_twin.server.security.users import UserRole
from heatpump_twin.server.space.value_columns import PointColumn, ValueColumns

_COUNT = struct.Struct("<i")
NO_DIAGNOSTICS = _COUNT.pack(0)


class Stamp(NamedTuple):
    """What a remembered request depends on: it is worth nothing once one of these is another."""

    version: int
    """Version of the address space."""
    role: UserRole | None
    """The role that the user has now; None: there is no user."""


class PointFinder(Protocol):
    """Tells which point a Read of a node asks for."""

    def shown_point(self, item: ua.ReadValueId) -> int | None:
        """Return the index of the point whose whole value is asked for; None: it is none."""
        ...


@dataclass(slots=True)
class Lesson:
    """What is learnt of one request while it is served: the points that it asks for, so far."""

    request: bytes
    stamp: Stamp
    points: list[int] = field(default_factory=list)
    wanted: ua.TimestampsToReturn = ua.TimestampsToReturn.Both
    fails: bool = False

    def watch(self, finder: PointFinder, params: ua.ReadParameters) -> None:
        """Look at a piece of the request."""
        self.wanted = params.TimestampsToReturn
        for item in params.NodesToRead:
            point = None if self.fails else finder.shown_point(item)
            if point is None:
                self.fails = True
                return
            self.points.append(point)


class ReadMemory:
    """The remembered requests of one session; the oldest gives way where there are too many."""

    def __init__(self, columns: ValueColumns) -> None:
        self._columns = columns
        self._stamp: Stamp | None = None
        self._known: OrderedDict[bytes, PointColumn] = OrderedDict()
        self._size = 0
        self._heard: OrderedDict[int, None] = OrderedDict()
        """Hashes of requests that came once, or that cannot be remembered."""

    @property
    def size(self) -> int:
        """Bytes of all requests that are remembered."""
        return self._size

    def answer(self, request: bytes, stamp: Stamp) -> bytes | None:
        """Return the results of a remembered request, encoded; None: it is not known."""
        if stamp != self._stamp:
            self.clear()
            self._stamp = stamp
        column = self._known.get(request)
        if column is None:
            return None
        self._known.move_to_end(request)
        return _COUNT.pack(len(column)) + self._columns.encoded(column) + NO_DIAGNOSTICS

    def lesson(self, request: bytes, stamp: Stamp) -> Lesson | None:
        """Return what learns a request that is served; None: it came for the first time."""
        if len(request) > limits.MAX_REMEMBERED_READS:
            return None
        key = hash(request)
        if key in self._heard:
            return Lesson(request, stamp)
        self._hear(key)
        return None

    def keep(self, lesson: Lesson) -> None:
        """Remember a request that was learnt to its end, unless something changed meanwhile."""
        if lesson.fails or lesson.stamp != self._stamp or lesson.request in self._known:
            return
        self._known[lesson.request] = self._columns.column(lesson.points, lesson.wanted)
        self._size += len(lesson.request)
        while self._size > limits.MAX_REMEMBERED_READS:
            oldest, _ = self._known.popitem(last=False)
            self._size -= len(oldest)

    def clear(self) -> None:
        """Forget all requests."""
        self._known.clear()
        self._heard.clear()
        self._size = 0

    def _hear(self, key: int) -> None:
        self._heard[key] = None
        if len(self._heard) > limits.MAX_HEARD_READS:
            self._heard.popitem(last=False)
