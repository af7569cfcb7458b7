"""What many moments one after the other come to: of one asset, as arrays over the moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.rules.grammar.aggregates import Aggregate
from heatpump_twin.rules.grammar.logic import Array
from heatpump_twin.rules.grammar.memory import BRIDGED, Marks, Times

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Passage:
    """Amounts of buckets while time passes: of each part of it, what its bucket has at its end.

    The parts are in order of time, and none is in two buckets.
    """

    aggregate: Aggregate
    bucket: Places
    amount: Array
    known: Array
    """[s]"""

    @classmethod
    def through(
        cls,
        aggregate: Aggregate,
        bucket: Places,
        x: Array,
        part: Times,
        more: Array,
        before: float,
    ) -> Passage:
        """Let time pass in which an input is so, part by part; each then adds ``more``. [µs]

        The first part is what there was: of no length, with ``before`` seconds that were known.
        """
        seconds = part / MICROSECONDS
        known = np.where(np.isnan(x), 0.0, seconds)
        known[0] = before
        amount = aggregate.join(aggregate.weigh(x, seconds), more)
        return cls(
            aggregate,
            bucket,
            _together(aggregate.join, aggregate.empty, bucket, amount),
            _together(np.add, 0.0, bucket, known),
        )

    def at(self, part: Places, bucket: Places) -> tuple[Array, Array]:
        """Return amounts and known seconds of some buckets after some parts."""
        begun = self.bucket[part] == bucket
        amount = np.where(begun, self.amount[part], self.aggregate.empty)
        return amount, np.where(begun, self.known[part], 0.0)

    def line(self, last: int) -> tuple[Array, Array]:
        """Return amounts and known seconds of all buckets from that of the first part on."""
        ends = np.flatnonzero(np.diff(self.bucket, append=last + 1))
        place = self.bucket[ends] - self.bucket[0]
        amount = np.full(last - self.bucket[0] + 1, self.aggregate.empty)
        known = np.zeros(len(amount))
        amount[place], known[place] = self.amount[ends], self.known[ends]
        return amount, known


def _together(join: np.ufunc, empty: float, bucket: Places, amount: Array) -> Array:
    """Return what each amount and those before it in its bucket come to, one after the other."""
    # In the order in which they come live, and not by differences of one long sum: what a sum of
    # floating-point numbers is depends on it.
    begins = np.diff(bucket, prepend=bucket[0] - 1) != 0
    row = np.cumsum(begins) - 1
    rank = np.arange(len(bucket)) - np.flatnonzero(begins)[row]
    table = np.full((row[-1] + 1, int(rank.max()) + 1), empty)
    table[row, rank] = amount
    together: Array = join.accumulate(table, axis=1)[row, rank]
    return together


def split_by_bucket(begin: Times, end: Times, bucket: int) -> tuple[Places, Places, Times]:
    """Cut spans of time, one behind the other, at the ends of buckets.

    Returns
    -------
    span, place, part : array
        Of each piece: which span it is of, its bucket, and how long it is. Each span has a piece,
        maybe of no length, in the bucket in which it ends. [-, -, µs]
    """
    first = begin // bucket
    pieces = end // bucket - first + 1
    span = np.repeat(np.arange(len(begin)), pieces)
    place = first[span] + np.arange(len(span)) - (np.cumsum(pieces) - pieces)[span]
    part = np.minimum(end[span], (place + 1) * bucket) - np.maximum(begin[span], place * bucket)
    return span, place, part


@dataclass(frozen=True, slots=True)
class Known:
    """What was known last before each moment."""

    latest: Array
    lost: Times
    """How long nothing has been known. [µs]"""

    @classmethod
    def of(cls, x: Array, last: float, lost: int, elapsed: Times) -> Known:
        """Look back from each moment; ``x`` has the moment before the first one as well.

        Parameters
        ----------
        last, lost : float, int
            What was known last before all of them, and how long nothing had been known. [-, µs]
        """
        time = np.append(0, np.cumsum(elapsed))
        place = np.arange(len(x))
        seen = np.maximum.accumulate(np.where(np.isnan(x), -1, place))[:-1]
        # From the first moment on at which it was not known.
        gone = np.where(seen == place[:-1], 0, time[1:] - time[seen + 1])
        gone = np.where(seen < 0, gone + lost, gone)
        return cls(np.where(seen < 0, last, x[seen]), gone)

    @property
    def value(self) -> Array:
        """The same; NaN where it is too long ago."""
        return np.where(self.lost > BRIDGED, np.nan, self.latest)


def latest(happens: Array, first: float) -> Array:
    """Return the last of some numbers that is not NaN, at each moment; before: the first."""
    place = np.where(np.isnan(happens), -1, np.arange(len(happens)))
    seen = np.maximum.accumulate(place)
    return np.where(seen < 0, first, happens[seen])


def since_last(time: Times, restarts: Marks, first: Times) -> Times:
    """Return how much of a time that only grows has passed since a restart. [µs]

    ``first`` had passed before.
    """
    since: Times = time - np.maximum.accumulate(np.where(restarts, time, -first), axis=0)
    return since
