"""The historian: record the samples of the image in a database and read them again."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
import structlog
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.drivers.frame import Frame, Points
from heatpump_twin.twin_engine.errors import DatabaseAway, SchemaError
from heatpump_twin.twin_engine.historian.database import open_engine
from heatpump_twin.twin_engine.historian.deadband import Deadband
from heatpump_twin.twin_engine.historian.sample_queue import SampleQueue
from heatpump_twin.twin_engine.historian.sample_store import SampleStore, row_ids
from heatpump_twin.twin_engine.history import Samples

log = structlog.stdlib.get_logger(__name__)

_BLOCK = 50_000
"""Rows in one transaction: enough to be fast, few enough to be undone quickly."""
_LONGEST_WAIT = 30.0
"""Longest pause between two attempts to reach the database. [s]"""
_STOP_TIMEOUT = 3.0
"""The whole twin stops within 5 s; a database that is away then cannot be waited for. [s]"""
_STOP_RETRY = 0.1
"""Pause between attempts while stopping. [s]"""
_PRUNE_CYCLE = 600
"""Flushes in which every point is visited once by retention."""
_PRUNE_ROWS = 5_000
"""Samples of one point deleted at a time, so that readers and the next flush never wait long."""
_EVER = 2**62


@dataclass(frozen=True, slots=True)
class HistorianHealth:
    """Health of the historian, for readiness and metrics."""

    connected: bool
    """Whether the last access to the database succeeded."""
    queue_rows: int
    queue_capacity: int
    rows_written: int
    rows_dropped: int
    """Samples lost because the database was away too long."""
    delay: float
    """How long the oldest sample in the queue has waited. [s]"""
    flush_seconds: float
    """How long the last flush took."""
    last_error: str


class Historian:
    """Recorder of frames, in a thread of its own; readers get the database and the queue.

    While the database is away, samples wait in memory (``capacity`` rows) and the writer tries
    again with a growing pause.
    """

    def __init__(
        self,
        table: PointTable,
        url: str | URL,
        settings: HistorianSettings,
        clock: Clock,
        *,
        capacity: int = 1_000_000,
    ) -> None:
        self._table = table
        self._settings = settings
        self._clock = clock
        self._store = SampleStore(open_engine(url))
        self._compression = Deadband([p.spec.deadband for p in table], settings.max_interval)
        self._size = len(table)
        self._queue = SampleQueue(capacity)
        self._rows: dict[str, int] = {}
        self._row_of_point = np.empty(0, dtype=np.int32)
        # A thread and not a task: a database call blocks, and nothing that blocks may run in the
        # loop that polls devices. A daemon: a database that hangs must not keep the process
        # alive.
        self._writer = threading.Thread(target=self._run, name="historian", daemon=True)
        self._ended: Future[None] = Future()
        self._connected = False
        self._overflowing = False
        self._written = 0
        self._flush_seconds = 0.0
        self._last_error = ""
        self._prune_at = 0

    @property
    def health(self) -> HistorianHealth:
        """Health of the historian now."""
        return HistorianHealth(
            self._connected,
            self._queue.rows,
            self._queue.capacity,
            self._written,
            self._queue.dropped,
            self._queue.delay,
            self._flush_seconds,
            self._last_error,
        )

    async def start(self) -> None:
        """Open the database and start writing. If it is away, samples wait for it.

        Raises
        ------
        SchemaError
            The database belongs to a newer version of this software.
        """
        try:
            # Once in the foreground: a wrong schema is told at the start, not by a log line
            # afterwards.
            await asyncio.to_thread(self._work)
        except SQLAlchemyError as error:
            self._away(error)
        except SchemaError:
            self._store.close()
            raise
        self._writer.start()

    async def run(self) -> None:
        """Return when the writer has stopped; a bug that ended it is raised here.

        Cancelling this stops the waiting, not the writer.
        """
        await asyncio.shield(asyncio.wrap_future(self._ended))

    async def stop(self) -> None:
        """Record the end of the run (a gap marker per point) and write everything."""
        # The gap first, then no more: what a trend shows after this is known to be unknown.
        self._add(self._compression.close(self._clock.now()))
        self._queue.close()
        await asyncio.to_thread(self._writer.join, _STOP_TIMEOUT)
        # Said and not silently lost; how much is what a person has to know.
        if self._queue.rows:
            log.error(
                "history lost: the database was away when the twin stopped",
                rows=self._queue.rows,
                error=self._last_error,
            )
        self._store.close()

    def grow(self) -> None:
        """Record the points added to the table, too; the writer makes their database rows."""
        points = [self._table[index] for index in range(self._size, len(self._table))]
        self._compression.grow([point.spec.deadband for point in points])
        self._size = len(self._table)

    def append(self, frame: Frame) -> None:
        """Queue a frame for recording. Does not block."""
        self._add(self._compression.keep(frame))

    async def read_raw(
        self, key: str, start: int, end: int, *, limit: int, reverse: bool = False
    ) -> Samples:
        """Return at most ``limit`` samples with start ≤ time < end, newest first if ``reverse``.

        Raises
        ------
        DatabaseAway
            The recorded samples cannot be reached now.
        """
        return await asyncio.to_thread(self._read, key, start, end, limit, reverse)

    async def before(self, key: str, time: int) -> Samples:
        """Return the last sample at or before ``time``: none or one."""
        return await self.read_raw(key, -_EVER, time + 1, limit=1, reverse=True)

    async def after(self, key: str, time: int) -> Samples:
        """Return the first sample at or after ``time``: none or one."""
        return await self.read_raw(key, time, _EVER, limit=1)

    def _add(self, frame: Frame) -> None:
        if not len(frame):
            return
        lost = self._queue.add(frame)
        # Once for each overflow and not for each frame: the log is on the disk that may be full.
        if lost and not self._overflowing:
            log.error(
                "the historian's queue is full: the oldest samples are being lost",
                capacity=self._queue.capacity,
                error=self._last_error,
            )
        self._overflowing = lost > 0

    # ── in the writer thread ──────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        try:
            self._write_until_closed()
        except Exception as error:  # the boundary of the thread: `run` raises it
            log.exception("the historian's writer has failed")
            self._connected = False
            self._last_error = repr(error)
            self._ended.set_exception(error)
        else:
            self._ended.set_result(None)

    def _write_until_closed(self) -> None:
        wait = self._settings.flush
        # A growing pause: a database that restarts is not helped by knocking.
        while not self._queue.wait(wait):
            wait = self._settings.flush if self._attempt() else min(2 * wait, _LONGEST_WAIT)
        # Monotonic: the clock may be set while the twin stops.
        deadline = time.monotonic() + _STOP_TIMEOUT
        while not self._attempt() and time.monotonic() < deadline:
            time.sleep(_STOP_RETRY)

    def _attempt(self) -> bool:
        """Write the queued samples; return whether the database took them."""
        try:
            self._work()
        except (SQLAlchemyError, SchemaError) as error:
            self._away(error)
            return False
        return True

    def _work(self) -> None:
        begin = time.monotonic()
        if not self._rows:
            self._open()
        self._flush()
        self._prune()
        if not self._connected and self._last_error:
            log.info("the database is back, and has what waited for it")
        self._connected = True
        self._flush_seconds = time.monotonic() - begin

    def _away(self, error: Exception) -> None:
        message = str(error).splitlines()[0]
        if self._connected or not self._last_error:
            log.warning("the database is away: samples wait in memory", error=message)
        self._connected = False
        self._last_error = message
        self._store.close()  # whatever broke, the next attempt starts with a fresh connection

    def _open(self) -> None:
        rows = self._rows_of_table()
        # Before the first new sample, or the mark would come after it.
        gaps = self._store.close_gaps()
        if gaps:
            log.warning("the last run was not stopped: its history ends in a gap", points=gaps)
        # Assigned last: readers take non-empty rows as the sign that the database is open.
        self._row_of_point, self._rows = rows

    def _rows_of_table(self) -> tuple[Points, dict[str, int]]:
        keys = [point.key for point in self._table]
        rows = self._store.prepare(keys)
        return row_ids(rows, keys), rows

    def _flush(self) -> None:
        while (block := self._queue.take(_BLOCK)) is not None:
            # Only after taking: a point is in the table before its first sample is in the queue.
            if len(self._row_of_point) < len(self._table):
                self._row_of_point, self._rows = self._rows_of_table()
            self._store.write(
                Frame(self._row_of_point[block.point], block.value, block.status, block.time)
            )
            self._written += len(block)
            # Only after the commit: on failure the block is still the oldest, and is written
            # again. An upsert makes a second write harmless.
            self._queue.done(block)

    def _prune(self) -> None:
        """Apply retention to a few points; the next flush continues with the next ones."""
        rows = np.fromiter(self._rows.values(), dtype=np.int32)
        # Rounded up, so that a site of few points is visited too. All points at once would hold
        # the writer for seconds on a database of years.
        count = -(-len(rows) // _PRUNE_CYCLE)
        points = np.take(rows, range(self._prune_at, self._prune_at + count), mode="wrap")
        before = self._clock.now() - round(self._settings.retention * MICROSECONDS)
        self._store.prune(points.tolist(), before, _PRUNE_ROWS)
        self._prune_at += count

    # ── in a reader's thread ──────────────────────────────────────────────────────────────────────

    def _read(self, key: str, start: int, end: int, limit: int, reverse: bool) -> Samples:
        # The queue first: what is written meanwhile is found twice, never not at all.
        waiting = self._waiting(key, start, end)
        if not self._rows:
            raise DatabaseAway(f"history cannot be read: {self._last_error}")
        if key not in self._rows:
            return waiting
        try:
            stored = self._store.read(self._rows[key], start, end, limit, reverse)
        except SQLAlchemyError as error:
            raise DatabaseAway(f"history cannot be read: {error}") from error
        return _merge(stored, waiting, limit, reverse)

    def _waiting(self, key: str, start: int, end: int) -> Samples:
        point = self._table.by_key.get(key)
        index = -1 if point is None else point.index
        frame = Frame.concat(
            [Frame(*(a[f.point == index] for a in _columns(f))) for f in self._queue.waiting()]
        )
        inside = (frame.time >= start) & (frame.time < end)
        return Samples(frame.value[inside], frame.status[inside], frame.time[inside])


def _columns(frame: Frame) -> tuple[np.ndarray, ...]:
    return frame.point, frame.value, frame.status, frame.time


def _merge(stored: Samples, waiting: Samples, limit: int, reverse: bool) -> Samples:
    if not len(waiting):
        return stored
    # Reversed before `unique`, which keeps the first of equals: the sample that waits is newer.
    time = np.concatenate([stored.time, waiting.time])[::-1]
    value = np.concatenate([stored.value, waiting.value])[::-1]
    status = np.concatenate([stored.status, waiting.status])[::-1]
    _, order = np.unique(time, return_index=True)
    order = (order[::-1] if reverse else order)[:limit]
    return Samples(value[order], status[order], time[order])
