"""Read recorded history from a database without recording into it: for training and reports."""

from __future__ import annotations

import asyncio

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from heatpump_twin.twin_engine.errors import DatabaseAway
from heatpump_twin.twin_engine.historian.database.database_access import (
    open_engine,
    reason_of,
    require_database,
)
from heatpump_twin.twin_engine.historian.sample_store import SampleStore
from heatpump_twin.twin_engine.history import NO_SAMPLES, Samples
from heatpump_twin.twin_engine.hourly_statistics import NO_HOURS, Hourly

_EVER = 2**62


class StoredHistory:
    """`HistoryReader` of a database. A twin that records into it is not disturbed."""

    def __init__(self, url: str | URL) -> None:
        self._url = url
        self._store = SampleStore(open_engine(url))
        self._rows: dict[str, int] = {}

    async def start(self) -> None:
        """Open the database.

        Raises
        ------
        DatabaseAway
            It cannot be reached, or there is none.
        SchemaError
            It belongs to a newer version of this software.
        """
        require_database(self._url)
        try:
            # No keys: reading must not make rows for points that nobody records.
            self._rows = await asyncio.to_thread(self._store.prepare, [])
        except SQLAlchemyError as error:
            raise DatabaseAway(f"history cannot be read: {reason_of(error)}") from error

    @property
    def keys(self) -> list[str]:
        """Keys of all points that were ever recorded."""
        return list(self._rows)

    async def stop(self) -> None:
        """Close all connections."""
        await asyncio.to_thread(self._store.close)

    async def read_raw(
        self, key: str, start: int, end: int, *, limit: int, reverse: bool = False
    ) -> Samples:
        """Return at most ``limit`` samples with start ≤ time < end, newest first if ``reverse``."""
        if key not in self._rows:
            return NO_SAMPLES
        try:
            return await asyncio.to_thread(
                self._store.read, self._rows[key], start, end, limit, reverse
            )
        except SQLAlchemyError as error:
            raise DatabaseAway(f"history cannot be read: {reason_of(error)}") from error

    async def before(self, key: str, time: int) -> Samples:
        """Return the last sample at or before ``time``: none or one."""
        return await self.read_raw(key, -_EVER, time + 1, limit=1, reverse=True)

    async def after(self, key: str, time: int) -> Samples:
        """Return the first sample at or after ``time``: none or one."""
        return await self.read_raw(key, time, _EVER, limit=1)

    async def read_hours(self, key: str, start: int, end: int) -> Hourly:
        """Return statistics of whole hours with start ≤ hour ≤ end, as far as there are some."""
        if key not in self._rows:
            return NO_HOURS
        try:
            return await asyncio.to_thread(self._store.read_hours, self._rows[key], start, end)
        except SQLAlchemyError as error:
            raise DatabaseAway(f"history cannot be read: {reason_of(error)}") from error
