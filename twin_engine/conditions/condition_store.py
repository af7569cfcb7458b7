"""Store the states of conditions, with what happened to them, in the database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import URL, Connection, bindparam, delete, insert, select

from heatpump_twin.twin_engine.conditions.condition_state import ConditionState
from heatpump_twin.twin_engine.errors import ConditionStoreError
from heatpump_twin.twin_engine.historian.database.database_access import (
    access,
    close_engine,
    migrate,
    open_engine,
)
from heatpump_twin.twin_engine.historian.database.tables import CONDITION
from heatpump_twin.twin_engine.historian.events.event_rows import EventRecord, add_events
from heatpump_twin.twin_engine.historian.events.journal_entry import JournalEntry
from heatpump_twin.twin_engine.historian.events.journal_rows import add_entries

log = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")

CAPACITY = 100_000
"""Changes that wait for the database; of the oldest only the state is kept if there are more."""
_LONGEST_WAIT = 5.0
"""Longest pause between two attempts to reach the database. [s]"""
_PAUSE = 0.2
_STOP_TIMEOUT = 3.0
"""[s]"""


@dataclass(frozen=True, slots=True)
class ConditionChange:
    """What is written together when a condition changes."""

    state: ConditionState | None
    entries: Sequence[JournalEntry] = ()
    events: Sequence[EventRecord] = ()
    """Events that tell clients of it."""


class ConditionStore:
    """States of conditions, their journal and their events, in the historian's database.

    What `keep` returned from is on disk; it raises `ConditionStoreError` while the database cannot
    be reached. What is noted waits until it is. Nothing is written before the states of the last
    run were read, which it would replace.
    """

    def __init__(self, url: str | URL) -> None:
        self._engine = open_engine(url)
        self._known: dict[str, ConditionState] | None = None
        self._turn = asyncio.Lock()
        self._waiting: list[ConditionChange] = []
        self._writer: asyncio.Task[None] | None = None

    @property
    def known(self) -> Mapping[str, ConditionState]:
        """The latest state of each condition by its key; empty before `load`."""
        return self._known or {}

    @property
    def is_loaded(self) -> bool:
        """Whether the states of the last run were read."""
        return self._known is not None

    async def load(self) -> Mapping[str, ConditionState]:
        """Read the states of the last run."""
        known = await self._call(self._read)
        # What began meanwhile did not know of these: whoever takes them back has them written.
        self._waiting = [_behind(change, known) for change in self._waiting]
        self._known = known
        return known

    async def keep(self, change: ConditionChange) -> None:
        """Write a change of a condition, behind those that wait."""
        if self._known is None:
            raise ConditionStoreError("the states of the last run were not read yet")
        await self._write(change)

    def note(self, change: ConditionChange) -> None:
        """Have a change of a condition written. Does not block."""
        if len(self._waiting) >= CAPACITY:
            log.error("the oldest entries of the alarm journal that wait for the database are lost")
            self._waiting = _states_of(self._waiting)
        self._waiting.append(change)
        if self._known is not None:
            self._known |= _latest([change])
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_noted())

    async def flush(self) -> None:
        """Write what was noted now; raise `ConditionStoreError`, and then it goes on waiting."""
        if self._waiting and self._known is not None:
            await self._write()

    async def settle(self) -> None:
        """Wait until what was noted is written."""
        if self._writer is not None:
            await self._writer

    async def stop(self) -> None:
        """Write what waits, and close all connections."""
        if self._writer is not None:
            end = time.monotonic() + _STOP_TIMEOUT
            await asyncio.wait([self._writer], timeout=end - time.monotonic())
            if not self._writer.done():
                log.error("changes of alarms lost: no database at the end", n=len(self._waiting))
                self._writer.cancel()
                await asyncio.wait([self._writer])
        await asyncio.to_thread(close_engine, self._engine)

    async def _write_noted(self) -> None:
        pause = _PAUSE
        while self._waiting:
            try:
                if self._known is None:
                    raise ConditionStoreError("the states of the last run were not read yet")
                await self._write()
            except ConditionStoreError as error:
                log.debug("changes of alarms wait for the database", error=str(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_WAIT)

    async def _write(self, *more: ConditionChange) -> None:
        # Whoever waits may be cancelled; the thread is not. Until it has ended nobody else has the
        # turn, and what it has written is taken out of the queue.
        await asyncio.shield(self._write_in_turn(more))

    async def _write_in_turn(self, more: Sequence[ConditionChange]) -> None:
        # In turn: two changes of one condition must not overtake each other on their threads.
        async with self._turn:
            batch = [*self._waiting, *more]
            if batch:
                await self._call(partial(self._transact, batch))
            written = set(map(id, batch))
            self._waiting = [change for change in self._waiting if id(change) not in written]
            if self._known is not None:
                # What was noted meanwhile is later than what was written.
                self._known |= _latest(batch) | _latest(self._waiting)

    def _read(self) -> dict[str, ConditionState]:
        migrate(self._engine)
        with self._engine.connect() as connection:
            rows = connection.execute(select(CONDITION)).all()
        return {row.key: ConditionState.read(row.key, row.data) for row in rows}

    def _transact(self, batch: Sequence[ConditionChange]) -> None:
        with self._engine.begin() as connection:
            _replace(connection, _latest(batch))
            add_entries(connection, [entry for change in batch for entry in change.entries])
            add_events(connection, [event for change in batch for event in change.events])

    async def _call(self, work: Callable[[], T]) -> T:
        return await access(
            work, lambda reason: ConditionStoreError(f"the database cannot be used now: {reason}")
        )


def _replace(connection: Connection, latest: Mapping[str, ConditionState]) -> None:
    """Put states in the places of those before."""
    if latest:
        # Delete and insert in one transaction: the same statements for both databases.
        old = delete(CONDITION).where(CONDITION.c.key == bindparam("gone"))
        connection.execute(old, [{"gone": key} for key in latest])
        rows = [{"key": key, "data": state.data()} for key, state in latest.items()]
        connection.execute(insert(CONDITION), rows)


def _states_of(changes: Sequence[ConditionChange]) -> list[ConditionChange]:
    return [ConditionChange(state) for state in _latest(changes).values()]


def _latest(changes: Sequence[ConditionChange]) -> dict[str, ConditionState]:
    """Return the states of changes; of several of one condition, the last."""
    return {change.state.key: change.state for change in changes if change.state is not None}


def _behind(change: ConditionChange, known: Mapping[str, ConditionState]) -> ConditionChange:
    """Return a change from before the last run's states were read as one that follows them."""

    def numbered(entry: JournalEntry) -> JournalEntry:
        if (earlier := known.get(entry.key)) is None:
            return entry
        # One that was active is the same one going on, and not the next.
        first = earlier.trunk.number - earlier.active
        return replace(entry, occurrence=entry.occurrence + first)

    state = None if change.state and change.state.key in known else change.state
    return replace(change, state=state, entries=[numbered(entry) for entry in change.entries])
