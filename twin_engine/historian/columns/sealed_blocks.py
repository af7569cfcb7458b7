"""Blocks: the samples of one point over a span of time, in columns, with their statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, bindparam, func, select
from sqlalchemy import delete as sql_delete
from sqlalchemy import insert as sql_insert

from heatpump_twin.twin_engine.historian.columns.block_statistics import BlockStatistics
from heatpump_twin.twin_engine.historian.columns.column_codec import decode_samples, encode_samples
from heatpump_twin.twin_engine.historian.columns.merging import overlay
from heatpump_twin.twin_engine.historian.database.tables import BLOCK, POINT
from heatpump_twin.twin_engine.history import Samples

_FEW, _MANY = 2, 64
"""Blocks fetched at a time: at least, and at most."""
_A_BLOCK = 4096
"""Samples that a block holds at least, as a rule."""
_EVER = 2**62
_PADDING = 0
"""No point has this number."""
_POINT = bindparam("point", type_=Integer)
_LOW = bindparam("low", type_=BigInteger)
_HIGH = bindparam("high", type_=BigInteger)
_LIMIT = bindparam("limit", type_=Integer)
# Blocks of a point do not overlap, so that only one which begins before a time can reach it.
_REACHING = (
    select(func.max(BLOCK.c.first))
    .where(BLOCK.c.point_id == _POINT, BLOCK.c.first <= _LOW)
    .correlate(None)
    .scalar_subquery()
)
_INSIDE = (
    select(BLOCK.c.first, BLOCK.c.last, BLOCK.c.data)
    .where(BLOCK.c.point_id == _POINT)
    .where(BLOCK.c.first >= func.coalesce(_REACHING, _LOW), BLOCK.c.first < _HIGH)
    .limit(_LIMIT)
)
_FORWARD = _INSIDE.order_by(BLOCK.c.first)
_BACKWARD = _INSIDE.order_by(BLOCK.c.first.desc())
_PLACES = select(BLOCK.c.id, BLOCK.c.first, BLOCK.c.last, BLOCK.c.count)
_BEFORE = (
    _PLACES.where(BLOCK.c.point_id == _POINT, BLOCK.c.first <= _LOW)
    .order_by(BLOCK.c.first.desc())
    .limit(_LIMIT)
)
_BEHIND = _PLACES.where(
    BLOCK.c.point_id == _POINT, BLOCK.c.first > _LOW, BLOCK.c.first <= _HIGH
).order_by(BLOCK.c.first)
# Of many points in one question, which costs less than one for each.
_EARLIER = BLOCK.alias()
_OLDEST_NEAR = (
    select(_EARLIER.c.first)
    .where(_EARLIER.c.point_id == POINT.c.id, _EARLIER.c.first <= _HIGH)
    .order_by(_EARLIER.c.first.desc())
    .limit(1)
    .offset(bindparam("preceding", type_=Integer))
    .correlate(POINT)
    .scalar_subquery()
)
_NEAR = (
    _PLACES.add_columns(BLOCK.c.point_id)
    .select_from(POINT.join(BLOCK, BLOCK.c.point_id == POINT.c.id))
    .where(POINT.c.id.in_(bindparam("points", expanding=True)))
    .where(BLOCK.c.first >= func.coalesce(_OLDEST_NEAR, _LOW), BLOCK.c.first <= _HIGH)
    .order_by(BLOCK.c.point_id, BLOCK.c.first)
)
_DATA = select(BLOCK.c.id, BLOCK.c.data).where(BLOCK.c.id.in_(bindparam("blocks", expanding=True)))
_OLD = sql_delete(BLOCK).where(
    BLOCK.c.id.in_(
        select(BLOCK.c.id)
        .where(BLOCK.c.point_id == _POINT, BLOCK.c.first < _HIGH, BLOCK.c.last < _HIGH)
        .order_by(BLOCK.c.first)
        .limit(_LIMIT)
        .correlate(None)
    )
)


@dataclass(frozen=True, slots=True)
class BlockPlace:
    """Where a block lies, without its samples."""

    id: int
    first: int
    last: int
    """Times of its first and last sample. [µs since the Unix epoch]"""
    count: int


def read_blocks(
    connection: Connection, point: int, start: int, end: int, limit: int, reverse: bool
) -> Samples:
    """Return the first ``limit`` samples with start ≤ time < end, or some more, in order of time.

    The last ones if ``reverse``. Block by block: those behind the limit are not touched.
    """
    found: list[Samples] = []
    have, wanted = 0, min(_FEW + limit // _A_BLOCK, _MANY)
    while have < limit and start < end:
        rows = connection.execute(
            _BACKWARD if reverse else _FORWARD,
            {"point": point, "low": start, "high": end, "limit": wanted},
        ).all()
        for row in rows:
            if have < limit:
                found.append(decode_samples(row.data).between(start, end))
                have += len(found[-1])
        if len(rows) < wanted:
            break
        start, end = (start, rows[-1].first) if reverse else (rows[-1].last + 1, end)
        wanted = _MANY
    return overlay(found[::-1] if reverse else found)


def places_of(
    connection: Connection, point: int, start: int, end: int, preceding: int
) -> list[BlockPlace]:
    """Return in order the blocks that touch start ≤ time ≤ end, and some of those before."""
    near = {"point": point, "low": end, "limit": preceding + 1}
    rows = connection.execute(_BEFORE, near).all()
    # Nearly always nothing begins behind the start, and one question is enough.
    if rows and rows[0].first > start:
        rows = connection.execute(_BEFORE, {**near, "low": start}).all()
        behind = connection.execute(_BEHIND, {"point": point, "low": start, "high": end}).all()
        return [BlockPlace(*row) for row in (*reversed(rows), *behind)]
    return [BlockPlace(*row) for row in reversed(rows)]


def places_of_points(
    connection: Connection, spans: Mapping[int, tuple[int, int]], preceding: int
) -> dict[int, list[BlockPlace]]:
    """Return for each point what `places_of` does, for a time range of its own."""
    end = max((last for _, last in spans.values()), default=0)
    wanted = {"points": list(spans), "low": -_EVER, "high": end, "preceding": preceding}
    found: dict[int, list[BlockPlace]] = {point: [] for point in spans}
    for number, first, last, count, point in connection.execute(_NEAR, wanted):
        found[point].append(BlockPlace(number, first, last, count))
    for point, (start, end) in spans.items():
        # Nearly always nothing begins behind the start, and that was all.
        if not found[point] or found[point][-1].first > start:
            found[point] = places_of(connection, point, start, end, preceding)
    return found


def read_block(connection: Connection, place: BlockPlace) -> Samples:
    """Return the samples of a block."""
    return decode_samples(block_data(connection, [place])[place.id])


def block_data(connection: Connection, places: Sequence[BlockPlace]) -> dict[int, bytes]:
    """Return the samples of blocks as they are stored, by the numbers of the blocks."""
    wanted = {"blocks": [place.id for place in places]}
    found = connection.execute(_DATA, wanted).all() if places else ()
    return {row.id: row.data for row in found}


def block_row(point: int, samples: Samples) -> Mapping[str, Any]:
    """Return the row of a new block."""
    statistics = BlockStatistics.of(samples)
    row = {name: getattr(statistics, name) for name in BlockStatistics.__slots__}
    return {"point_id": point, "data": encode_samples(samples), **row}


def replace_blocks(
    connection: Connection, old: Sequence[BlockPlace], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Put new blocks in the place of old ones."""
    if old:
        gone = sql_delete(BLOCK).where(BLOCK.c.id == bindparam("block"))
        connection.execute(gone, [{"block": place.id} for place in old])
    if rows:
        connection.execute(sql_insert(BLOCK), rows)


