"""Keep an SQLite history within its budget and its disk: the oldest samples give way in time.

Pages that are freed by deleting are written again before the file grows. Within a budget they are
given back to the disk, so that the file really shrinks. Where the disk itself is short of room they
are kept: what others write cannot take them, and the history goes on in them when nothing is free.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass

import structlog

from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.historian.database.database_file import DatabaseFile
from heatpump_twin.twin_engine.historian.sample_store import Pages, SampleStore

log = structlog.stdlib.get_logger(__name__)

LOOK_PERIOD = 5.0
"""How often room is measured. [s]"""
_AT_ONCE = 0.3
"""How long samples are deleted at a time, so that what comes is written meanwhile. [s]"""
_POINTS = 8
"""Points in one transaction."""
_BLOCKS = 1
"""Blocks of a point in one transaction, which must fit into what the one before left of the log."""
_LOG = 4_000_000
"""Room in the log that is kept for when the disk is full. [B]"""
_VACUUMED = 2_000
"""Pages given back at a time: 8 MB."""
_STEP = 0.02
"""Share of the recorded time that is given up at a time."""
_LEAST_STEP = 600 * MICROSECONDS
_KEPT = 86_400 * MICROSECONDS
"""The last day never gives way: if that does not fit, somebody has to look. [µs]"""
_TOLD_FOR = 600.0
"""How long it is told that the history gives way, after the last that did. [s]"""
_SHARE = 0.05
"""A reserve is at most this share of a disk, so that a small one holds some history, too."""
_LEAST_RESERVE = 20e6
"""What the log of the database may take before it is written to the file, and some more. [B]"""


@dataclass(slots=True)
class _Cut:
    """A piece of history that is being given up: all points, in turn."""

    before: int
    next: int = 0


class DiskRoom:
    """Room of an SQLite history. All methods are called in the writer's thread."""

    def __init__(self, store: SampleStore, settings: HistorianSettings) -> None:
        self._store = store
        self._budget = settings.disk_budget
        self._reserve = settings.disk_reserve
        self._looked = -LOOK_PERIOD
        self._short = 0.0
        self._cut: _Cut | None = None
        self._gave_way = -_TOLD_FOR

    @property
    def giving_way(self) -> bool:
        """Whether the oldest samples give way, or did not long ago."""
        return time.monotonic() - self._gave_way < _TOLD_FOR

    def make(self, points: list[int], now: int) -> None:
        """Delete some of the oldest samples if there is too little room."""
        file = self._store.file
        if file is None or not points:
            return
        if time.monotonic() - self._looked >= LOOK_PERIOD:
            self._looked = time.monotonic()
            self._short = self._missing(file, self._store.pages())
        if self._short > 0:
            self._give_way(file, points, now)

    def _missing(self, file: DatabaseFile, pages: Pages) -> float:
        """Return how much must be deleted, after giving back what is beyond the budget. [B]"""
        usage = shutil.disk_usage(file.path.parent)
        over_budget = 0.0
        if self._budget is not None:
            over_budget = pages.used - self._budget
            if pages.count * pages.size > self._budget and pages.free:
                self._store.vacuum(_VACUUMED)
        reserve = min(self._reserve, max(_SHARE * usage.total, _LEAST_RESERVE))
        # What is free in the file is as good as what is free on the disk.
        return max(over_budget, reserve - usage.free - pages.free * pages.size)

    def _give_way(self, file: DatabaseFile, points: list[int], now: int) -> None:
        cut = self._cut or self._next_cut(points, now)
        if cut is None:
            return
        if not self.giving_way:
            log.warning(
                "the history gives way: its oldest samples are deleted",
                file=str(file.path), short_of=round(self._short / 1e6, 1), unit="MB",
            )  # fmt: skip
        self._gave_way = time.monotonic()
        # While there is room: on a full disk the log cannot grow, and nothing could be deleted.
        log_size = round(min(_LOG, shutil.disk_usage(file.path.parent).free / 4))
        if file.log_size < log_size:
            self._store.stretch_log(log_size)
        # So that what is deleted is written to the begin of the log.
        self._store.checkpoint()
        end = time.monotonic() + _AT_ONCE
        while time.monotonic() < end:
            group = points[cut.next : cut.next + _POINTS]
            if not group:
                # Measured again before more goes.
                self._cut, self._looked = None, -LOOK_PERIOD
                return
            if self._store.prune(group, cut.before, _BLOCKS) < _BLOCKS:
                cut.next += _POINTS
            # Or the log would take what is left of the disk before anything is freed.
            self._store.checkpoint()
        self._cut = cut

    def _next_cut(self, points: list[int], now: int) -> _Cut | None:
        """Return the oldest piece of the history; None: there is only what must stay."""
        oldest = self._store.oldest(frozenset(points))
        if oldest is None:
            return None
        begin, end = oldest
        step = max(_LEAST_STEP, round(_STEP * (now - begin)))
        # Behind the end of a block at least: only whole ones go.
        before = min(max(begin + step, end + 1), now - _KEPT)
        return _Cut(before) if end < before else None
