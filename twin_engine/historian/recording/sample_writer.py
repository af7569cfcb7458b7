"""Write queued samples to a database, in a thread of its own, whatever becomes of the database."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future

import numpy as np
import structlog
from sqlalchemy.exc import SQLAlchemyError

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Frame, Points
from heatpump_twin.twin_engine.correction import Corrected, Correction
from heatpump_twin.twin_engine.errors import SchemaError
from heatpump_twin.twin_engine.historian.corrections.correction_queue import CorrectionQueue
from heatpump_twin.twin_engine.historian.corrections.late_spans import is_tallied, spans
from heatpump_twin.twin_engine.historian.database.database_access import reason_of
from heatpump_twin.twin_engine.historian.database.database_file import means_damage, means_full
from heatpump_twin.twin_engine.historian.recording.disk_room import DiskRoom
from heatpump_twin.twin_engine.historian.recording.overflow import BLOCK, Overflow
from heatpump_twin.twin_engine.historian.recording.retention import Retention
from heatpump_twin.twin_engine.historian.recording.sample_queue import SampleQueue
from heatpump_twin.twin_engine.historian.recording.spool import Spool
from heatpump_twin.twin_engine.historian.sample_store import SampleStore, row_ids

log = structlog.stdlib.get_logger(__name__)

_MANY = 10_000
"""Samples that are written before their time: a large site costs its disk no more for that."""
_PERIOD = 1.0
"""How often it is looked what there is to do: to write, to seal, to delete, to notice. [s]"""
_LONGEST_WAIT = 30.0
"""Longest pause between two attempts to reach the database of a server. [s]"""
_LONGEST_WAIT_FOR_FILE = 5.0
"""And of a file: nobody is kept busy by knocking there. [s]"""
STOP_TIMEOUT = 3.0
"""A stop waits this long for a database that takes nothing; the twin stops within 5 s. [s]"""
_STOP_RETRY = 0.1
"""Pause between attempts while stopping. [s]"""
_SEAL_SECONDS = 0.2
"""How long hot samples are put into blocks at a time, so that what comes is written meanwhile."""
_TAKE_BACK_SECONDS = 0.5
"""How long what lies in the spool is written at a time, so that what comes is looked after."""
_DAMAGE_CONFIRMED = 3
"""Attempts in a row that find a database damaged before it is set aside: one may be a bad read."""
TROUBLE_SHOWN = 120.0
"""How long a database that was begun anew is told of: watchdogs look once a minute. [s]"""

Span = tuple[int, int]
"""From, until. [µs since the Unix epoch]"""


class SampleWriter:
    """Writer of queued samples; what is wrong with the database is known and told here."""

    def __init__(
        self,
        table: PointTable,
        store: SampleStore,
        queue: SampleQueue,
        settings: HistorianSettings,
        clock: Clock,
        spool: Spool | None,
    ) -> None:
        self.rows: dict[str, int] = {}
        """Row id of every point key; empty while the database has not been opened."""
        self.connected = False
        self.written = 0
        self.flush_seconds = 0.0
        self.last_error = ""
        self.ended: Future[None] = Future()
        self.corrections = CorrectionQueue()
        self.room = DiskRoom(store, settings)
        self.retention = Retention(store, settings, clock)
        self.overflow = Overflow(table, store, queue, spool, clock)
        self._table = table
        self._store = store
        self._queue = queue
        self._settings = settings
        self._period = min(_PERIOD, settings.flush)
        self._clock = clock
        self._row_of_point: Points = np.empty(0, dtype=np.int32)
        self._file = store.file.identity if store.file else None
        self._progress = time.monotonic()
        self._damage_seen = 0
        self._trouble = ("", -TROUBLE_SHOWN)
        self._doubtful: list[Span] = []
        self._late: list[tuple[int, int, int]] = []
        self._settling: deque[int] = deque()
        # A thread and not a task: a database call blocks, and nothing that blocks may run in the
        # loop that polls devices. A daemon: a database that hangs must not keep the process
        # alive.
        self._thread = threading.Thread(target=self._run, name="historian", daemon=True)

    @property
    def trouble(self) -> str:
        """Why the database was begun anew not long ago; empty: it was not."""
        text, since = self._trouble
        return text if time.monotonic() - since < TROUBLE_SHOWN else ""

    def open(self) -> None:
        """Write once in the caller's thread; a `SchemaError` of the database is raised."""
        try:
            self._work()
        except SQLAlchemyError as error:
            self._away(error)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def join(self) -> bool:
        """Wait until all is written, or nothing has been for `STOP_TIMEOUT`; tell if it ended."""
        self._note_progress()
        while self._thread.is_alive() and time.monotonic() - self._progress < STOP_TIMEOUT:
            self._thread.join(_STOP_RETRY)
        return not self._thread.is_alive()

    def correct(self, correction: Correction) -> Future[Corrected]:
        """Have recorded samples corrected, after what waits was written."""
        answer = self.corrections.add(correction)
        self._queue.call()
        return answer

    def doubt(self, span: Span) -> None:
        """Have samples of a time that was wrong marked Uncertain."""
        self._doubtful.append(span)

    def note_late(self, frame: Frame) -> None:
        """Have it noted that samples came late, before they are written."""
        self._late.extend(spans(frame))

    def settle(self, numbers: Iterable[int]) -> None:
        """Have late spans forgotten, once all is written that waits now."""
        self._settling.extend(numbers)

    # ── in the writer thread ──────────────────────────────────────────────────────────────────────
    def _run(self) -> None:
        pause = self._period
        # A bug here must not end control and alarms: samples wait as while the database is away,
        # and what is wrong with one of them may be over.
        while not self._written_until_closed() and not self._queue.wait(pause):
            pause = min(2 * pause, _LONGEST_WAIT)
        self.corrections.refuse("the twin is stopping", for_good=True)
        self.ended.set_result(None)

    def _written_until_closed(self) -> bool:
        """Write until the queue is closed; return False if a bug ended that."""
        try:
            self._write_until_closed()
        except Exception as error:  # the boundary of the thread
            log.exception("the historian's writer has failed")
            self.connected, self.last_error = False, repr(error)
            return False
        return True

    def _write_until_closed(self) -> None:
        wait = self._period
        longest = _LONGEST_WAIT if self._store.file is None else _LONGEST_WAIT_FOR_FILE
        # A growing pause: a database that restarts is not helped by knocking.
        while not self._queue.wait(wait):
            wait = self._pause() if self._attempt() else min(max(2 * wait, self._period), longest)
        self._note_progress()
        # Monotonic: the clock may be set while the twin stops.
        while time.monotonic() - self._progress < STOP_TIMEOUT:
            if not self._attempt():
                time.sleep(_STOP_RETRY)
            elif not self.overflow.waiting:
                break

    def _pause(self) -> float:
        """Return how long there is nothing to do: no time while something is on disk. [s]"""
        return 0.0 if self.overflow.waiting else self._period

    def _attempt(self) -> bool:
        """Write the queued samples; return whether the database took them."""
        try:
            self._work()
        except (SQLAlchemyError, SchemaError) as error:
            self._away(error)
            self._consider(error)
            self.corrections.refuse(self.last_error)
            self.overflow.spill(error)
            return False
        self._damage_seen = 0
        return True

    def _work(self) -> None:
        begin = time.monotonic()
        self._follow_file()
        if not self.rows:
            self._open()
        # Before anything is written: what is freed is what a full disk has room for.
        self.room.make(self._pruned(), self._clock.now())
        if self.overflow.waiting and not self._taken_back():
            # What waits in memory is newer: it goes behind what lies in the spool.
            self.overflow.relieve()
            self._reached()
            return
        if self._due():
            self._flush()
        self._mark()
        self.corrections.carry_out(self._correct)
        self.retention.prune(self._pruned())
        # Last: on a full disk it is the first that does not work.
        self._store.seal(len(self.rows), _SEAL_SECONDS)
        self._reached()
        self.flush_seconds = time.monotonic() - begin

    def _taken_back(self) -> bool:
        until = time.monotonic() + _TAKE_BACK_SECONDS
        return self.overflow.take_back(self.rows, until, self._note_progress)

    def _note_progress(self) -> None:
        self._progress = time.monotonic()

    def _reached(self) -> None:
        if not self.connected and self.last_error:
            where = "on disk is written now" if self.overflow.waiting else "for it is written"
            log.info(f"the database is back: what waited {where}")
        self.connected = True

    def _away(self, error: Exception) -> None:
        obstacle = self._store.file.obstacle if self._store.file else ""
        message = obstacle or reason_of(error)
        if self.connected or not self.last_error:
            log.warning("the database is away: samples wait in memory", error=message)
        self.connected = False
        self.last_error = message
        # Whatever broke, the next attempt starts with a fresh connection. A full disk breaks none,
        # and the last connection would take the log with it, whose room others would fill.
        if not means_full(error):
            self._store.reconnect()

    def _follow_file(self) -> None:
        """Begin anew where the file that was opened is no longer under its name."""
        file = self._store.file
        if file is None or not self.rows or file.identity == self._file:
            return
        self._begin_anew(
            f"{file.path} was deleted or replaced while the twin ran: what waits in memory is "
            "written to the file that is there now; to have the old history back, stop the twin "
            "and restore a backup"
        )

    def _consider(self, error: Exception) -> None:
        """Set a damaged file aside once several attempts have found it so."""
        file = self._store.file
        if file is None or not means_damage(error):
            return
        self._damage_seen += 1
        if self._damage_seen < _DAMAGE_CONFIRMED:
            return
        try:
            kept = file.set_aside(self._clock.now())
        except OSError as problem:
            log.error("a damaged database cannot be set aside", error=str(problem))
            return
        self._begin_anew(
            f"{file.path} is damaged ({self.last_error}): it was set aside as {kept}, and a new "
            "one is begun; to have the old history back, stop the twin and restore a backup"
        )

    def _begin_anew(self, reason: str) -> None:
        log.error("the database is begun anew", reason=reason)
        self._trouble = (reason, time.monotonic())
        self._damage_seen = 0
        self._store.reconnect()
        self.rows, self._row_of_point = {}, self._row_of_point[:0]

    def _open(self) -> None:
        file = self._store.file
        self.overflow.take_back(self.rows, math.inf, self._note_progress)
        row_of_point, rows = self._rows_of_table()
        # Before the first new sample, or the mark would come after it.
        tables = {row for key, row in rows.items() if is_tallied(key)}
        gaps = self._store.close_gaps(self._clock.now(), tables)
        if gaps:
            log.warning("the last run was not stopped: its history ends in a gap", points=gaps)
        self._file = file.identity if file else None
        # Assigned last: readers take non-empty rows as the sign that the database is open.
        self._row_of_point, self.rows = row_of_point, rows

    def _rows_of_table(self) -> tuple[Points, dict[str, int]]:
        keys = [point.key for point in self._table]
        rows = self._store.prepare(keys)
        return row_ids(rows, keys), rows

    def _due(self) -> bool:
        """Tell whether samples are to be written now: at the next look it would be too late."""
        queue = self._queue
        late = queue.delay + self._period > self._settings.flush
        # What is doubtful, or is to be corrected, must be there.
        at_once = queue.closing or bool(self._doubtful) or len(self.corrections) > 0
        return late or queue.rows >= _MANY or at_once

    def _flush(self) -> None:
        settled = self._settled()
        while (block := self._queue.take(BLOCK)) is not None:
            # After taking: what of it is late was told before it was queued.
            self._note_late()
            # Only after taking: a point is in the table before its first sample is in the queue.
            if len(self._row_of_point) < len(self._table):
                self._row_of_point, self.rows = self._rows_of_table()
            self._store.write(
                Frame(self._row_of_point[block.point], block.value, block.status, block.time)
            )
            file = self._store.file
            if file is not None and file.identity != self._file:
                return  # into a file that nobody will find again: the block stays in the queue
            self.written += len(block)
            self._note_progress()
            # Only after the commit: on failure the block is still the oldest, and is written
            # again. An upsert makes a second write harmless.
            self._queue.done(block)
        # What was computed anew of them is in the database now.
        if settled:
            self._store.forget_late(settled)

    def _settled(self) -> list[int]:
        """Return what may be forgotten once all is written that waits now."""
        return [self._settling.popleft() for _ in range(len(self._settling))]

    def _note_late(self) -> None:
        """Note what comes late, before it is written."""
        if self._late:
            if len(self._row_of_point) < len(self._table):
                self._row_of_point, self.rows = self._rows_of_table()
            row, count = self._row_of_point, len(self._late)
            noted = self._late[:count]
            self._store.note_late((int(row[p]), first, last) for p, first, last in noted)
            del self._late[:count]

    def _pruned(self) -> list[int]:
        """Return the rows of points whose samples are not kept for ever."""
        return [row for key, row in self.rows.items() if not is_tallied(key)]

    def _mark(self) -> None:
        while self._doubtful:
            self._store.doubt(self.rows.values(), *self._doubtful[0])
            del self._doubtful[0]

    def _correct(self, correction: Correction) -> Corrected:
        if correction.key not in self.rows:  # of a heat pump that has just come
            self._row_of_point, self.rows = self._rows_of_table()
        return self._store.correct(self.rows[correction.key], correction)
