"""Audit log: who did, tried or requested what, with the outcome. It only grows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import structlog
from sqlalchemy import URL, exists, insert, select, tuple_

from heatpump_twin.drivers.clock import Clock, SystemClock
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry
from heatpump_twin.twin_engine.commands.audit_flood import AuditFlood
from heatpump_twin.twin_engine.commands.audit_spool import AuditSpool
from heatpump_twin.twin_engine.errors import AuditError, SchemaError
from heatpump_twin.twin_engine.historian.database.database_access import (
    access,
    close_engine,
    migrate,
    open_engine,
)
from heatpump_twin.twin_engine.historian.database.tables import AUDIT

log = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")

_PERIOD = 1.0
"""How often what waits in the spool is looked for. [s]"""


class AuditLog:
    """Audit log in the table ``audit_record``. An entry is on disk when `append` has returned.

    What must be on record before it is done is appended, and not done where that fails. What has
    happened by itself, such as a log-in, is noted: with the database away it waits in the spool.
    """

    def __init__(
        self, url: str | URL, spool: AuditSpool | None = None, clock: Clock | None = None
    ) -> None:
        self._engine = open_engine(url)
        self._spool = spool
        self._clock = clock or SystemClock()
        self._flood = AuditFlood()

    async def start(self) -> None:
        """Open the database.

        Raises
        ------
        SchemaError
            It belongs to a newer version of this software.
        AuditError
            It cannot be reached now; later calls try again.
        """
        try:
            await self._call(lambda: migrate(self._engine))
        except SchemaError:
            # A schema of a newer version is final: no later call can succeed. A server that is
            # away may come back, so then the pool stays.
            await self.stop()
            raise

    async def run(self) -> None:
        """Take in what waits in the spool, and what was counted in place of recorded, for ever."""
        while True:
            await self.catch_up()
            await asyncio.sleep(_PERIOD)

    async def catch_up(self, *, all_: bool = False) -> None:
        """Take in what waits in the spool, and counts whose time is over; with ``all_`` each."""
        for entry in self._flood.due(self._clock.now(), all_=all_):
            await self._store(entry)
        if self._spool is None or self._spool.is_empty:
            return
        spool = self._spool
        try:
            await self._call(lambda: spool.take(self._insert_all))
        except AuditError:
            return  # it waits on
        except OSError as error:
            log.error("records of the audit cannot be taken in", error=str(error))

    async def stop(self) -> None:
        """Record what was only counted so far, and close all connections."""
        await self.catch_up(all_=True)
        await asyncio.to_thread(close_engine, self._engine)

    async def append(self, entry: AuditEntry) -> int:
        """Append the entry of an attempt and return its number; raise `AuditError`."""
        return await self._call(lambda: self._insert(entry.row()))

    async def note(self, entry: AuditEntry) -> None:
        """Record what has happened already, or was refused: as one of many where it floods."""
        if self._flood.passing(entry):
            await self._store(entry)

    async def complete(
        self,
        number: int,
        *,
        status: int,
        read_back: float | None,
        message: str,
        before: str | None = None,
    ) -> None:
        """Append the outcome of an entry that was appended incomplete.

        ``before``: what was there, where that was not known when it was begun.
        """
        outcome: dict[str, Any] = {"status": status, "read_back": read_back, "message": message}
        if before is not None:
            outcome["before"] = before
        await self._call(lambda: self._complete(number, outcome))

    async def tail(self, count: int) -> list[AuditEntry]:
        """Return the last ``count`` attempts with their outcomes, newest first."""
        return await self._call(lambda: self._newest(count))

    async def records(self, first: int, last: int) -> list[tuple[int, int | None, AuditEntry]]:
        """Return all records from ``first`` to before ``last`` [µs]: number, attempt, entry."""
        return await self._call(lambda: list(self._between(first, last)))

    async def attempts(
        self,
        first: int,
        last: int,
        *,
        limit: int,
        reverse: bool = False,
        behind: tuple[int, int] | None = None,
    ) -> list[tuple[int, AuditEntry]]:
        """Return attempts with their outcomes, in order of time: number and entry of each.

        Those with first ≤ time < last [µs], at most ``limit`` of them, after the one with the time
        and the number of ``behind``.
        """
        return await self._call(lambda: list(self._in_order(first, last, limit, reverse, behind)))

    async def _store(self, entry: AuditEntry) -> None:
        try:
            await self.append(entry)
        except AuditError as error:
            await asyncio.to_thread(self._set_aside, entry, error)

    def _set_aside(self, entry: AuditEntry, error: AuditError) -> None:
        reason: object = error
        if self._spool is not None:
            try:
                self._spool.append(entry)
                return
            except OSError as full:
                reason = full
        log.error("not recorded", entry=entry, error=str(reason))

    def _insert(self, row: dict[str, Any]) -> int:
        with self._engine.begin() as connection:
            # The number is needed to complete the entry.
            key = connection.execute(insert(AUDIT), row).inserted_primary_key
        assert key is not None  # noqa: S101 (one row was inserted)
        return int(key[0])

    def _insert_all(self, entries: Sequence[AuditEntry]) -> None:
        if entries:
            with self._engine.begin() as connection:
                connection.execute(insert(AUDIT), [entry.row() for entry in entries])

    def _complete(self, number: int, outcome: dict[str, Any]) -> None:
        with self._engine.begin() as connection:
            found = connection.execute(select(AUDIT).where(AUDIT.c.id == number)).mappings().one()
            # A record of its own: that of the attempt stays as it was written.
            entry = replace(AuditEntry.read(dict(found)), complete=True, **outcome)
            connection.execute(insert(AUDIT), {**entry.row(), "attempt": number})

    def _newest(self, count: int) -> list[AuditEntry]:
        outcome = AUDIT.alias()
        query = (
            select(AUDIT)
            .where(~exists().where(outcome.c.attempt == AUDIT.c.id))
            .order_by(AUDIT.c.id.desc())
            .limit(count)
        )
        with self._engine.connect() as connection:
            return [AuditEntry.read(dict(row)) for row in connection.execute(query).mappings()]

    def _in_order(
        self, first: int, last: int, limit: int, reverse: bool, behind: tuple[int, int] | None
    ) -> Iterator[tuple[int, AuditEntry]]:
        outcome = AUDIT.alias()
        place = tuple_(AUDIT.c.time, AUDIT.c.id)
        query = select(AUDIT).where(
            AUDIT.c.time >= first,
            AUDIT.c.time < last,
            ~exists().where(outcome.c.attempt == AUDIT.c.id),
        )
        if behind is not None:
            query = query.where(place < behind if reverse else place > behind)
        columns = (AUDIT.c.time, AUDIT.c.id)
        query = query.order_by(*(c.desc() if reverse else c for c in columns)).limit(limit)
        with self._engine.connect() as connection:
            for row in connection.execute(query).mappings():
                yield row["id"], AuditEntry.read(dict(row))

    def _between(self, first: int, last: int) -> Iterator[tuple[int, int | None, AuditEntry]]:
        inside = (AUDIT.c.time >= first) & (AUDIT.c.time < last)
        with self._engine.connect() as connection:
            for row in connection.execute(
                select(AUDIT).where(inside).order_by(AUDIT.c.id)
            ).mappings():
                yield row["id"], row["attempt"], AuditEntry.read(dict(row))

    async def _call(self, work: Callable[[], T]) -> T:
        return await access(
            work, lambda reason: AuditError(f"the audit log cannot be used: {reason}")
        )
