"""Where samples came late, or were corrected: what was computed of that time is to be done again.

A span is written before its samples, or with them, so that a crash leaves rather one too many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy import delete as sql_delete

from heatpump_twin.config.catalogue import CATALOGUE, PointRole
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.twin_engine.historian.database.tables import LATE, POINT

_TALLIED = frozenset(
    point
    for specs in CATALOGUE.values()
    for point, spec in specs.items()
    if spec.role is PointRole.TALLIED
)
_GONE = sql_delete(LATE).where(LATE.c.id == bindparam("number"))


class LateSpan(NamedTuple):
    """Samples of a point that came late, from the first to the last of them. [µs]"""

    number: int
    key: str
    first: int
    last: int


def is_tallied(key: str) -> bool:
    """Tell whether a point is made from recorded history, so that it is kept for ever."""
    return key.partition(".")[2] in _TALLIED


def add_late(connection: Connection, point: int, first: int, last: int) -> None:
    """Note that samples of a point changed between two times."""
    connection.execute(insert(LATE), {"point_id": point, "first": first, "last": last})


def add_late_frame(connection: Connection, frame: Frame) -> None:
    """Note that all samples of a frame, whose points are row ids, came late."""
    rows = [
        {"point_id": point, "first": first, "last": last} for point, first, last in spans(frame)
    ]
    if rows:
        connection.execute(insert(LATE), rows)


def spans(frame: Frame) -> Iterator[tuple[int, int, int]]:
    """Yield each point of a frame with the times of its first and last sample."""
    for point in np.unique(frame.point).tolist():
        time = frame.time[frame.point == point]
        yield point, int(time.min()), int(time.max())


def read_late(connection: Connection) -> list[LateSpan]:
    """Return what has been noted and not forgotten, in order."""
    query = select(LATE.c.id, POINT.c.key, LATE.c.first, LATE.c.last).join(
        POINT, POINT.c.id == LATE.c.point_id
    )
    return [LateSpan(*row) for row in connection.execute(query.order_by(LATE.c.id))]


def drop_late(connection: Connection, numbers: Iterable[int]) -> None:
    """Forget some of them."""
    rows: Sequence[dict[str, int]] = [{"number": number} for number in numbers]
    if rows:
        connection.execute(_GONE, rows)
