"""Store the states of conditions in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TypeVar

from sqlalchemy import URL, delete, insert, select

from heatpump_twin.twin_engine.conditions.condition_state import ConditionState
from heatpump_twin.twin_engine.errors import ConditionStoreError
from heatpump_twin.twin_engine.historian.database.database_access import (
    access,
    migrate,
    open_engine,
)
from heatpump_twin.twin_engine.historian.database.tables import CONDITION

T = TypeVar("T")


class ConditionStore:
    """A table of the historian's database, and what it held at the start.

    What `keep` returned from is on disk. Methods raise `ConditionStoreError` while the database
    cannot be reached; nothing is kept before the states of the last run were read, which it would
    replace.
    """

    def __init__(self, url: str | URL) -> None:
        self._engine = open_engine(url)
        self._known: dict[str, ConditionState] | None = None
        self._turn = asyncio.Lock()

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
        self._known = await self._call(self._read)
        return self._known

    async def keep(self, state: ConditionState) -> None:
        """Store the state of a condition in place of the one before."""
        if self._known is None:
            raise ConditionStoreError("the states of the last run were not read yet")
        # In turn: two changes of one condition must not overtake each other on their threads.
        async with self._turn:
            await self._call(lambda: self._replace(state))
            self._known[state.key] = state

    async def stop(self) -> None:
        """Close all connections."""
        await asyncio.to_thread(self._engine.dispose)

    def _read(self) -> dict[str, ConditionState]:
        migrate(self._engine)
        with self._engine.connect() as connection:
            rows = connection.execute(select(CONDITION)).mappings().all()
        return {row["key"]: ConditionState(**row) for row in rows}

    def _replace(self, state: ConditionState) -> None:
        with self._engine.begin() as connection:
            # Delete and insert in one transaction: the same statements for both databases.
            connection.execute(delete(CONDITION).where(CONDITION.c.key == state.key))
            connection.execute(insert(CONDITION), asdict(state))

    async def _call(self, work: Callable[[], T]) -> T:
        return await access(
            work, lambda reason: ConditionStoreError(f"the database cannot be used now: {reason}")
        )
