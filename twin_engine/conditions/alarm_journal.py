"""Read the alarm journal: what happened to alarms, in order of time."""

from __future__ import annotations

from sqlalchemy import URL

from heatpump_twin.twin_engine.errors import DatabaseAway
from heatpump_twin.twin_engine.historian.database.database_access import (
    access,
    close_engine,
    open_engine,
)
from heatpump_twin.twin_engine.historian.events.journal_entry import JournalEntry
from heatpump_twin.twin_engine.historian.events.journal_rows import entries_between


class AlarmJournal:
    """A reader of the journal, beside the twin that writes it or without one."""

    def __init__(self, url: str | URL) -> None:
        self._engine = open_engine(url)

    def entries(
        self, first: int, last: int, *, key: str = "", limit: int | None = None
    ) -> list[JournalEntry]:
        """Return entries with first ≤ time < last, in order of time. [µs]

        ``key``: those of one alarm (``asset.rule``) only; ``limit``: at most so many, the oldest.
        Blocks; from an event loop `read` is called.
        """
        with self._engine.connect() as connection:
            return entries_between(connection, first, last, key=key, limit=limit)

    async def read(
        self, first: int, last: int, *, key: str = "", limit: int | None = None
    ) -> list[JournalEntry]:
        """Return what `entries` returns, on a thread of its own.

        Raises
        ------
        DatabaseAway
            They cannot be reached now.
        """
        return await access(
            lambda: self.entries(first, last, key=key, limit=limit),
            lambda reason: DatabaseAway(f"the alarm journal cannot be reached now: {reason}"),
        )

    def close(self) -> None:
        """Close all connections."""
        close_engine(self._engine)
