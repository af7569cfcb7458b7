"""Events that were sent to clients, kept in the historian's database."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import URL, Connection

from heatpump_twin.twin_engine.errors import DatabaseAway
from heatpump_twin.twin_engine.historian.database.database_access import (
    access,
    close_engine,
    open_engine,
)
from heatpump_twin.twin_engine.historian.events.event_rows import (
    EventRecord,
    Numbered,
    add_events,
    events_of_ids,
    page_of_events,
    remove_events,
    replace_events,
)

log = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")

CAPACITY = 100_000
"""Events that wait for the database; the oldest are lost if there are more."""
_TOGETHER = 0.2
"""What comes in this time is written in one transaction. [s]"""
_LONGEST_WAIT = 5.0
"""Longest pause between two attempts to reach the database. [s]"""
_STOP_TIMEOUT = 3.0
"""[s]"""


class EventLog:
    """Log of events in the table ``event_record``. What is noted waits until it is written."""

    def __init__(self, url: str | URL) -> None:
        self._engine = open_engine(url)
        self._waiting: deque[EventRecord] = deque()
        self._news = asyncio.Event()
        self._writing = asyncio.Lock()
        self._batch: asyncio.Future[bool] | None = None
        self._overflowing = False

    def note(self, record: EventRecord) -> None:
        """Have an event written. Does not block."""
        full = len(self._waiting) >= CAPACITY
        if full:
            self._waiting.popleft()
        if full and not self._overflowing:
            log.error("the oldest events that wait for the database are being lost")
        self._overflowing = full
        self._waiting.append(record)
        self._news.set()

    async def run(self) -> None:
        """Write what is noted, for ever; while the database is away it waits."""
        pause = _TOGETHER
        while True:
            await self._news.wait()
            await asyncio.sleep(pause)
            pause = _TOGETHER if await self.write() else min(2 * pause, _LONGEST_WAIT)

    async def write(self) -> bool:
        """Write what waits; return whether the database took it."""
        # Whoever waits may be cancelled; the thread is not, and what it has written must be taken
        # out of the queue.
        self._batch = batch = asyncio.ensure_future(self._write_batch())
        return await asyncio.shield(batch)

    async def _write_batch(self) -> bool:
        async with self._writing:
            batch = list(self._waiting)
            self._news.clear()
            try:
                await self._transact(partial(add_events, records=batch))
            except DatabaseAway as error:
                log.debug("events wait for the database", error=str(error))
                self._news.set()
                return False
            for record in batch:
                # Those that an overflow has thrown away meanwhile are gone from its begin.
                if self._waiting and self._waiting[0] is record:
                    self._waiting.popleft()
            return True

    async def stop(self) -> None:
        """Write what waits, and close all connections."""
        end = time.monotonic() + _STOP_TIMEOUT
        while self._waiting and not await self.write():
            if time.monotonic() >= end:
                log.error("events lost: no database at the end", events=len(self._waiting))
                break
            await asyncio.sleep(_TOGETHER)
        await asyncio.to_thread(close_engine, self._engine)

    async def page(
        self,
        first: int,
        last: int,
        *,
        beneath: str,
        limit: int,
        reverse: bool = False,
        behind: tuple[int, int] | None = None,
    ) -> list[Numbered]:
        """Return number and record of events with first ≤ time < last, in order of time.

        Only those that climb up from a node or from beneath it, all if it is empty; at most
        ``limit`` of them, after the one with the time and the number of ``behind``.

        Raises
        ------
        DatabaseAway
            They cannot be reached now.
        """
        read = partial(
            page_of_events,
            span=(first, last),
            beneath=beneath,
            limit=limit,
            reverse=reverse,
            behind=behind,
        )
        return await self._transact(read)

    async def find(self, event_ids: Sequence[bytes]) -> list[Numbered]:
        """Return the events with some EventIds.

        What waits is written before, as whoever has just heard of an event may ask for it.

        Raises
        ------
        DatabaseAway
            They cannot be reached now.
        """
        if self._waiting and not await self.write():
            raise DatabaseAway("events cannot be reached now: some wait to be written")
        return await self._transact(partial(events_of_ids, event_ids=event_ids))

    async def correct(
        self, added: Sequence[EventRecord], replaced: Mapping[int, EventRecord]
    ) -> None:
        """Add events, and put others in the places of some, in one transaction.

        Raises
        ------
        DatabaseAway
            Nothing was changed.
        """

        def work(connection: Connection) -> None:
            add_events(connection, added)
            replace_events(connection, replaced)

        await self._transact(work)

    async def remove(self, numbers: Sequence[int]) -> None:
        """Delete events in one transaction; raise `DatabaseAway`, and then none is deleted."""
        await self._transact(partial(remove_events, numbers=numbers))

    async def _transact(self, work: Callable[[Connection], T]) -> T:
        def transaction() -> T:
            with self._engine.begin() as connection:
                return work(connection)

        return await access(
            transaction, lambda reason: DatabaseAway(f"events cannot be reached now: {reason}")
        )
