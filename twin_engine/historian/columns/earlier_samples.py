"""Samples of a database of version 0.1: one row each. They are moved into blocks piece by piece.

The twin records and reads meanwhile. A piece is one transaction, which makes blocks of the oldest
rows of a point and deletes them; whatever breaks it off, the next start goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import structlog
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    Engine,
    Integer,
    MetaData,
    Table,
    bindparam,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy import delete as sql_delete

from heatpump_twin.drivers.frame import Frame, Times
from heatpump_twin.twin_engine.historian.columns.sealer import FULL, seal_points
from heatpump_twin.twin_engine.historian.database.tables import POINT
from heatpump_twin.twin_engine.history import NO_SAMPLES, Samples

log = structlog.stdlib.get_logger(__name__)

# Not among the tables that the code declares: it is gone once it is empty.
EARLIER = Table(
    "sample",
    MetaData(),
    Column("time", BigInteger, primary_key=True),
    Column("value", Double),
    Column("point_id", Integer, primary_key=True),
    Column("status", Integer, nullable=False),
)
_COLUMNS = select(EARLIER.c.time, EARLIER.c.value, EARLIER.c.status)
_PIECE = 8 * FULL
"""Rows of one transaction."""
_TOLD_EVERY = 10.0
"""[s]"""


class EarlierSamples:
    """The table of single samples, as long as there is one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.exists = False
        self._at = 0
        self._told = 0.0

    def look(self) -> None:
        """Look whether the database has the table."""
        self.exists = inspect(self._engine).has_table(EARLIER.name)

    def read(
        self, connection: Connection, point: int, start: int, end: int, limit: int, reverse: bool
    ) -> Samples:
        """Return the first ``limit`` samples with start ≤ time < end, the last if ``reverse``."""
        if not self.exists:
            return NO_SAMPLES
        order = EARLIER.c.time.desc() if reverse else EARLIER.c.time
        query = (
            _COLUMNS.where(
                EARLIER.c.point_id == point, EARLIER.c.time >= start, EARLIER.c.time < end
            )
            .order_by(order)
            .limit(limit)
        )
        rows = connection.execute(query).all()
        return _samples(rows[::-1] if reverse else rows)

    def remove(self, connection: Connection, point: int, times: Times) -> None:
        """Delete the samples of a point that are of some times."""
        if self.exists:
            here = (EARLIER.c.point_id == point) & (EARLIER.c.time == bindparam("at"))
            gone = sql_delete(EARLIER).where(here)
            connection.execute(gone, [{"at": time} for time in times.tolist()])

    def ends(self, connection: Connection) -> list[tuple[int, int, int]]:
        """Return for each point with rows: its row id, the times of its first and last sample."""
        if not self.exists:
            return []
        first, last = (
            select(pick(EARLIER.c.time)).where(EARLIER.c.point_id == POINT.c.id).scalar_subquery()
            for pick in (func.min, func.max)
        )
        rows = connection.execute(select(POINT.c.id, first, last)).all()
        return [(row[0], row[1], row[2]) for row in rows if row[1] is not None]

    def move(self, seconds: float) -> None:
        """Move samples into blocks for about so long; drop the table where none is left."""
        end = time.monotonic() + seconds
        while self.exists:
            with self._engine.begin() as connection:
                self._move_piece(connection)
            if time.monotonic() >= end:
                return

    def _move_piece(self, connection: Connection) -> None:
        point = connection.scalar(
            select(func.min(EARLIER.c.point_id)).where(EARLIER.c.point_id >= self._at)
        )
        if point is None:
            connection.execute(text(f"DROP TABLE {EARLIER.name}"))
            self.exists = False
            log.info("the history of the earlier version is in blocks")
            return
        self._tell(connection, point)
        rows = connection.execute(
            _COLUMNS.where(EARLIER.c.point_id == point).order_by(EARLIER.c.time).limit(_PIECE)
        ).all()
        samples = _samples(rows)
        points = np.full(len(rows), point, np.int32)
        frame = Frame(points, samples.value, samples.status, samples.time)
        # Beneath: what was corrected meanwhile stays corrected.
        seal_points(connection, frame, points[:1], beneath=True)
        connection.execute(
            sql_delete(EARLIER).where(
                EARLIER.c.point_id == point, EARLIER.c.time <= int(samples.time[-1])
            )
        )
        self._at = point

    def _tell(self, connection: Connection, point: int) -> None:
        """Tell how far it has come: points one after the other, by their numbers."""
        if time.monotonic() - self._told < _TOLD_EVERY:
            return
        self._told = time.monotonic()
        below = select(func.count()).select_from(POINT)
        done = connection.scalar(below.where(POINT.c.id < point)) or 0
        log.info(
            "the history of the earlier version is put into blocks",
            done=f"{done / max(1, connection.scalar(below) or 0):.0%}",
        )


def _samples(rows: Sequence[Sequence[Any]]) -> Samples:
    time_of, value, status = zip(*rows, strict=True) if rows else ((), (), ())
    return Samples(
        np.array(value, dtype=np.float64),
        np.array(status, dtype=np.int32).view(np.uint32),
        np.array(time_of, dtype=np.int64),
    )
