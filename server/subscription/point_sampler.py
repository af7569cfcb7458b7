"""Sample monitored points: which items have news, by whole frames of the image.

A frame's points are compared with what they were, all at once; those that changed lead to the rows
of their items, and the samples that pass go to the logs of their subscriptions. A frame without
news costs two comparisons of bytes, however many clients watch it, and wakes nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import numpy as np
from asyncua import ua
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import Point
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.server.space.value_rows import Positions
from heatpump_twin.server.subscription.change_test import Column, passing, reported
from heatpump_twin.server.subscription.point_index import NO_ROWS, PointIndex
from heatpump_twin.server.subscription.point_rows import NOWHERE, ItemRows, PointRows
from heatpump_twin.server.subscription.row_batch import RowBatch
from heatpump_twin.server.subscription.sample_log import LoggedSamples, SampleLog
from heatpump_twin.twin_engine.image import Image

GONE = int(ua.StatusCodes.BadNodeIdUnknown)
TOGETHER = 0.02
"""Frames that come within this time of a look are looked at together, unless somebody wants to
know. [s]"""
SHORTEST_WAIT = 0.01
"""Samples that are due within this time are taken together. [s]"""


class Place(Protocol):
    """A subscription, as its samples are concerned."""

    @property
    def log(self) -> SampleLog:
        """Where its samples go."""
        ...

    def fire(self, item: int) -> None:
        """Have the items reported that an item triggers, which has a new sample."""
        ...


class PointSampler:
    """The sampler of all monitored points of the server."""

    def __init__(self, image: Image, clock: Clock, wall: Clock) -> None:
        self._image = image
        self._clock = clock
        self._wall = wall
        self.rows = PointRows()
        self._index = PointIndex(image, self.rows)
        self._places: dict[int, Place] = {}
        self._aside = 0
        self._loop: asyncio.AbstractEventLoop
        """That of the subscriptions: without one of them, nothing is watched."""
        self._frames: list[Frame] = []
        self._soon: asyncio.TimerHandle | None = None
        self._looked = 0.0
        """When frames were looked at last. [s, of the event loop]"""
        self._timer: asyncio.TimerHandle | None = None
        self._batch = RowBatch(NO_ROWS, self.rows)

    # ── nodes ─────────────────────────────────────────────────────────────────────────────────────
    def follow(self, nodes: Mapping[int, ua.NodeId]) -> None:
        """Register the variables whose value is a point's; items of lost ones go on."""
        back = self._index.follow(nodes)
        back = back[self.rows.table["mode"][back] != 0]
        if len(back):
            self.watch(back)

    def forget(self, points: Iterable[int]) -> ItemRows:
        """Forget the variables of points; return the rows of their items, which follow nothing."""
        self.catch_up()
        return self._index.forget(points)

    def lose(self, rows: ItemRows) -> None:
        """Tell items that their node is gone."""
        # Some may have been deleted or disabled since.
        table = self.rows.table
        rows = rows[(table["mode"][rows] != 0) & (table["item"][rows] != 0)]
        n, now = len(rows), self._clock.now()
        gone = np.full(n, GONE, np.uint32)
        self._log(RowBatch(rows, self.rows), np.full(n, np.nan), gone, np.full(n, now))

    def point_of(self, node: ua.NodeId) -> int | None:
        """Return the point whose value a variable has."""
        return self._index.point_of(node)

    def node_of(self, point: int) -> ua.NodeId | None:
        """Return the variable that has a point's value."""
        return self._index.node_of(point)

    def point(self, index: int) -> Point:
        """Return a point."""
        return self._image.table[index]

    # ── items ─────────────────────────────────────────────────────────────────────────────────────
    def open(self, place: int, subscription: Place) -> None:
        """Register a subscription under its number."""
        self._places[place] = subscription
        # Kept: frames may come from outside a task.
        self._loop = asyncio.get_running_loop()

    def open_aside(self, source: Place) -> int:
        """Register what samples points and is no subscription; return the number that it gets."""
        self._aside -= 1
        self.open(self._aside, source)
        return self._aside

    def close(self, place: int, rows: ItemRows) -> None:
        """Forget a subscription with the rows of its items."""
        self._index.clear(rows)
        self.rows.release([*rows.tolist(), *self._places.pop(place).log.gone])

    def remove(self, place: int, rows: ItemRows) -> None:
        """Forget items of a subscription."""
        self._index.clear(rows)
        self._places[place].log.remove(rows)

    def watch(self, rows: ItemRows) -> None:
        """Take the first samples of items that were added or enabled, or are asked anew."""
        self.catch_up()
        table = self.rows.table
        rows = rows[table["mode"][rows] != 0]
        table["fresh"][rows] = True
        table["due"][rows] = 0.0
        here = table["point"][rows] != NOWHERE
        self._index.see(table["point"][rows[here]])
        self.sample(rows[here])
        self.lose(rows[~here])

    def add(self, rows: ItemRows) -> None:
        """Take in items that are new, or ask for something else."""
        self._index.add(rows[self.rows.table["point"][rows] != NOWHERE])

    def rescale(self, points: Iterable[int], span: Callable[[int], float | None]) -> None:
        """Let dead bands that are a share of a point's range follow it, where it is another now."""
        table = self.rows.table
        rows = np.flatnonzero((table["percent"] > 0.0) & np.isin(table["point"], list(points)))
        for row in rows.tolist():
            width = span(int(table["point"][row]))
            if width is not None:
                self.rows.version += 1
                table["band"][row] = table["percent"][row] / 100.0 * width

    def hurry(self, rows: ItemRows) -> None:
        """Sample those of some items whose value waits for an interval that is another now."""
        waiting = rows[self.rows.table["waiting"][rows]]
        if len(waiting):
            self.sample(waiting)

    # ── samples ───────────────────────────────────────────────────────────────────────────────────
    def take(self, frame: Frame) -> None:
        """Sample the items of those points of a frame that have changed, soon."""
        if not self._frames:
            # Nothing is begun for what nobody sees change. What comes behind a change waits with
            # it: a point may be as it was before.
            if not self.rows.used or not self._index.has_news(frame):
                return
            # After a pause at once: to be woken once more would take longer than the look.
            self._soon = self._loop.call_at(self._looked + TOGETHER, self.catch_up)
        self._frames.append(frame)

    def catch_up(self) -> None:
        """Sample what has come since the last look."""
        if not self._frames:
            return
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        self._looked = self._loop.time()
        frames, self._frames = self._frames, []
        index = self._index
        points = np.concatenate([frame.point for frame in frames]).astype(np.intp)
        if index.distinct(points):
            self._look(points, index.present(points))
            return
        # No value is passed over: where a point comes twice, frames are looked at one by one.
        for frame in frames:
            self._look(frame.point.astype(np.intp), (frame.value, frame.status, frame.time))

    def _look(self, points: Positions, column: Column) -> None:
        """Sample the items of those points that are not as they were."""
        rows = self._index.rows_of_changed(points, column)
        if len(rows):
            self.sample(rows)

    def sample(self, rows: ItemRows) -> None:
        """Sample items that may be sampled now; the others when they are due."""
        table = self.rows.table
        batch = self._batch_of(rows)
        if batch.slow:
            batch = self._batch_of(self._ready(rows))
        table["waiting"][batch.at] = False
        value, status, time = reported(self._index.seen(batch.point), batch)
        passed = passing(table, batch, value, status, time)
        if not passed.all():
            batch = self._batch_of(batch.rows[passed])
            value, status, time = value[passed], status[passed], time[passed]
        self._log(batch, value, status, time)

    def _batch_of(self, rows: ItemRows) -> RowBatch:
        """Return rows with what they ask for, of which the latest are known."""
        known = self._batch
        if known.rows is rows and known.version == self.rows.version:
            return known
        self._batch = RowBatch(rows, self.rows)
        return self._batch

    def _ready(self, rows: ItemRows) -> ItemRows:
        """Return those of the items that may be sampled now; the others wait."""
        table = self.rows.table
        slow = table["gap"][rows] > 0.0
        now = self._loop.time()
        early = slow & (table["due"][rows] > now)
        self._wait(rows[early])
        # Cyclic where values keep coming; after a pause the cycle begins anew.
        cyclic = rows[slow & ~early]
        due, gap = table["due"][cyclic], table["gap"][cyclic]
        table["due"][cyclic] = np.where(due + gap > now, due + gap, now + gap)
        return rows[~early]

    def _wait(self, rows: ItemRows) -> None:
        if len(rows):
            self.rows.table["waiting"][rows] = True
            self._wake_at(float(self.rows.table["due"][rows].min()))

    def _wake_at(self, when: float) -> None:
        loop = self._loop
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = loop.call_at(max(when, loop.time() + SHORTEST_WAIT), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self.catch_up()
        table = self.rows.table
        waiting = np.flatnonzero(table["waiting"])
        due = table["due"][waiting]
        # A timer of the loop may fire a clock's tick before its time.
        now = self._loop.time() + SHORTEST_WAIT / 2
        ready = due <= now
        table["due"][waiting[ready]] = np.minimum(due[ready], now - SHORTEST_WAIT / 2)
        if ready.any():
            self.sample(waiting[ready])
        if not ready.all():
            self._wake_at(float(due[~ready].min()))

    def _log(
        self,
        batch: RowBatch,
        value: NDArray[np.float64],
        status: NDArray[np.uint32],
        time: NDArray[np.int64],
    ) -> None:
        """Put samples into the logs of their subscriptions."""
        if not len(batch):
            return
        table, at = self.rows.table, batch.at
        table["value"][at], table["status"][at], table["time"][at] = value, status, time
        table["fresh"][at] = False
        table["queued"][at] += 1
        over = table["queued"][at] > batch.size
        now = self._wall.now()
        for place, part, rows in batch.places:
            samples = LoggedSamples(rows, value[part], status[part], time[part], now)
            self._places[place].log.append(samples, overfull=bool(over[part].any()))
        for row in batch.triggering:
            self._places[int(table["place"][row])].fire(int(table["item"][row]))
