"""Samples as they came: each flush is one row, until its samples are in blocks.

A row holds the columns of all points of one flush, so that writing costs a page or two whatever the
number of points. What lies here is kept in memory as well, in a few runs sorted by point and time,
or a reader would decode every row for one point. Whoever reads merges what has come since, as the
digits of a binary number carry: each sample is moved a logarithmic number of times at most.

The newest row is never deleted, only emptied: numbers of rows go on from it, and whoever has
followed the table up to a number can go on from there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import structlog
from sqlalchemy import BigInteger, Connection, Engine, bindparam, func, select
from sqlalchemy import delete as sql_delete
from sqlalchemy import insert as sql_insert
from sqlalchemy import update as sql_update

from heatpump_twin.drivers.frame import Frame, Times
from heatpump_twin.twin_engine.errors import DamagedBlock
from heatpump_twin.twin_engine.historian.columns.column_codec import decode_frame, encode_frame
from heatpump_twin.twin_engine.historian.columns.merging import (
    in_key_order,
    of_point,
    overlay,
    part,
)
from heatpump_twin.twin_engine.historian.database.tables import HOT
from heatpump_twin.twin_engine.history import Samples

log = structlog.stdlib.get_logger(__name__)

_ENDS = select(func.min(HOT.c.id), func.max(HOT.c.id))
_LATER = select(HOT.c.id, HOT.c.data).where(HOT.c.id > bindparam("seen")).order_by(HOT.c.id)
_ROWS = select(func.coalesce(func.sum(HOT.c.count), 0))
_FORGET = sql_delete(HOT).where(
    HOT.c.id <= bindparam("through"),
    HOT.c.id < select(func.max(HOT.c.id)).correlate(None).scalar_subquery(),
)
_TOUCHING = select(HOT.c.id, HOT.c.data).where(
    HOT.c.first <= bindparam("high", type_=BigInteger),
    HOT.c.last >= bindparam("low", type_=BigInteger),
    HOT.c.count > 0,
)
_REWRITE = (
    sql_update(HOT)
    .where(HOT.c.id == bindparam("row"))
    .values(count=bindparam("left"), data=bindparam("rest"))
)
_EMPTY = sql_update(HOT).where(HOT.c.id == bindparam("through")).values(count=0, data=b"")


@dataclass(frozen=True, slots=True)
class Frozen:
    """What is being sealed: the samples of all rows up to one, in order of point and time."""

    frame: Frame
    through: int


class HotSamples:
    """The table of samples as they came, and its runs in memory."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = threading.Lock()
        self._lock = threading.RLock()
        self._runs: list[Frame] = []
        self._fresh: list[Frame] = []
        """What has come since the runs were read, in order."""
        self._frozen: Frozen | None = None
        self._low = self._high = 0
        """Numbers of the first and the last row that the runs hold; 0: none."""
        self._rows = 0

    @property
    def rows(self) -> int:
        """Number of samples that wait to be sealed, as far as is known."""
        return self._rows

    def append(self, frame: Frame, also: Callable[[Connection], None] | None = None) -> None:
        """Write a frame durably as one row; ``also`` writes more in the same transaction."""
        frame = in_key_order(frame)
        row = {
            "first": int(frame.time.min()),
            "last": int(frame.time.max()),
            "count": len(frame),
            "data": encode_frame(frame),
        }
        # One after the other: a number must not become visible after a higher one was sealed.
        with self._writing:
            with self._engine.begin() as connection:
                made = connection.execute(sql_insert(HOT), row).inserted_primary_key
                if also is not None:
                    also(connection)
            assert made is not None  # noqa: S101 (one row was inserted: for the type checker)
            with self._lock:
                self._rows += len(frame)
                if self._high and made[0] == self._high + 1:
                    self._high = made[0]
                    self._fresh.append(frame)

    def runs(self, connection: Connection) -> list[Frame]:
        """Return all samples as they are in the database now, the later ones last."""
        with self._lock:
            self._follow(connection)
            self._carry()
            frozen = [self._frozen.frame] if self._frozen is not None else []
            return [*frozen, *self._runs]

    def read(self, connection: Connection, point: int, start: int, end: int) -> Samples:
        """Return all samples of a point with start ≤ time < end, in order of time."""
        found = [of_point(run, point).between(start, end) for run in self.runs(connection)]
        return overlay(found)

    def freeze(self) -> Frozen | None:
        """Return what is to be sealed; None: there is nothing. What comes later is not in it."""
        with self._writing, self._engine.connect() as connection, self._lock:
            self._follow(connection)
            hot = [*self._runs, *self._fresh]
            if self._frozen is None and hot:
                self._frozen = Frozen(_joined(hot), self._high)
                self._runs, self._fresh = [], []
            return self._frozen

    def count(self) -> None:
        """Count the samples of the table, which an earlier run may have left."""
        with self._engine.connect() as connection:
            self._rows = int(connection.scalar(_ROWS) or 0)

    @contextmanager
    def rewriting(self) -> Iterator[Connection]:
        """Open a transaction in which rows may change; what is in memory is read anew after it."""
        with self._writing:
            with self._engine.begin() as connection:
                yield connection
            # Not before it is committed: until then the samples are there.
            self.reset()
        self.count()

    def remove(self, connection: Connection, point: int, times: Times) -> None:
        """Remove samples of a point from the rows that have them; ``times`` are in order."""
        span = {"low": int(times[0]), "high": int(times[-1])}
        for number, data in connection.execute(_TOUCHING, span).all():
            for frame in _decoded(number, data):
                kept = (frame.point != point) | ~np.isin(frame.time, times)
                if not kept.all():
                    left = part(frame, kept)
                    # An empty row may be the newest, whose number must stay.
                    data = encode_frame(left) if len(left) else b""
                    values = {"row": number, "left": len(left), "rest": data}
                    connection.execute(_REWRITE, values)

    def forget(self, frozen: Frozen) -> None:
        """Delete the rows of what has been sealed."""
        with self._writing, self._engine.begin() as connection:
            connection.execute(_FORGET, {"through": frozen.through})
            connection.execute(_EMPTY, {"through": frozen.through})
            with self._lock:
                self._rows = int(connection.scalar(_ROWS) or 0)
                self._frozen, self._low = None, frozen.through + 1

    def reset(self) -> None:
        """Forget what is in memory: the database may be another one now."""
        with self._lock:
            self._runs, self._fresh, self._frozen = [], [], None
            self._low = self._high = self._rows = 0

    def _follow(self, connection: Connection) -> None:
        low, high = connection.execute(_ENDS).one()
        # Another process has sealed what was here, or the table is another one.
        if self._high and (high is None or low > self._low or high < self._high):
            self.reset()
        if high is not None and high > self._high:
            for number, data in connection.execute(_LATER, {"seen": self._high}):
                self._low, self._high = self._low or number, number
                if data:
                    self._fresh += _decoded(number, data)

    def _carry(self) -> None:
        if not self._fresh:
            return
        run = self._fresh
        while self._runs and len(self._runs[-1]) <= sum(map(len, run)):
            run.insert(0, self._runs.pop())
        self._runs.append(_joined(run))
        self._fresh = []


def _decoded(number: int, data: bytes) -> list[Frame]:
    try:
        return [decode_frame(data)]
    except DamagedBlock as error:
        # The others of the table must be read, and what comes be recorded.
        log.error("samples of a flush are damaged and left out", row=number, error=str(error))
        return []


def _joined(runs: Sequence[Frame]) -> Frame:
    return runs[0] if len(runs) == 1 else in_key_order(Frame.concat(list(runs)))
