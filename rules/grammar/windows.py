"""Aggregates over a window that moves along."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.rules.grammar.aggregates import Aggregate
from heatpump_twin.rules.grammar.logic import Array
from heatpump_twin.rules.grammar.memory import BEAT, BRIDGED, Marks, Memory, Times
from heatpump_twin.rules.grammar.passage import Known, Passage, Places, split_by_bucket

BUCKETS = 60
"""Buckets of a window; what is told of it is so old at most, and a bucket less. [-]"""
LEAST_KNOWN = 0.5
"""Share of a span that has to be known. [-]"""


class Aggregated(Memory):
    """Memory that keeps amounts of buckets, and how long the input was known in each."""

    def __init__(self, assets: int, aggregate: Aggregate, buckets: int) -> None:
        super().__init__(assets)
        self._aggregate = aggregate
        self.amount = np.full((assets, buckets), aggregate.empty)
        self.known = np.zeros((assets, buckets))
        """[s]"""
        self.axis: Times = np.zeros(assets, dtype=np.int64)
        """Time that has counted so far. [µs]"""
        self.last = np.full(assets, np.nan)
        """The last input that was known."""
        self.lost: Times = np.zeros(assets, dtype=np.int64)
        """How long it has not been known. [µs]"""

    def _lose(self, elapsed: int, x: Array) -> None:
        self.lost = np.where(np.isnan(x), self.lost + elapsed, 0)
        self.last = np.where(self.lost > BRIDGED, np.nan, self.last)

    def _add(self, bucket: Times, x: Array, part: Times) -> None:
        """Add what was so for a part of time. [µs]"""
        rows = np.arange(len(bucket))
        seconds = part / MICROSECONDS
        self.known[rows, bucket] += np.where(np.isnan(x), 0.0, seconds)
        self.amount[rows, bucket] = self._aggregate.grow(self.amount[rows, bucket], x, seconds)

    def _steps(self, last: Array, x: Array, counts: Marks) -> Array:
        """Return what changes of the input add."""
        if self._aggregate.step is None:
            return np.full(len(x), self._aggregate.empty)
        both = counts & ~np.isnan(x) & ~np.isnan(last)
        return np.where(both, self._aggregate.step(last, x), 0.0)

    def _scan(self, elapsed: Times, rows: Sequence[Array]) -> Array:
        value = [self._of_one(i, elapsed, [x[:, i] for x in rows]) for i in range(self._assets)]
        return np.column_stack(value) if value else np.empty((len(elapsed), 0))

    def _of_one(self, i: int, elapsed: Times, rows: Sequence[Array]) -> Array:
        """Return the values of one asset, whose inputs begin with those of the look before."""
        raise NotImplementedError

    def _look_back(self, i: int, x: Array, elapsed: Times) -> Array:
        """Return the input of one asset that was known last before each moment."""
        known = Known.of(x, self.last[i], int(self.lost[i]), elapsed)
        self.last[i] = known.value[-1] if np.isnan(x[-1]) else x[-1]
        self.lost[i] = known.lost[-1]
        return known.value

    def _step(self, bucket: Times, x: Array, counts: Marks) -> None:
        """Add what a change of the input tells."""
        if self._aggregate.step is not None:
            more = self._steps(self.last, x, counts)
            self.amount[np.arange(len(bucket)), bucket] += more
        self.last = np.where(np.isnan(x), self.last, x)


class Window(Aggregated):
    """Aggregate over the last so much time; with a second input, of that in which it holds.

    Parameters
    ----------
    length : int
        [µs]
    """

    def __init__(self, assets: int, aggregate: Aggregate, length: int) -> None:
        super().__init__(assets, aggregate, BUCKETS)
        self._bucket = max(length // BUCKETS, 1)
        self._length = self._bucket * BUCKETS

    @property
    def beat(self) -> int:
        """How often it has to be looked at where no input changes. [µs]"""
        return max(self._bucket, BEAT)

    def _pass(self, elapsed: int, held: Sequence[Array]) -> None:
        x, *during = held
        self._lose(elapsed, x)
        left = np.where(_counts(x, during), elapsed, 0).astype(np.int64)
        # What is older than the window is not gone through.
        skipped = np.maximum(left - self._length, 0) // self._bucket * self._bucket
        self.axis += skipped
        left = left - skipped
        while left.any():
            part = np.minimum(left, self._bucket - self.axis % self._bucket)
            self._add(self._head, x, part)
            self.axis += part
            left = left - part
            begun = np.flatnonzero((part > 0) & (self.axis % self._bucket == 0))
            head = self._head[begun]
            self.amount[begun, head], self.known[begun, head] = self._aggregate.empty, 0.0

    def _become(self, inputs: Sequence[Array]) -> None:
        x, *during = inputs
        self._step(self._head, x, _counts(x, during))

    @property
    def _head(self) -> Times:
        return self.axis // self._bucket % BUCKETS

    def _value(self) -> Array:
        amount, known = self.amount, self.known
        if self._aggregate.needs_buckets:
            # In order of time: the bucket behind the head is the oldest.
            order = (self._head[:, None] + 1 + np.arange(BUCKETS)) % BUCKETS
            amount = np.take_along_axis(amount, order, axis=1)
            known = np.take_along_axis(known, order, axis=1)
        return self._told(self.axis, amount, known)

    def _told(self, axis: Times, amount: Array, known: Array) -> Array:
        value = self._aggregate.tell(amount, known)
        if self._aggregate.is_least:
            return value
        least = LEAST_KNOWN * self._length / MICROSECONDS
        whole = (axis >= self._length) & (known.sum(axis=1) >= least)
        return np.where(whole, value, np.nan)

    def _of_one(self, i: int, elapsed: Times, rows: Sequence[Array]) -> Array:
        x, *during = rows
        counts = _counts(x, during)
        axis = self.axis[i] + np.append(0, np.cumsum(np.where(counts[:-1], elapsed, 0)))
        head = axis // self._bucket
        last = self._look_back(i, x, elapsed)
        steps = self._steps(last, x[1:], counts[1:])
        passage, part = self._passed(i, axis, x[:-1], steps)
        # The buckets before, and those of the passage: each moment sees the last ones of them.
        before = (head[0] + 1 + np.arange(BUCKETS - 1)) % BUCKETS
        line = passage.line(int(head[-1]))
        now = passage.at(part, head[1:])
        amount, known = (
            _seen(np.append(ring[i, before], new), head[1:] - head[0], of_now)
            for ring, new, of_now in zip((self.amount, self.known), line, now, strict=True)
        )
        order = (head[-1] + 1 + np.arange(BUCKETS)) % BUCKETS
        self.amount[i, order], self.known[i, order] = amount[-1], known[-1]
        self.axis[i] = axis[-1]
        return self._told(axis[1:], amount, known)

    def _passed(self, i: int, axis: Times, x: Array, steps: Array) -> tuple[Passage, Places]:
        """Return how the buckets of one asset fill, and the last part before each moment."""
        empty = self._aggregate.empty
        span, bucket, part = split_by_bucket(axis[:-1], axis[1:], self._bucket)
        ends = np.diff(span, append=len(x)) != 0
        more = np.full(len(span), empty)
        more[ends] = steps
        # A piece of no length adds nothing: a day without running is one part, not thousands.
        does = (part > 0) | (more != empty)
        head = axis[0] // self._bucket
        passage = Passage.through(
            self._aggregate,
            np.append(head, bucket[does]),
            np.append(np.nan, x[span[does]]),
            np.append(0, part[does]),
            np.append(self.amount[i, head % BUCKETS], more[does]),
            float(self.known[i, head % BUCKETS]),
        )
        return passage, np.cumsum(does)[ends]


def _seen(line: Array, place: Times, now: Array) -> Array:
    """Return the last buckets at each moment, in order of time, the newest as it is then."""
    seen = sliding_window_view(line, BUCKETS)[place]
    seen[:, -1] = now
    return seen


def _counts(x: Array, during: Sequence[Array]) -> Marks:
    return during[0] == 1 if during else np.ones(np.shape(x), dtype=bool)
