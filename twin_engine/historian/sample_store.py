"""Write samples to a database in blocks and read them by point and time. Blocks its thread."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Double,
    Engine,
    Integer,
    bindparam,
    event,
    func,
    select,
    text,
    tuple_,
)
from sqlalchemy import delete as sql_delete
from sqlalchemy import insert as sql_insert
from sqlalchemy import update as sql_update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.types import TypeEngine

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Frame, Points
from heatpump_twin.drivers.status import BAD_NO_DATA, UNCERTAIN
from heatpump_twin.twin_engine.historian.database import migrate
from heatpump_twin.twin_engine.historian.database_file import DatabaseFile
from heatpump_twin.twin_engine.historian.tables import POINT, SAMPLE
from heatpump_twin.twin_engine.history import Samples

_DAY = 86_400 * MICROSECONDS

_COLUMNS: dict[str, TypeEngine[Any]] = {
    "point_id": Integer(),
    "time": BigInteger(),
    "value": Double(),
    "status": Integer(),
}


@dataclass(frozen=True, slots=True)
class Pages:
    """Pages of an SQLite file."""

    count: int
    free: int
    size: int
    """[B]"""

    @property
    def used(self) -> int:
        """What the content takes. [B]"""
        return (self.count - self.free) * self.size


class SampleStore:
    """Sample store of one database. ``point`` in its frames is the row id of ``point``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.file = DatabaseFile.of(engine.url)
        """The file of an SQLite database; None: a server has it."""
        self._arrays = engine.dialect.name == "postgresql"
        self._upsert = _array_upsert() if self._arrays else _row_upsert()

    def prepare(self, keys: Iterable[str]) -> dict[str, int]:
        """Upgrade the schema; return the row id of every point key, old ones included."""
        migrate(self._engine)
        with self._engine.begin() as connection:
            known = set(connection.scalars(select(POINT.c.key)))
            # Rows are never removed: a heat pump that comes back finds its history under the same
            # key.
            missing = [{"key": key} for key in keys if key not in known]
            if missing:
                connection.execute(sql_insert(POINT), missing)
            return {key: row for row, key in connection.execute(select(POINT.c.id, POINT.c.key))}

    def close_gaps(self, now: int) -> int:
        """Mark a gap (BadNoData) after the last sample of every point that has none.

        A twin that was killed could not do it; without the mark a trend would bridge the time in
        which nobody looked. Samples more than a day ahead of ``now``, which a clock that was set
        wrong has left, are the last of nothing.
        """
        last = (
            SAMPLE.select()
            .where(SAMPLE.c.point_id == POINT.c.id, SAMPLE.c.time <= now + _DAY)
            .order_by(SAMPLE.c.time.desc())
        )
        time, status = (
            last.with_only_columns(column).limit(1).scalar_subquery()
            for column in (SAMPLE.c.time, SAMPLE.c.status)
        )
        open_ends = select(POINT.c.id, time).where(status != _signed(BAD_NO_DATA))
        with self._engine.connect() as connection:
            rows = connection.execute(open_ends).all()
        if rows:
            points, times = zip(*rows, strict=True)
            self.write(Frame.of(points, np.nan, BAD_NO_DATA, np.array(times) + 1))
        return len(rows)

    def write(self, frame: Frame) -> None:
        """Write samples in one transaction. A sample of the same point and time is replaced."""
        # Sorted by the key in which SQLite keeps the table, so that neighbours go to one page; and
        # without two of one key, which PostgreSQL refuses within one upsert.
        frame = _in_key_order(frame)
        columns = {
            "point_id": frame.point.tolist(),
            "time": frame.time.tolist(),
            # NULL for NaN: see the head of `tables`.
            "value": [None if math.isnan(v) else v for v in frame.value.tolist()],
            "status": frame.status.view(np.int32).tolist(),
        }
        parameters: Any = columns
        if not self._arrays:
            rows = zip(*columns.values(), strict=True)
            parameters = [dict(zip(columns, row, strict=True)) for row in rows]
        with self._engine.begin() as connection:
            connection.execute(self._upsert, parameters)

    def read(self, point: int, start: int, end: int, limit: int, reverse: bool = False) -> Samples:
        """Return at most ``limit`` samples with start ≤ time < end."""
        query = (
            select(SAMPLE.c.time, SAMPLE.c.value, SAMPLE.c.status)
            .where(SAMPLE.c.point_id == point, SAMPLE.c.time >= start, SAMPLE.c.time < end)
            .order_by(SAMPLE.c.time.desc() if reverse else SAMPLE.c.time)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        time, value, status = zip(*rows, strict=True) if rows else ((), (), ())
        return Samples(
            np.array(value, dtype=np.float64),
            np.array(status, dtype=np.int32).view(np.uint32),
            np.array(time, dtype=np.int64),
        )

    def doubt(self, points: Iterable[int], start: int, end: int) -> int:
        """Make samples with start ≤ time < end Uncertain, unless they are Bad; return how many."""
        marked = 0
        with self._engine.begin() as connection:
            for point in points:
                statement = (
                    sql_update(SAMPLE)
                    .where(SAMPLE.c.point_id == point, SAMPLE.c.time >= start)
                    # Bad has the first bit, which is the sign.
                    .where(SAMPLE.c.time < end, SAMPLE.c.status >= 0)
                    .values(status=UNCERTAIN)
                )
                marked += connection.execute(statement).rowcount
        return marked

    def prune(self, points: Iterable[int], before: int, limit: int) -> int:
        """Delete samples older than ``before``: at most ``limit``, the oldest, of each point."""
        # Point by point along the key: one statement over all would scan the whole table.
        deleted = 0
        key = tuple_(SAMPLE.c.point_id, SAMPLE.c.time)
        with self._engine.begin() as connection:
            for point in points:
                old = (
                    select(SAMPLE.c.point_id, SAMPLE.c.time)
                    .where(SAMPLE.c.point_id == point, SAMPLE.c.time < before)
                    .order_by(SAMPLE.c.time)
                    .limit(limit)
                )
                deleted += connection.execute(sql_delete(SAMPLE).where(key.in_(old))).rowcount
        return deleted

    def oldest(self) -> int | None:
        """Return the time of the first sample of all. [µs since the Unix epoch]"""
        # Point by point, along the key: over all samples it would read the whole table.
        first = (
            select(func.min(SAMPLE.c.time)).where(SAMPLE.c.point_id == POINT.c.id).scalar_subquery()
        )
        with self._engine.connect() as connection:
            times = connection.scalars(select(first).select_from(POINT)).all()
        return min((time for time in times if time is not None), default=None)

    def pages(self) -> Pages:
        """Return how the pages of an SQLite file are used."""
        with self._engine.connect() as connection:
            return Pages(
                *(
                    int(connection.scalar(text(f"PRAGMA {name}")) or 0)
                    for name in ("page_count", "freelist_count", "page_size")
                )
            )

    def vacuum(self, pages: int) -> None:
        """Give free pages of an SQLite file back to the disk; a file of old cannot."""
        self._pragma(f"incremental_vacuum({pages:d})")

    def checkpoint(self) -> None:
        """Write the log of an SQLite file to it, as far as readers let it, to begin it anew."""
        self._pragma("wal_checkpoint(PASSIVE)")

    def _pragma(self, what: str) -> None:
        with self._engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            # To its end, which only a script is: each step of a vacuum gives back one page.
            raw.executescript(f"PRAGMA {what}")

    def close(self) -> None:
        """Close all connections; one that another thread reads through closes when it is done."""
        pool = self._engine.pool
        self._engine.dispose()
        # What is in use comes back to the old pool, which would leave it to the garbage collector.
        event.listen(pool, "checkin", _close_connection)
        pool.dispose()


def _close_connection(connection: DBAPIConnection | None, _record: object) -> None:
    if connection is not None:
        connection.close()


def _in_key_order(frame: Frame) -> Frame:
    """Sort by point and time, and keep the latest of samples with the same key."""
    order = np.lexsort((frame.time, frame.point))  # stable: the later sample stays the later one
    point, time = frame.point[order], frame.time[order]
    last = np.ones(len(order), dtype=bool)
    last[:-1] = (point[1:] != point[:-1]) | (time[1:] != time[:-1])
    order = order[last]
    return Frame(frame.point[order], frame.value[order], frame.status[order], frame.time[order])


def _row_upsert() -> Any:
    statement = sqlite.insert(SAMPLE)
    return statement.on_conflict_do_update(
        index_elements=[SAMPLE.c.point_id, SAMPLE.c.time],
        set_={"value": statement.excluded.value, "status": statement.excluded.status},
    )


def _array_upsert() -> Any:
    """Send whole columns: one statement for a block is several times as fast as one per row."""
    arrays = [func.unnest(bindparam(name, type_=ARRAY(kind))) for name, kind in _COLUMNS.items()]
    statement = postgresql.insert(SAMPLE).from_select(list(_COLUMNS), select(*arrays))
    return statement.on_conflict_do_update(
        index_elements=[SAMPLE.c.point_id, SAMPLE.c.time],
        set_={"value": statement.excluded.value, "status": statement.excluded.status},
    )


def _signed(status: int) -> int:
    return int(np.uint32(status).view(np.int32))


def row_ids(ids: dict[str, int], keys: Iterable[str]) -> Points:
    """Return the row id of every key of the point table, by index."""
    return np.array([ids[key] for key in keys], dtype=np.int32)
