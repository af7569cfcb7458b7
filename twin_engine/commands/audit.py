"""Audit log: who wrote or requested what, with the outcome."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import URL, insert, select, update

from heatpump_twin.twin_engine.errors import AuditError, SchemaError
from heatpump_twin.twin_engine.historian.database import access, migrate, open_engine
from heatpump_twin.twin_engine.historian.tables import AUDIT

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One attempt to write a point or to start a program, with its outcome."""

    time: int
    """When it began. [µs since the Unix epoch, UTC]"""
    user: str
    origin: str
    """The way in, such as a client's address or application name."""
    key: str
    """The point (``hp1.supply_setpoint``), as the caller named it, or the method of a program."""
    old: float | None
    requested: float | None
    """None where the caller asked for something that is not a number."""
    read_back: float | None
    status: int
    """OPC UA status of the result."""
    message: str
    reason: str = ""
    """Why, in the words of the user."""
    complete: bool = True
    """False: the write was begun, and the twin ended before it could record the outcome."""


class AuditLog:
    """Audit log in the table ``audit``. An entry is on disk when its method has returned."""

    def __init__(self, url: str | URL) -> None:
        self._engine = open_engine(url)

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

    async def stop(self) -> None:
        """Close all connections."""
        await asyncio.to_thread(self._engine.dispose)

    async def append(self, entry: AuditEntry) -> int:
        """Append the entry of an attempt and return its number."""
        row = asdict(entry)
        for name in ("old", "requested", "read_back"):
            row[name] = _number(row[name])
        row["status"] = _signed(entry.status)
        return await self._call(lambda: self._insert(row))

    async def complete(
        self, number: int, *, status: int, read_back: float | None, message: str
    ) -> None:
        """Store the outcome of an entry that was appended incomplete."""
        statement = (
            update(AUDIT)
            .where(AUDIT.c.id == number)
            .values(
                status=_signed(status),
                read_back=_number(read_back),
                message=message,
                complete=True,
            )
        )
        await self._call(lambda: self._execute(statement))

    async def tail(self, count: int) -> list[AuditEntry]:
        """Return the last ``count`` audit entries, newest first."""
        return await self._call(lambda: self._newest(count))

    def _insert(self, row: dict[str, Any]) -> int:
        with self._engine.begin() as connection:
            # The number is needed to complete the entry: a second insert would leave two rows of
            # one attempt.
            key = connection.execute(insert(AUDIT), row).inserted_primary_key
        assert key is not None  # noqa: S101 (one row was inserted)
        return int(key[0])

    def _execute(self, statement: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(statement)

    def _newest(self, count: int) -> list[AuditEntry]:
        columns = [column for column in AUDIT.c if column.name != "id"]
        query = select(*columns).order_by(AUDIT.c.id.desc()).limit(count)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [AuditEntry(**{**row, "status": row["status"] & 0xFFFF_FFFF}) for row in rows]

    async def _call(self, work: Callable[[], T]) -> T:
        return await access(
            work, lambda reason: AuditError(f"the audit log cannot be used: {reason}")
        )


def _number(value: float | None) -> float | None:
    # NULL and not NaN: SQLite stores NaN as NULL anyway, and PostgreSQL sorts it above every
    # number.
    return value if value is not None and math.isfinite(value) else None


def _signed(status: int) -> int:
    # Neither database has an unsigned 32-bit type: the same bits, signed.
    return int(np.uint32(status).view(np.int32))
