"""Store overrides, ready programs, tank programs and heat-ups in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Table, delete, insert, select

from heatpump_twin.twin_engine.errors import ProgramStoreError
from heatpump_twin.twin_engine.historian.database.database_access import (
    access,
    close_engine,
    migrate,
    open_engine,
)
from heatpump_twin.twin_engine.historian.database.tables import (
    HEAT_UP,
    HOT_WATER_WAIT,
    OVERRIDE,
    READY_PROGRAM,
    TANK_PROGRAM,
)
from heatpump_twin.twin_engine.programs.override import Override
from heatpump_twin.twin_engine.programs.tank_program import TankProgram
from heatpump_twin.twin_engine.smart_start.hot_water_wait import HotWaterWait
from heatpump_twin.twin_engine.smart_start.kept_word import KEPT, HeatUpOutcome, HeatUpRecord
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyProgram, ReadyQuantity

T = TypeVar("T")
Promise = Override | ReadyProgram | TankProgram | HotWaterWait

_TABLES: dict[type[Promise], Table] = {
    Override: OVERRIDE,
    ReadyProgram: READY_PROGRAM,
    TankProgram: TANK_PROGRAM,
    HotWaterWait: HOT_WATER_WAIT,
}


@dataclass(frozen=True, slots=True)
class Promises:
    """All that is open, and the last heat-ups.

    Overrides by point key, ready programs and heat-ups by theirs, tank programs and hot water that
    waits by heat pump.
    """

    overrides: dict[str, Override] = field(default_factory=dict)
    ready_programs: dict[str, ReadyProgram] = field(default_factory=dict)
    tank_programs: dict[str, TankProgram] = field(default_factory=dict)
    hot_water_waits: dict[str, HotWaterWait] = field(default_factory=dict)
    heat_ups: dict[str, list[HeatUpRecord]] = field(default_factory=dict)


class ProgramStore:
    """Tables of the historian's database. What a method returned from is on disk.

    All methods raise `ProgramStoreError` when the database cannot be reached.
    """

    def __init__(self, url: str | URL) -> None:
        self._engine = open_engine(url)

    async def load(self) -> Promises:
        """Upgrade the database schema; return what is open, and the last heat-ups."""
        return await self._call(self._load)

    async def stop(self) -> None:
        """Close all connections."""
        await asyncio.to_thread(close_engine, self._engine)

    async def keep(self, promise: Promise) -> None:
        """Store an override or a program in place of the one with its key."""
        await self._call(lambda: self._replace(type(promise), _key(promise), _row(promise)))

    async def drop(self, kind: type[Promise], key: str) -> None:
        """Delete an override or a program that is done or no longer wanted."""
        await self._call(lambda: self._replace(kind, key, None))

    async def remember(self, *records: HeatUpRecord) -> None:
        """Store heat-ups that are over."""
        await self._call(lambda: self._insert(records))

    def _load(self) -> Promises:
        migrate(self._engine)
        with self._engine.connect() as connection:
            overrides, ready_programs, tank_programs, waits = (
                connection.execute(select(table)).mappings().all() for table in _TABLES.values()
            )
            heat_ups = _last_heat_ups(connection)
        return Promises(
            {row["key"]: Override(**row) for row in overrides},
            {row["key"]: ReadyProgram.of(dict(row)) for row in ready_programs},
            {row["asset"]: TankProgram.of(dict(row)) for row in tank_programs},
            {row["asset"]: HotWaterWait.of(dict(row)) for row in waits},
            heat_ups,
        )

    def _insert(self, records: Sequence[HeatUpRecord]) -> None:
        migrate(self._engine)
        with self._engine.begin() as connection:
            for one in records:
                # One that is there already, as it was found in the history before.
                same = (
                    (HEAT_UP.c.asset == one.asset)
                    & (HEAT_UP.c.quantity == one.quantity)
                    & (HEAT_UP.c.begin == one.begin)
                )
                connection.execute(delete(HEAT_UP).where(same))
                connection.execute(insert(HEAT_UP), asdict(one))

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
    return promise.asset if isinstance(promise, TankProgram | HotWaterWait) else promise.key


def _row(promise: Promise) -> dict[str, Any]:
    row = asdict(promise)
    return {**row, "key": promise.key} if isinstance(promise, ReadyProgram) else row


def _last_heat_ups(connection: Connection) -> dict[str, list[HeatUpRecord]]:
    """Return the last heat-ups by the key of their program, oldest first."""
    columns = [column for column in HEAT_UP.c if column.name != "id"]
    of = (HEAT_UP.c.asset, HEAT_UP.c.quantity)
    found: dict[str, list[HeatUpRecord]] = {}
    for asset, quantity in connection.execute(select(*of).distinct()).all():
        own = select(*columns).where(of[0] == asset, of[1] == quantity)
        rows = connection.execute(own.order_by(HEAT_UP.c.begin.desc()).limit(KEPT)).mappings()
        found[f"{asset}.{quantity}"] = [_record(dict(row)) for row in reversed(rows.all())]
    return found


def _record(row: dict[str, Any]) -> HeatUpRecord:
    kinds = {"quantity": ReadyQuantity(row["quantity"]), "outcome": HeatUpOutcome(row["outcome"])}
    return HeatUpRecord(**{**row, **kinds})
