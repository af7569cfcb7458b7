"""Rows of the table ``alarm_journal``: all functions are called within a transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from heatpump_twin.twin_engine.historian.database.tables import ALARM_JOURNAL as JOURNAL
from heatpump_twin.twin_engine.historian.events.journal_entry import JournalEntry


def add_entries(connection: Connection, entries: Sequence[JournalEntry]) -> None:
    """Append entries."""
    if entries:
        connection.execute(insert(JOURNAL), [entry.row() for entry in entries])


def entries_between(
    connection: Connection, first: int, last: int, *, key: str = "", limit: int | None = None
) -> list[JournalEntry]:
    """Return entries with first ≤ time < last, in order; ``key``: of one alarm only. [µs]"""
    query = select(JOURNAL).where(JOURNAL.c.time >= first, JOURNAL.c.time < last)
    if key:
        query = query.where(JOURNAL.c.key == key)
    query = query.order_by(JOURNAL.c.time, JOURNAL.c.id).limit(limit)
    return [JournalEntry.read(row._asdict()) for row in connection.execute(query)]


def drop_entries(connection: Connection, before: int, limit: int) -> int:
    """Delete the oldest entries, at most ``limit`` of those before a time; return how many."""
    old = select(JOURNAL.c.id).where(JOURNAL.c.time < before).order_by(JOURNAL.c.time).limit(limit)
    return connection.execute(delete(JOURNAL).where(JOURNAL.c.id.in_(old))).rowcount
