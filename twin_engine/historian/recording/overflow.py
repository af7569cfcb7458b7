"""Move samples that no database takes from memory to disk, and back into the database."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import structlog

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.twin_engine.historian.database.database_file import means_full
from heatpump_twin.twin_engine.historian.recording.sample_queue import SampleQueue
from heatpump_twin.twin_engine.historian.recording.spool import Spool
from heatpump_twin.twin_engine.historian.sample_store import SampleStore, row_ids

log = structlog.stdlib.get_logger(__name__)

BLOCK = 50_000
"""Rows in one transaction: enough to be fast, few enough to be undone quickly."""
SPILL_AFTER = 60.0
"""While no database takes samples, those that have waited for longer go to the spool. [s]"""
SPILL_ROWS = 200_000
"""And so do the oldest once there are more."""
_SPOOLED = 100_000
"""Rows in a file of the spool: few files, each of which is written and read in a moment."""


class Overflow:
    """What waits on disk between a queue in memory and a database that is away."""

    def __init__(
        self,
        table: PointTable,
        store: SampleStore,
        queue: SampleQueue,
        spool: Spool | None,
        clock: Clock,
    ) -> None:
        self.waiting = False
        """Whether something was moved to disk in this run and is not in the database yet."""
        self.size = 0
        """What waits on disk. [B]"""
        self._table = table
        self._store = store
        self._queue = queue
        self._spool = spool
        self._clock = clock
        self._problem = ""

    def spill(self, error: Exception) -> None:
        """Relieve the memory of what a database does not take, for this reason."""
        # What a full disk has left is what the database needs to go on.
        file = self._store.file
        if self._spool and means_full(error) and file and self._spool.shares_disk(file.path):
            return
        self.relieve()

    def relieve(self) -> None:
        """Move what has waited for long, or is much, from memory to disk."""
        spool, queue = self._spool, self._queue
        if spool is None:
            return
        keys = [point.key for point in self._table]
        try:
            while queue.delay > SPILL_AFTER or queue.rows > SPILL_ROWS:
                block = queue.take(_SPOOLED)
                if block is None:
                    break
                spool.put(keys, block)
                # Only after it is on disk: on failure the block is still the oldest here.
                queue.done(block)
                self.waiting = True
        except OSError as problem:
            if str(problem) != self._problem:
                log.error("samples wait in memory alone", error=str(problem))
            self._problem = str(problem)
        else:
            self._problem = ""
        self.size = spool.size

    def take_back(
        self, known: Mapping[str, int], until: float, progress: Callable[[], None]
    ) -> bool:
        """Write what lies on disk, the oldest first, until a time; tell whether that was all.

        Parameters
        ----------
        known
            Row ids of point keys, as far as they are known.
        until
            On the monotonic clock. [s]
        progress
            Called after each transaction.
        """
        spool = self._spool
        if spool is not None and spool.waiting:
            self._replay(spool, known, until, progress)
            self.size = spool.size
        self.waiting = spool is not None and spool.waiting
        return not self.waiting

    def _replay(
        self, spool: Spool, known: Mapping[str, int], until: float, progress: Callable[[], None]
    ) -> None:
        count = 0
        for left in spool.take(self._clock.now()):
            # Once for all: it looks through all points that were ever recorded.
            if not known.keys() >= set(left.keys):
                known = self._store.prepare(left.keys)
            rows = row_ids(known, left.keys)
            frame = left.frame
            for first in range(0, len(frame), BLOCK):
                part = slice(first, first + BLOCK)
                self._store.write_late(
                    Frame(
                        rows[frame.point[part]],
                        frame.value[part],
                        frame.status[part],
                        frame.time[part],
                    )
                )
                progress()
            spool.done(left)
            count += len(frame)
            if time.monotonic() >= until:
                break
        log.info("what the database did not take before is in it now", rows=count)
