"""Bounded queue of samples that wait for the database; those lost are counted."""

from __future__ import annotations

import threading
import time

from heatpump_twin.drivers.frame import Frame


class SampleQueue:
    """Queue of frames between the event loop, which adds, and the writer thread, which takes.

    A block that was taken stays readable until it is ``done``, so that a reader finds every sample
    either here or in the database.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._frames: list[Frame] = []
        self._since: list[float] = []
        """When each frame was added, or the oldest of those that it is made of. [s, monotonic]"""
        self._rows = 0
        self._dropped = 0
        self._news = threading.Condition()
        self._closing = False
        self._called = False

    @property
    def rows(self) -> int:
        """Number of samples that wait."""
        return self._rows

    @property
    def delay(self) -> float:
        """How long the oldest sample has waited; 0: none waits. [s]"""
        with self._news:
            # Not by the samples' own times: a clock that was set must not look like a delay.
            return time.monotonic() - self._since[0] if self._since else 0.0

    @property
    def closing(self) -> bool:
        """Whether nothing more will be added."""
        return self._closing

    @property
    def dropped(self) -> int:
        """Number of samples lost because the database was away longer than the queue is long."""
        return self._dropped

    def add(self, frame: Frame) -> int:
        """Add a frame; return how many of the oldest samples had to go for it."""
        with self._news:
            self._frames.append(frame)
            self._since.append(time.monotonic())
            self._rows += len(frame)
            # The oldest go: what an operator asks after an outage is how things are now.
            lost = max(0, self._rows - self.capacity)
            if lost:
                self._drop(lost)
            return lost

    def wait(self, seconds: float) -> bool:
        """Wait until the queue is closing, the writer is called, or the time is up.

        Return whether the queue is closing.
        """
        with self._news:
            self._news.wait_for(lambda: self._closing or self._called, timeout=seconds)
            self._called = False
            return self._closing

    def call(self) -> None:
        """Wake the writer: there is something to do at once."""
        with self._news:
            self._called = True
            self._news.notify_all()

    def close(self) -> None:
        """Close the queue and wake the writer: nothing more will be added."""
        with self._news:
            self._closing = True
            self._news.notify_all()

    def take(self, limit: int) -> Frame | None:
        """Return the oldest samples, about ``limit`` of them, without removing them."""
        with self._news:
            count, rows = 0, 0
            while count < len(self._frames) and rows < limit:
                rows += len(self._frames[count])
                count += 1
            if not count:
                return None
            block = self._frames[0] if count == 1 else Frame.concat(self._frames[:count])
            # In place of its frames, so that `done` removes by identity what was written,
            # whatever was added or dropped meanwhile.
            self._frames[:count] = [block]
            self._since[:count] = [self._since[0]]
            return block

    def done(self, block: Frame) -> None:
        """Remove a block that is in the database."""
        with self._news:
            # It is gone already if the queue overflowed meanwhile.
            if self._frames and self._frames[0] is block:
                del self._frames[0], self._since[0]
                self._rows -= len(block)

    def waiting(self) -> list[Frame]:
        """Return the frames that wait, oldest first."""
        with self._news:
            # A copy under the lock: readers are in other threads.
            return list(self._frames)

    def _drop(self, rows: int) -> None:
        self._dropped += rows
        self._rows -= rows
        while rows:
            oldest, since = self._frames.pop(0), self._since.pop(0)
            if len(oldest) > rows:
                kept = slice(rows, None)
                self._since.insert(0, since)
                self._frames.insert(
                    0,
                    Frame(
                        oldest.point[kept],
                        oldest.value[kept],
                        oldest.status[kept],
                        oldest.time[kept],
                    ),
                )
                return
            rows -= len(oldest)
