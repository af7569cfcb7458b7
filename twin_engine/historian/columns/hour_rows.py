"""Statistics of whole hours in the database: written as blocks are, read instead of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import structlog
from sqlalchemy import BigInteger, Connection, bindparam, func, select
from sqlalchemy import delete as sql_delete
from sqlalchemy import insert as sql_insert

from heatpump_twin.drivers.frame import Times
from heatpump_twin.twin_engine.errors import DamagedBlock
from heatpump_twin.twin_engine.historian.columns.sealed_blocks import read_blocks
from heatpump_twin.twin_engine.historian.tables import BLOCK, HOURS
from heatpump_twin.twin_engine.hourly_statistics import (
    HOUR,
    HOURLY,
    NO_HOURS,
    Hourly,
    hourly_statistics,
)

log = structlog.stdlib.get_logger(__name__)

_DAY = 24
"""Hours of a row."""
_OF_POINT = 1 << 20
"""Days of a point: to the year 4840."""
_ALL = 1 << 62
_LOW, _HIGH = bindparam("low", type_=BigInteger), bindparam("high", type_=BigInteger)
_RANGE = (HOURS.c.id >= _LOW, HOURS.c.id < _HIGH)
_INSIDE = select(HOURS.c.data).where(*_RANGE).order_by(HOURS.c.id)
_SOME = select(HOURS.c.id, HOURS.c.data).where(HOURS.c.id.in_(bindparam("ids", expanding=True)))
_GONE = sql_delete(HOURS).where(HOURS.c.id == bindparam("row"))
_OLD = sql_delete(HOURS).where(*_RANGE)
_OLDEST = select(func.min(BLOCK.c.first)).where(BLOCK.c.point_id == bindparam("point"))

Touched = Mapping[int, Times]
"""Hours in which samples of a point came or were corrected, by its row id; each once, in order.

None is before 1970.
"""


def read_hours(connection: Connection, point: int, first: int, end: int) -> Hourly:
    """Return the statistics of hours with first ≤ hour < end, as far as there are some."""
    span = {"low": _id(point, first), "high": _id(point, end - 1) + 1}
    found = _rows(b"".join(connection.execute(_INSIDE, span).scalars().all()))
    low, high = np.searchsorted(found["hour"], [first, end])
    return found[low:high]


def renew_hours(connection: Connection, touched: Touched) -> None:
    """Replace the statistics of hours whose samples in blocks have changed.

    The last hour of each point has none for now: more will come in it.
    """
    ids = {point: np.unique(_ids(point, hours)) for point, hours in touched.items()}
    wanted = {"ids": np.concatenate(list(ids.values())).tolist()}
    old = {row.id: _rows(row.data) for row in connection.execute(_SOME, wanted)}
    new = []
    for point, hours in touched.items():
        there = [old[number] for number in ids[point].tolist() if number in old]
        kept = [rows[~np.isin(rows["hour"], hours)] for rows in there]
        rows = np.concatenate([*kept, _renewed(connection, point, hours[:-1])])
        rows = rows[np.argsort(rows["hour"])]
        place = _ids(point, rows["hour"].astype(np.int64))
        new += [
            {"id": number, "data": rows[place == number].tobytes()}
            for number in np.unique(place).tolist()
        ]
    if old:
        connection.execute(_GONE, [{"row": number} for number in old])
    if new:
        connection.execute(sql_insert(HOURS), new)


def drop_hours(connection: Connection, point: int) -> None:
    """Delete the statistics of days up to that of the oldest sample that is in a block."""
    oldest = connection.scalar(_OLDEST, {"point": point})
    end = (point + 1) * _OF_POINT if oldest is None else _id(point, oldest // HOUR) + 1
    connection.execute(_OLD, {"low": point * _OF_POINT, "high": end})


def _renewed(connection: Connection, point: int, hours: Times) -> Hourly:
    """Return the statistics of hours, from the samples in blocks."""
    found = [NO_HOURS]
    # What lies together is read together: an import touches years, one hour after the other.
    for run in np.split(hours, np.flatnonzero(np.diff(hours) > 1) + 1):
        if len(run):
            start, end = int(run[0]) * HOUR, (int(run[-1]) + 1) * HOUR
            try:
                samples = read_blocks(connection, point, start, end, _ALL, reverse=False)
            except DamagedBlock:
                continue  # whoever reads the samples is told
            found.append(hourly_statistics(samples.time, samples.value, samples.status))
    return np.concatenate(found)


def _id(point: int, hour: int) -> int:
    # Before 1970 there is nothing, and behind the last day comes another point.
    return point * _OF_POINT + min(max(hour // _DAY, 0), _OF_POINT - 1)


def _ids(point: int, hours: Times) -> Times:
    return point * _OF_POINT + hours // _DAY


def _rows(data: bytes) -> Hourly:
    return np.frombuffer(data, dtype=HOURLY)
