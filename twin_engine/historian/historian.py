"""The historian: record the samples of the image in a database and read them again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from heatpump_twin.config.catalogue import PointRole, PointTable
from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.clock import MICROSECONDS, Clock, is_plausible
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.twin_engine.correction import Corrected, Correction, ModifiedSamples
from heatpump_twin.twin_engine.errors import DatabaseAway, HistoryLost, SchemaError
from heatpump_twin.twin_engine.historian.columns.merging import overlay, part
from heatpump_twin.twin_engine.historian.corrections.late_spans import LateSpan
from heatpump_twin.twin_engine.historian.database.database_access import (
    access,
    open_engine,
    reason_of,
)
from heatpump_twin.twin_engine.historian.recording.deadband import Deadband
from heatpump_twin.twin_engine.historian.recording.resolution import Resolution
from heatpump_twin.twin_engine.historian.recording.sample_queue import SampleQueue
from heatpump_twin.twin_engine.historian.recording.sample_writer import SampleWriter
from heatpump_twin.twin_engine.historian.recording.spool import Spool
from heatpump_twin.twin_engine.historian.sample_store import SampleStore
from heatpump_twin.twin_engine.history import NO_SAMPLES, HistoryReader, Samples
from heatpump_twin.twin_engine.hourly_statistics import HOUR, NO_HOURS, Hourly, kept_hours

log = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")

_EVER = 2**62
_AHEAD = 60 * MICROSECONDS
LATE = 15 * 60 * MICROSECONDS
"""A sample that comes later than this is noted: what was computed of its time may be wrong. [µs]"""


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
    trouble: str = ""
    """Why the database was begun anew not long ago; empty: it was not."""
    giving_way: bool = False
    """Whether the oldest samples are being deleted for lack of room."""
    spool_size: int = 0
    """What waits on disk for the database. [B]"""


class Historian:
    """Recorder of frames; readers get the database and the queue.

    While the database is away, samples wait in memory (``capacity`` rows), after some time or from
    some number on in the ``spool``, and the writer tries again with a growing pause. What waits at
    the end goes to the spool as well.
    """

    def __init__(
        self,
        table: PointTable,
        url: str | URL,
        settings: HistorianSettings,
        clock: Clock,
        *,
        capacity: int = 1_000_000,
        spool: Spool | None = None,
    ) -> None:
        self._table = table
        self._clock = clock
        self._spool = spool
        self._store = SampleStore(open_engine(url))
        deadband = [point.spec.deadband for point in table]
        self._compression = Deadband(deadband, settings.max_interval)
        self._resolution = Resolution(deadband)
        self._size = len(table)
        self._tallied = _tallied(table, 0)
        self._queue = SampleQueue(capacity)
        self._writer = SampleWriter(table, self._store, self._queue, settings, clock, spool)
        self._overflowing = False

    @property
    def health(self) -> HistorianHealth:
        """Health of the historian now."""
        return HistorianHealth(
            self._writer.connected,
            self._queue.rows,
            self._queue.capacity,
            self._writer.written,
            self._queue.dropped,
            self._queue.delay,
            self._writer.flush_seconds,
            self._writer.last_error,
            self._writer.trouble,
            self._writer.room.giving_way,
            self._writer.overflow.size,
        )

    @property
    def stored(self) -> HistoryReader:
        """Reader of what is in the database only: what it returns survives a power cut."""
        return _Stored(self)

    @property
    def horizon(self) -> int:
        """Time up to which samples can be: now, and a little more. [µs since the Unix epoch]"""
        now = self._clock.now()
        # A clock of 1970 would hide everything, and is not to be believed.
        return now + _AHEAD if is_plausible(now) else _EVER

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
            await asyncio.to_thread(self._writer.open)
        except SchemaError:
            self._store.close()
            raise
        self._writer.start()

    async def run(self) -> None:
        """Return when the writer has stopped.

        Cancelling this stops the waiting, not the writer.
        """
        await asyncio.shield(asyncio.wrap_future(self._writer.ended))

    async def stop(self) -> None:
        """Record the end of the run (a gap marker per point) and write everything.

        Raises
        ------
        HistoryLost
            Neither the database nor the spool took what waited.
        """
        # The gap first, then no more: what a trend shows after this is known to be unknown.
        self._add(self._compression.close(self._clock.now()))
        self._queue.close()
        ended = await asyncio.to_thread(self._writer.join)
        if ended:
            self._store.close()
        # Else the writer may still be in a call of the database: its connection is closed with the
        # process.
        if self._queue.rows:
            await asyncio.to_thread(self._leave)

    def _leave(self) -> None:
        """Put what waits into the spool."""
        frame, error = Frame.concat(self._queue.waiting()), self._writer.last_error
        if self._spool is None:
            log.error("history lost: no database at the end", rows=len(frame), error=error)
            return
        try:
            path = self._spool.put([point.key for point in self._table], frame)
        except OSError as problem:
            raise HistoryLost(
                f"history lost: {len(frame)} samples could neither be written to the database "
                f"({error}) nor kept for the next start ({problem})"
            ) from problem
        log.warning(
            "the database is away: samples are kept for the next start",
            rows=len(frame), file=str(path), error=error,
        )  # fmt: skip

    def grow(self) -> None:
        """Record the points added to the table, too; the writer makes their database rows."""
        points = [self._table[index] for index in range(self._size, len(self._table))]
        deadband = [point.spec.deadband for point in points]
        self._compression.grow(deadband)
        self._resolution.grow(deadband)
        self._tallied = np.append(self._tallied, _tallied(self._table, self._size))
        self._size = len(self._table)

    def clock_was_set(self, before: int) -> None:
        """Mark a gap where the clock jumped; ``before`` is the time that it would show without.

        Where it was set back, what was recorded from then on is of a time that has not come: those
        samples become Uncertain, and keep their values.
        """
        now = self._clock.now()
        if now < before:
            self._writer.doubt((now + 1, before + 1))
        self._add(self._compression.close(before))
        self.hold_retention()

    def hold_retention(self) -> None:
        """Delete nothing for a day: a clock that may be wrong must not say what is old."""
        self._writer.retention.hold()

    def append(self, frame: Frame) -> None:
        """Queue a frame for recording, as fine as its values are known. Does not block.

        What is tallied is left out: whoever makes it from history records its table (`take`).
        """
        tallied = self._tallied[frame.point]
        if tallied.any():
            frame = part(frame, ~tallied)
        if len(frame):
            self._add(self._compression.keep(self._resolution.of(frame)))

    def take(self, frame: Frame) -> None:
        """Queue samples that are to be recorded as they are, of any time. Does not block."""
        self._add(frame)

    async def late(self) -> list[LateSpan]:
        """Return where samples came late or were corrected since it was `settle`d."""
        return await access(
            self._store.late, lambda reason: DatabaseAway(f"history cannot be read: {reason}")
        )

    def settle(self, late: Iterable[LateSpan]) -> None:
        """Forget late spans once all is written that was queued before. Does not block."""
        self._writer.settle(span.number for span in late)

    async def read_raw(
        self, key: str, start: int, end: int, *, limit: int, reverse: bool = False
    ) -> Samples:
        """Return at most ``limit`` samples with start ≤ time < end, newest first if ``reverse``.

        Raises
        ------
        DatabaseAway
            The recorded samples cannot be reached now.
        """
        return await asyncio.to_thread(self.read, key, start, end, limit, reverse)

    async def before(self, key: str, time: int) -> Samples:
        """Return the last sample at or before ``time``: none or one."""
        return await self.read_raw(key, -_EVER, time + 1, limit=1, reverse=True)

    async def after(self, key: str, time: int) -> Samples:
        """Return the first sample at or after ``time``: none or one."""
        return await self.read_raw(key, time, _EVER, limit=1)

    async def read_hours(self, key: str, start: int, end: int) -> Hourly:
        """Return statistics of whole hours with start ≤ hour ≤ end, as far as there are some."""
        return await asyncio.to_thread(self.hours, key, start, end)

    async def correct(self, correction: Correction) -> Corrected:
        """Make a correction durably, after what came before it was written.

        Raises
        ------
        EngineError
            It was not made.
        """
        return await asyncio.wrap_future(self._writer.correct(correction))

    def has_modified(self, key: str) -> bool:
        """Tell whether anything of a point was ever corrected."""
        return self._store.has_modified(self._writer.rows.get(key, 0))

    async def read_modified(self, key: str, start: int, end: int) -> ModifiedSamples:
        """Return what was corrected with start ≤ time < end."""
        return await self._of_row(key, self._store.read_modified, start, end)

    async def forget_modified(self, key: str, start: int, end: int) -> int:
        """Delete what is kept of corrections with start ≤ time < end; return how many samples."""
        return await self._of_row(key, self._store.forget_modified, start, end)

    async def _of_row(self, key: str, work: Callable[[int, int, int], T], *span: int) -> T:
        row = self._writer.rows.get(key)
        if row is None:
            raise DatabaseAway(f"history cannot be read: {self._writer.last_error}")
        return await access(
            lambda: work(row, *span),
            lambda reason: DatabaseAway(f"corrections cannot be reached now: {reason}"),
        )

    def _add(self, frame: Frame) -> None:
        if not len(frame):
            return
        late = (frame.time < self._clock.now() - LATE) & ~self._tallied[frame.point]
        if late.any():
            self._writer.note_late(part(frame, late))
        lost = self._queue.add(frame)
        # Once for each overflow and not for each frame: the log is on the disk that may be full.
        if lost and not self._overflowing:
            log.error(
                "the historian's queue is full: the oldest samples are being lost",
                capacity=self._queue.capacity,
                error=self._writer.last_error,
            )
        self._overflowing = lost > 0

    # ── in a reader's thread ──────────────────────────────────────────────────────────────────────

    def read(
        self,
        key: str,
        start: int,
        end: int,
        limit: int,
        reverse: bool = False,
        *,
        stored_only: bool = False,
    ) -> Samples:
        """Do what `read_raw` does, in the caller's thread; with or without what waits."""
        # The queue first: what is written meanwhile is found twice, never not at all.
        waiting = NO_SAMPLES if stored_only else self._waiting(key, start, end)
        if not self._writer.rows:
            raise DatabaseAway(f"history cannot be read: {self._writer.last_error}")
        row = self._writer.rows.get(key)
        if row is None:
            return waiting
        try:
            stored = self._store.read(row, start, end, limit, reverse)
        except SQLAlchemyError as error:
            raise DatabaseAway(f"history cannot be read: {reason_of(error)}") from error
        return _merge(stored, waiting, limit, reverse)

    def hours(self, key: str, start: int, end: int, *, stored_only: bool = False) -> Hourly:
        """Do what `read_hours` does, in the caller's thread; with or without what waits."""
        waiting = NO_SAMPLES if stored_only else self._waiting(key, start, end)
        row = self._writer.rows.get(key)
        if row is None:
            return NO_HOURS  # the samples tell why
        try:
            found = self._store.read_hours(row, start, end)
        except SQLAlchemyError as error:
            raise DatabaseAway(f"history cannot be read: {reason_of(error)}") from error
        return kept_hours(found, ~np.isin(found["hour"], np.unique(waiting.time // HOUR)))

    def _waiting(self, key: str, start: int, end: int) -> Samples:
        point = self._table.by_key.get(key)
        index = -1 if point is None else point.index
        frame = Frame.concat(
            [Frame(*(a[f.point == index] for a in _columns(f))) for f in self._queue.waiting()]
        )
        inside = (frame.time >= start) & (frame.time < end)
        return Samples(frame.value[inside], frame.status[inside], frame.time[inside])


@dataclass(frozen=True, slots=True)
class _Stored:
    """`HistoryReader` of what a historian has in its database, for those who rely on it.

    A sample is there at the latest one flush after it came. One that a client had seen and that a
    power cut took back would be worse than one that comes a second later. What a clock that was set
    wrong has recorded of a time that has not come is not shown: the newest sample is of now.
    """

    historian: Historian

    async def read_raw(
        self, key: str, start: int, end: int, *, limit: int, reverse: bool = False
    ) -> Samples:
        end = min(end, self.historian.horizon)
        return await asyncio.to_thread(
            self.historian.read, key, start, end, limit, reverse, stored_only=True
        )

    async def before(self, key: str, time: int) -> Samples:
        return await self.read_raw(key, -_EVER, time + 1, limit=1, reverse=True)

    async def after(self, key: str, time: int) -> Samples:
        return await self.read_raw(key, time, _EVER, limit=1)

    async def read_hours(self, key: str, start: int, end: int) -> Hourly:
        end = min(end, self.historian.horizon)
        return await asyncio.to_thread(self.historian.hours, key, start, end, stored_only=True)


def _tallied(table: PointTable, first: int) -> NDArray[np.bool_]:
    """Tell of the points from a number on which are tallied."""
    role = [table[i].spec.role is PointRole.TALLIED for i in range(first, len(table))]
    return np.array(role, dtype=bool)


def _columns(frame: Frame) -> tuple[np.ndarray, ...]:
    return frame.point, frame.value, frame.status, frame.time


def _merge(stored: Samples, waiting: Samples, limit: int, reverse: bool) -> Samples:
    if not len(waiting):
        return stored
    # The sample that waits is newer. Those of one frame may be in any order.
    joined = overlay([stored[::-1] if reverse else stored, waiting])
    return joined[: -limit - 1 : -1] if reverse else joined[:limit]
