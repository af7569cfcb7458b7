"""Events that were sent to clients, kept in the historian's database."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

import structlog
from sqlalchemy import URL, Connection, func, insert, or_, select, tuple_
from sqlalchemy import delete as sql_delete

from heatpump_twin.twin_engine.errors import DatabaseAway
from heatpump_twin.twin_engine.historian.database import access, open_engine
from heatpump_twin.twin_engine.historian.tables import EVENT

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


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event as it is kept."""

    time: int
    """[µs since the Unix epoch]"""
    origin: str
    """The node that it climbs up from: ``hp1.operating_state`` is beneath ``hp1``."""
    data: str
    """All of its fields, as the server wrote them."""


class EventLog:
    """Log of events in the table ``event_record``. What is noted waits until it is written."""

    def __init__(self, url: str | URL) -> None:
        self._engine = open_engine(url)
        self._waiting: deque[EventRecord] = deque()
        self._news = asyncio.Event()
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
        batch = list(self._waiting)
        self._news.clear()
        try:
            await self._call(lambda: self._insert(batch))
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
        await asyncio.to_thread(self._engine.dispose)

    async def page(
        self,
        first: int,
        last: int,
        *,
        beneath: str,
        limit: int,
        reverse: bool = False,
        behind: tuple[int, int] | None = None,
    ) -> list[tuple[int, EventRecord]]:
        """Return number and record of events with first ≤ time < last, in order of time.

        Only those that climb up from a node or from beneath it, all if it is empty; at most
        ``limit`` of them, after the one with the time and the number of ``behind``.

        Raises
        ------
        DatabaseAway
            They cannot be reached now.
        """
        place = tuple_(EVENT.c.time, EVENT.c.id)
        query = select(EVENT).where(EVENT.c.time >= first, EVENT.c.time < last)
        if beneath:
            begin = func.substr(EVENT.c.origin, 1, len(beneath) + 1)
            query = query.where(or_(EVENT.c.origin == beneath, begin == f"{beneath}."))
        if behind is not None:
            query = query.where(place < behind if reverse else place > behind)
        columns = (EVENT.c.time, EVENT.c.id)
        query = query.order_by(*(c.desc() if reverse else c for c in columns)).limit(limit)

        def read() -> list[tuple[int, EventRecord]]:
            with self._engine.connect() as connection:
                rows = connection.execute(query).all()
            return [(row.id, EventRecord(row.time, row.origin, row.data)) for row in rows]

        return await self._call(read)

    def _insert(self, batch: Sequence[EventRecord]) -> None:
        if batch:
            with self._engine.begin() as connection:
                connection.execute(insert(EVENT), [asdict(record) for record in batch])

    async def _call(self, work: Callable[[], T]) -> T:
        return await access(
            work, lambda reason: DatabaseAway(f"events cannot be reached now: {reason}")
        )


def drop_events(connection: Connection, before: int, limit: int) -> int:
    """Delete the oldest events, at most ``limit`` of those before a time; return how many."""
    old = select(EVENT.c.id).where(EVENT.c.time < before).order_by(EVENT.c.time).limit(limit)
    return connection.execute(sql_delete(EVENT).where(EVENT.c.id.in_(old))).rowcount
