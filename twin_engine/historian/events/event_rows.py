"""Rows of the table ``event_record``: all functions are called within a transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, or_, select, tuple_
from sqlalchemy import delete as sql_delete
from sqlalchemy import update as sql_update

from heatpump_twin.twin_engine.historian.database.tables import EVENT, HEAT_UP

T = TypeVar("T")

MOST_IDS = 1_000
"""EventIds in one query: SQLite takes some ten thousand parameters, PostgreSQL plans them all."""


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event as it is kept."""

    event_id: bytes
    time: int
    """[µs since the Unix epoch]"""
    origin: str
    """The node that it climbs up from: ``hp1.operating_state`` is beneath ``hp1``."""
    data: str
    """All of its fields, as the server wrote them."""


Numbered = tuple[int, EventRecord]
"""The number of a row, which orders events of one time, and its event."""


def add_events(connection: Connection, records: Sequence[EventRecord]) -> None:
    """Append events."""
    if records:
        connection.execute(insert(EVENT), [asdict(record) for record in records])


def replace_events(connection: Connection, records: Mapping[int, EventRecord]) -> None:
    """Put other events in the places of some."""
    if records:
        rows = [{"number": number, **asdict(record)} for number, record in records.items()]
        connection.execute(sql_update(EVENT).where(EVENT.c.id == bindparam("number")), rows)


def remove_events(connection: Connection, numbers: Sequence[int]) -> None:
    """Delete events."""
    for some in _portions(numbers):
        connection.execute(sql_delete(EVENT).where(EVENT.c.id.in_(some)))


def page_of_events(
    connection: Connection,
    span: tuple[int, int],
    *,
    beneath: str,
    limit: int,
    reverse: bool,
    behind: tuple[int, int] | None,
) -> list[Numbered]:
    """Return events with first ≤ time < last in order of time, as `EventLog.page` does."""
    place = tuple_(EVENT.c.time, EVENT.c.id)
    query = select(EVENT).where(EVENT.c.time >= span[0], EVENT.c.time < span[1], *_below(beneath))
    if behind is not None:
        query = query.where(place < behind if reverse else place > behind)
    columns = (EVENT.c.time, EVENT.c.id)
    query = query.order_by(*(c.desc() if reverse else c for c in columns)).limit(limit)
    return [_numbered(row) for row in connection.execute(query)]


def events_of_ids(connection: Connection, event_ids: Sequence[bytes]) -> list[Numbered]:
    """Return the events with some EventIds."""
    found: list[Numbered] = []
    for some in _portions(event_ids):
        query = select(EVENT).where(EVENT.c.event_id.in_(some))
        found += [_numbered(row) for row in connection.execute(query.order_by(EVENT.c.id))]
    return found


def drop_events(connection: Connection, before: int, limit: int) -> int:
    """Delete the oldest events, at most ``limit`` of those before a time; return how many."""
    old = select(EVENT.c.id).where(EVENT.c.time < before).order_by(EVENT.c.time).limit(limit)
    return connection.execute(sql_delete(EVENT).where(EVENT.c.id.in_(old))).rowcount


def drop_heat_ups(connection: Connection, before: int, limit: int) -> int:
    """Delete the oldest heat-ups, at most ``limit`` of those begun before a time; return how many.

    Each was an event as well, and is kept no longer.
    """
    begin = HEAT_UP.c.begin
    old = select(HEAT_UP.c.id).where(begin < before).order_by(begin).limit(limit)
    return connection.execute(sql_delete(HEAT_UP).where(HEAT_UP.c.id.in_(old))).rowcount


def _below(node: str) -> Iterator[ColumnElement[bool]]:
    """Yield the condition that an event climbs up from a node or from beneath it; empty: none."""
    if node:
        begin = func.substr(EVENT.c.origin, 1, len(node) + 1)
        yield or_(EVENT.c.origin == node, begin == f"{node}.")


def _numbered(row: object) -> Numbered:
    number, event_id, time, origin, data = (
        getattr(row, name) for name in ("id", "event_id", "time", "origin", "data")
    )
    return number, EventRecord(bytes(event_id), time, origin, data)


def _portions(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(items), MOST_IDS):
        yield items[first : first + MOST_IDS]