def drop_blocks(connection: Connection, point: int, before: int, limit: int) -> int:
    """Delete whole blocks that end before a time, at most ``limit``, the oldest."""
    return connection.execute(_OLD, {"point": point, "high": before, "limit": limit}).rowcount


def add_padding(connection: Connection, size: int) -> None:
    """Add a block of nothing, which belongs to no point. [B]"""
    remove_padding(connection)  # which a crash has left
    row = dict.fromkeys(("first", "last", "count", "good", "sloped_time", "last_status"), 0)
    lengths = {"stepped": 0.0, "sloped": 0.0, "data": func.zeroblob(size)}
    connection.execute(sql_insert(BLOCK).values(point_id=_PADDING, **row, **lengths))


def remove_padding(connection: Connection) -> None:
    """Delete the block of nothing."""
    connection.execute(sql_delete(BLOCK).where(BLOCK.c.point_id == _PADDING))


# Point by point along the index: over all blocks they would read the whole table.
_NEWEST, _OLDEST = (
    select(pick(BLOCK.c.first))
    .where(BLOCK.c.point_id == POINT.c.id)
    .correlate(POINT)
    .scalar_subquery()
    for pick in (func.max, func.min)
)


def last_of_points(connection: Connection) -> list[tuple[int, int, int]]:
    """Return for each point with blocks: its row id, the time of its last sample, its status."""
    query = select(BLOCK.c.point_id, BLOCK.c.last, BLOCK.c.last_status).select_from(
        POINT.join(BLOCK, (BLOCK.c.point_id == POINT.c.id) & (BLOCK.c.first == _NEWEST))
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def first_of_points(connection: Connection) -> list[tuple[int, int, int]]:
    """Return for each point with blocks: its row id, when the first block begins, when it ends."""
    query = select(BLOCK.c.point_id, BLOCK.c.first, BLOCK.c.last).select_from(
        POINT.join(BLOCK, (BLOCK.c.point_id == POINT.c.id) & (BLOCK.c.first == _OLDEST))
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def ends_of_points(connection: Connection) -> list[tuple[int, int, int]]:
    """Return for each point with blocks: its row id, the times of its first and last sample."""
    first = {point: begin for point, begin, _ in first_of_points(connection)}
    return [(point, first[point], last) for point, last, _ in last_of_points(connection)]
