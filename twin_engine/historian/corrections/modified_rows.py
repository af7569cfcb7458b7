"""What was corrected, in the database: one row for each correction and kind of change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import structlog
from sqlalchemy import ColumnElement, Connection, insert, select
from sqlalchemy import delete as sql_delete
from sqlalchemy import update as sql_update

from heatpump_twin.twin_engine.correction import Change, Correction, ModifiedSamples
from heatpump_twin.twin_engine.errors import DamagedBlock
from heatpump_twin.twin_engine.historian.columns.column_codec import decode_samples, encode_samples
from heatpump_twin.twin_engine.historian.database.tables import MODIFIED
from heatpump_twin.twin_engine.history import NO_SAMPLES, Samples

log = structlog.stdlib.get_logger(__name__)


def add_modified(
    connection: Connection, point: int, correction: Correction, change: Change, samples: Samples
) -> None:
    """Keep the samples that a correction has inserted, or that it has replaced or deleted."""
    if not len(samples):
        return
    row = {
        "point_id": point,
        "change": int(change),
        "moment": correction.moment,
        "user": correction.user,
        **_content(samples),
    }
    connection.execute(insert(MODIFIED), row)


def read_modified(connection: Connection, point: int, start: int, end: int) -> ModifiedSamples:
    """Return what was corrected with start ≤ time < end."""
    query = select(MODIFIED).where(*_touching(point, start, end)).order_by(MODIFIED.c.id.desc())
    parts: list[Samples] = []
    origins: list[tuple[int, int, str]] = []
    for row in connection.execute(query):
        try:
            parts.append(decode_samples(row.data).between(start, end))
        except DamagedBlock as error:
            log.error("a kept correction is damaged and left out", row=row.id, error=str(error))
            continue
        origins.append((row.change, row.moment, row.user))
    return _in_order(parts, origins)


def drop_modified(connection: Connection, point: int, start: int, end: int) -> int:
    """Delete what was corrected with start ≤ time < end; return how many samples that was."""
    gone = 0
    query = select(MODIFIED.c.id, MODIFIED.c.data).where(*_touching(point, start, end))
    for number, data in connection.execute(query).all():
        samples = decode_samples(data)
        outside = (samples.time < start) | (samples.time >= end)
        gone += len(samples) - int(outside.sum())
        here = MODIFIED.c.id == number
        if outside.any():
            rest = _content(samples[outside])
            connection.execute(sql_update(MODIFIED).where(here).values(**rest))
        else:
            connection.execute(sql_delete(MODIFIED).where(here))
    return gone


def drop_old_modified(connection: Connection, point: int, before: int) -> None:
    """Delete what was corrected and is wholly from before a time."""
    connection.execute(
        sql_delete(MODIFIED).where(MODIFIED.c.point_id == point, MODIFIED.c.last < before)
    )


def modified_points(connection: Connection) -> set[int]:
    """Return the points of which something was corrected."""
    return set(connection.scalars(select(MODIFIED.c.point_id).distinct()))


def _content(samples: Samples) -> dict[str, object]:
    return {
        "first": int(samples.time[0]),
        "last": int(samples.time[-1]),
        "count": len(samples),
        "data": encode_samples(samples),
    }


def _touching(point: int, start: int, end: int) -> tuple[ColumnElement[bool], ...]:
    return (MODIFIED.c.point_id == point, MODIFIED.c.first < end, MODIFIED.c.last >= start)


def _in_order(parts: Sequence[Samples], origins: Sequence[tuple[int, int, str]]) -> ModifiedSamples:
    """Sort by time; the parts come with the newest correction first, which stays so."""
    parts = parts or [NO_SAMPLES]
    change, moment, user = zip(*origins, strict=True) if origins else ((0,), (0,), ("",))
    lengths = [len(part) for part in parts]
    samples = Samples.concat(parts)
    order = np.argsort(samples.time, kind="stable")
    return ModifiedSamples(
        samples[order],
        np.repeat(np.array(change, np.int32), lengths)[order],
        np.repeat(np.array(moment, np.int64), lengths)[order],
        np.repeat(np.array(user, object), lengths)[order],
    )
