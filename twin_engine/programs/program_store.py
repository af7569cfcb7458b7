"""Store overrides, schedules and tank programs in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from sqlalchemy import URL, Table, delete, insert, select

from heatpump_twin.twin_engine.errors import ProgramStoreError
from heatpump_twin.twin_engine.historian.database.database_access import (
    access,
    close_engine,
    migrate,
    open_engine,
)
from heatpump_twin.twin_engine.historian.database.tables import OVERRIDE, SCHEDULE, TANK_PROGRAM
from heatpump_twin.twin_engine.programs.override import Override
from heatpump_twin.twin_engine.programs.ready_schedule import ReadySchedule
from heatpump_twin.twin_engine.programs.tank_program import TankProgram

T = TypeVar("T")
Promise = Override | ReadySchedule | TankProgram

_TABLES: dict[type[Promise], Table] = {
    Override: OVERRIDE,
    ReadySchedule: SCHEDULE,
    TankProgram: TANK_PROGRAM,
}


@dataclass(frozen=True, slots=True)
class Promises:
    """Overrides by point key; schedules and tank programs by heat pump: all that is open."""

    overrides: dict[str, Override] = field(default_factory=dict)
    schedules: dict[str, ReadySchedule] = field(default_factory=dict)
    tank_programs: dict[str, TankProgram] = field(default_factory=dict)


class ProgramStore:
    """Three tables of the historian's database. What a method returned from is on disk.

    All methods raise `ProgramStoreError` when the database cannot be reached.
    """

    def __init__(self, url: str | URL) -> None:
        self._engine = open_engine(url)

    async def load(self) -> Promises:
        """Upgrade the database schema; return the open overrides, schedules and tank programs."""
        return await self._call(self._load)

    async def stop(self) -> None:
        """Close all connections."""
        await asyncio.to_thread(close_engine, self._engine)

    async def keep(self, promise: Promise) -> None:
        """Store an override, schedule or tank program in place of the one with its key."""
        await self._call(lambda: self._replace(type(promise), _key(promise), asdict(promise)))

    async def drop(self, kind: type[Promise], key: str) -> None:
        """Delete an override, schedule or tank program that is done or no longer wanted."""
        await self._call(lambda: self._replace(kind, key, None))

    def _load(self) -> Promises:
        migrate(self._engine)
        with self._engine.connect() as connection:
            overrides, schedules, tank_programs = (
                connection.execute(select(table)).mappings().all() for table in _TABLES.values()
            )
        return Promises(
            {row["key"]: Override(**row) for row in overrides},
            {row["asset"]: ReadySchedule(**row) for row in schedules},
            {row["asset"]: TankProgram.of(dict(row)) for row in tank_programs},
        )

    def _replace(self, kind: type[Promise], key: str, row: dict[str, Any] | None) -> None:
        table = _TABLES[kind]
        (column,) = table.primary_key
        with self._engine.begin() as connection:
            # Delete and insert in one transaction, not an upsert: the same two statements serve
            # SQLite and PostgreSQL, and these tables see a few rows a day.
            connection.execute(delete(table).where(column == key))
            if row is not None:
                connection.execute(insert(table), row)

    async def _call(self, work: Callable[[], T]) -> T:
        return await access(
            work,
            lambda reason: ProgramStoreError(f"the database cannot be used now: {reason}"),
        )


def _key(promise: Promise) -> str:
    return promise.key if isinstance(promise, Override) else promise.asset
