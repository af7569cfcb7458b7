"""Statistics of whole hours in the database: written as blocks are, read instead of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import structlog
from sqlalchemy import BigInteger, Connection, bindparam, func, select
from sqlalchemy import delete as sql_delete
from sqlalchemy import insert as sql_insert

from heatpump_twin.drivers.frame import Times
from heatpump_twin.twin_engine.errors import DamagedBlock
from heatpump_twin.twin_engine.historian.columns.sealed_blocks import read_blocks
from heatpump_twin.twin_engine.historian.database.tables import BLOCK, HOURS
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

Touched = Mapping[int, Sequence[int]]
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
    ids = {point: sorted({_id(point, hour) for hour in hours}) for point, hours in touched.items()}
    wanted = {"ids": [number for numbers in ids.values() for number in numbers]}
    old = {row.id: _rows(row.data) for row in connection.execute(_SOME, wanted)}
    gone: list[Mapping[str, int]] = []
    new: list[Mapping[str, Any]] = []
    for point, hours in touched.items():
        there = [old[number] for number in ids[point] if number in old]
        # Nearly always: another piece of the hour that is not over.
        if len(hours) == 1 and not any((rows["hour"] == hours[0]).any() for rows in there):
            continue
        gone += [{"row": number} for number in ids[point]]
        new += _rows_of(point, _renewed(connection, point, np.array(hours), there))
    if gone:
        connection.execute(_GONE, gone)
    if new:
        connection.execute(sql_insert(HOURS), new)


def drop_hours(connection: Connection, point: int) -> None:
    """Delete the statistics of days up to that of the oldest sample that is in a block."""
    oldest = connection.scalar(_OLDEST, {"point": point})
    end = (point + 1) * _OF_POINT if oldest is None else _id(point, oldest // HOUR) + 1
    connection.execute(_OLD, {"low": point * _OF_POINT, "high": end})


def _renewed(connection: Connection, point: int, hours: Times, there: list[Hourly]) -> Hourly:
    """Return what there was, with the statistics of hours anew from the samples in blocks."""
    found = [NO_HOURS, *(rows[~np.isin(rows["hour"], hours)] for rows in there)]
    whole = hours[:-1]
    # What lies together is read together: an import touches years, one hour after the other.
    for run in np.split(whole, np.flatnonzero(np.diff(whole) > 1) + 1):
        if len(run):
            start, end = int(run[0]) * HOUR, (int(run[-1]) + 1) * HOUR
            try:
                samples = read_blocks(connection, point, start, end, _ALL, reverse=False)
            except DamagedBlock:
                continue  # whoever reads the samples is told
            found.append(hourly_statistics(samples.time, samples.value, samples.status))
    joined = np.concatenate(found)
    return joined[np.argsort(joined["hour"])]


def _rows_of(point: int, hours: Hourly) -> Iterator[Mapping[str, Any]]:
    """Yield a row for each day of the hours."""
    day = hours["hour"] // _DAY
    for first in np.flatnonzero(np.diff(day, prepend=-1)).tolist():
        number = _id(point, int(hours["hour"][first]))
        yield {"id": number, "data": hours[day == day[first]].tobytes()}


def _id(point: int, hour: int) -> int:
    # Before 1970 there is nothing, and behind the last day comes another point.
    return point * _OF_POINT + min(max(hour // _DAY, 0), _OF_POINT - 1)


def _rows(data: bytes) -> Hourly:
    return np.frombuffer(data, dtype=HOURLY)
