"""Aggregates over a window that moves along, and over a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.rules.grammar.aggregates import Aggregate
from heatpump_twin.rules.grammar.logic import Array
from heatpump_twin.rules.grammar.memory import BEAT, BRIDGED, Marks, Memory, Times, as_truth

BUCKETS = 60
"""Buckets of a window; what is told of it is so old at most, and a bucket less. [-]"""
_LEAST_KNOWN = 0.5
"""Share of a span that has to be known. [-]"""


class _Aggregated(Memory):
    """Amounts of buckets, and how long the input was known in each."""

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

    def _step(self, bucket: Times, x: Array, counts: Marks) -> None:
        """Add what a change of the input tells."""
        if self._aggregate.step is not None:
            both = counts & ~np.isnan(x) & ~np.isnan(self.last)
            more = np.where(both, self._aggregate.step(self.last, x), 0.0)
            self.amount[np.arange(len(bucket)), bucket] += more
        self.last = np.where(np.isnan(x), self.last, x)


class Window(_Aggregated):
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
        value = self._aggregate.tell(amount, known)
        if self._aggregate.is_least:
            return value
        least = _LEAST_KNOWN * self._length / MICROSECONDS
        whole = (self.axis >= self._length) & (known.sum(axis=1) >= least)
        return np.where(whole, value, np.nan)


class Run(_Aggregated):
    """Aggregate over a run: the time in which the second input holds, now or the last time.

    It is known of a run whose start was seen and that was never lost for long.
    """

    def __init__(self, assets: int, aggregate: Aggregate) -> None:
        super().__init__(assets, aggregate, 1)
        self.whole = np.zeros(assets, dtype=bool)
        self.runs = np.full(assets, np.nan)
        """Whether one is going on."""
        self.gone: Times = np.zeros(assets, dtype=np.int64)
        """How long that has not been known. [µs]"""

    def _pass(self, elapsed: int, held: Sequence[Array]) -> None:
        x, during = held
        self._lose(elapsed, x)
        self.gone = np.where(np.isnan(during), self.gone + elapsed, 0)
        late = self.gone > BRIDGED
        self.whole &= ~(late & (self.runs == 1))
        self.runs = np.where(late, np.nan, self.runs)
        part = np.where(during == 1, elapsed, 0).astype(np.int64)
        self._add(np.zeros(len(part), dtype=np.int64), x, part)
        self.axis += part

    def _become(self, inputs: Sequence[Array]) -> None:
        x, during = inputs
        on, known = as_truth(during)
        starts = on & (self.runs == 0)
        self.amount[starts], self.known[starts] = self._aggregate.empty, 0.0
        self.axis[starts] = 0
        self.whole |= starts
        # A run that was going on when we came is none that we know.
        self.whole &= ~(on & np.isnan(self.runs))
        self.runs = np.where(known, on.astype(np.float64), self.runs)
        self._step(np.zeros(len(x), dtype=np.int64), x, on & ~starts)

    def _value(self) -> Array:
        value = self._aggregate.tell(self.amount, self.known)
        enough = self.known[:, 0] >= _LEAST_KNOWN * self.axis / MICROSECONDS
        known = self.whole & (enough | self._aggregate.is_least)
        return np.where(known, value, np.nan)


def _counts(x: Array, during: Sequence[Array]) -> Marks:
    return during[0] == 1 if during else np.ones(np.shape(x), dtype=bool)
