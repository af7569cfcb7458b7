"""Samples of one subscription that wait to be published, and the discard policy of its queues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.server.subscription.point_rows import ItemRows, PointRows
from heatpump_twin.server.subscription.queue_budget import QueueBudget
from heatpump_twin.server.subscription.row_batch import Where, side_by_side

REPORTING = 2
"""`ua.MonitoringMode.Reporting`."""
OVERFLOW = 0x480
"""Info bits of a status: the value is of a queue that has lost others (OPC 10000-4, 7.39.1)."""
SPARE = 1_000
"""Samples beyond the queues' sizes after which what is too much is thrown away."""


@dataclass(frozen=True, eq=False)
class LoggedSamples:
    """Samples of points: row of the item, value, status, source and server time [µs].

    Arrays of shape (n,); those of one look have one server time.
    """

    row: ItemRows
    value: NDArray[np.float64]
    status: NDArray[np.uint32]
    time: NDArray[np.int64]
    now: NDArray[np.int64] | int

    def __len__(self) -> int:
        return len(self.row)

    @cached_property
    def at(self) -> Where:
        """Where the rows are in the columns of all rows."""
        return side_by_side(self.row)

    def those(self, which: NDArray[np.bool_]) -> LoggedSamples:
        """Return some of the samples."""
        now = self.now if isinstance(self.now, int) else self.now[which]
        return LoggedSamples(
            self.row[which], self.value[which], self.status[which], self.time[which], now
        )

    @classmethod
    def joined(cls, parts: Sequence[LoggedSamples]) -> LoggedSamples:
        """Return samples one after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([part.row for part in parts]),
            np.concatenate([part.value for part in parts]),
            np.concatenate([part.status for part in parts]),
            np.concatenate([part.time for part in parts]),
            np.concatenate([np.broadcast_to(part.now, len(part)) for part in parts]),
        )


_none = np.empty(0, np.int64)
NO_SAMPLES = LoggedSamples(
    _none.astype(np.intp), _none.astype(np.float64), _none.astype(np.uint32), _none, _none
)


class SampleLog:
    """The queues of all points of a subscription in one: samples in their order.

    Each item's queue has a size. What is too much is found when samples are taken, or when the log
    is twice as long as it may be: so that a sample costs the same whatever its queue.
    """

    def __init__(
        self,
        rows: PointRows,
        budget: QueueBudget | None = None,
        news: Callable[[], None] | None = None,
    ) -> None:
        self._rows = rows
        self._budget = budget
        self._news = news
        self._parts: list[LoggedSamples] = []
        self._length = 0
        self._overfull = False
        self._reporting: tuple[ItemRows, int] | None = None
        """Rows that all report, in a version of the rows."""
        self.gone: list[int] = []
        """ItemRows of deleted items, which may be used again when no sample is theirs."""
        self._capacity = 0

    @property
    def capacity(self) -> int:
        """Sum of the sizes of the queues; its budget knows of it."""
        return self._capacity

    @capacity.setter
    def capacity(self, size: int) -> None:
        if self._budget is not None:
            self._budget.used += size - self._capacity
        self._capacity = size

    def append(self, samples: LoggedSamples, *, overfull: bool) -> None:
        """Append samples, no two of the same item; ``overfull``: a queue has too many now."""
        if self._news is not None:
            self._news()
        self._parts.append(samples)
        self._length += len(samples)
        self._overfull |= overfull
        if self._overfull and self._length > 2 * self.capacity + SPARE:
            self._tidy()

    def remove(self, rows: ItemRows) -> None:
        """Forget the samples of rows that are cleared; the rows are free when none is left."""
        if not self._length:
            self._rows.release(rows.tolist())
            return
        self.gone.extend(rows.tolist())
        # Cheap for many at once: each look goes through the whole log.
        if len(self.gone) > SPARE:
            self._tidy()

    def drop(self, rows: ItemRows) -> None:
        """Forget the samples of items that are disabled."""
        if self._length:
            samples = self._joined()
            self._keep(samples.those(~np.isin(samples.row, rows)))
        self._rows.table["queued"][rows] = 0

    def refit(self) -> None:
        """Note that queues have other sizes: what they hold may be too much."""
        self._overfull = True

    @property
    def reportable(self) -> bool:
        """Whether there is anything to report."""
        if not self._length:
            return False
        chosen = self._to_report(self._joined())
        return chosen is None or bool(chosen.any())

    def take(self, most: int) -> LoggedSamples:
        """Return the samples to report, ``most`` at most, and forget them."""
        if not self._length:
            return NO_SAMPLES
        self._tidy()
        if not self._length:
            return NO_SAMPLES
        samples = self._joined()
        chosen = self._to_report(samples)
        if chosen is None and len(samples) <= most:
            self._keep(NO_SAMPLES)
            table = self._rows.table
            table["triggered"][samples.at] = False
            table["queued"][samples.at] = 0
            return samples
        if chosen is None:
            chosen = np.ones(len(samples), np.bool_)
        return self._part(samples, chosen, most)

    def _part(self, samples: LoggedSamples, chosen: NDArray[np.bool_], most: int) -> LoggedSamples:
        """Return the first of the chosen samples, and keep the rest."""
        table = self._rows.table
        beyond = np.flatnonzero(chosen)[most:]
        chosen[beyond] = False
        taken, rest = samples.those(chosen), samples.those(~chosen)
        if not len(beyond):
            table["triggered"][taken.row] = False
        self._keep(rest)
        table["queued"][taken.row] = 0
        if len(taken) and len(rest):
            np.add.at(table["queued"], rest.row[np.isin(rest.row, taken.row)], 1)
        return taken

    def _to_report(self, samples: LoggedSamples) -> NDArray[np.bool_] | None:
        """Tell which samples are to be reported; None: all of them."""
        known = self._reporting
        if known is not None and known[0] is samples.row and known[1] == self._rows.version:
            return None
        table, at = self._rows.table, samples.at
        live: NDArray[np.bool_] = table["item"][at] != 0
        reports = (table["mode"][at] == REPORTING) & live
        if reports.all():
            self._reporting = (samples.row, self._rows.version)
            return None
        chosen: NDArray[np.bool_] = reports | (table["triggered"][at] & live)
        return chosen

    def _joined(self) -> LoggedSamples:
        if len(self._parts) != 1:
            self._parts = [LoggedSamples.joined(self._parts)]
        return self._parts[0]

    def _keep(self, samples: LoggedSamples) -> None:
        self._parts = [samples] if len(samples) else []
        self._length = len(samples)

    def _tidy(self) -> None:
        """Throw away what belongs to no item any more, and what is too much for its queue."""
        if self.gone:
            samples = self._joined()
            self._keep(samples.those(self._rows.table["item"][samples.row] != 0))
            self._rows.release(self.gone)
            self.gone = []
        # What was too much may have been all of items that are deleted.
        if self._overfull and self._length:
            self._keep(self._fitting(self._joined()))
        self._overfull = False

    def _fitting(self, samples: LoggedSamples) -> LoggedSamples:
        """Return the samples that the queues hold, marked where others were lost."""
        order = np.argsort(samples.row, kind="stable")
        row = samples.row[order]
        begin = np.flatnonzero(np.concatenate(([True], row[1:] != row[:-1])))
        count = np.diff(np.append(begin, len(row)))
        table, item = self._rows.table, row[begin]
        size = table["size"][item]
        over = count > size
        table["queued"][item] = np.minimum(count, size)
        # Of each sample: how many of its item are before it and behind it.
        before = np.arange(len(row)) - np.repeat(begin, count)
        behind = np.repeat(count, count) - 1 - before
        oldest = np.repeat(table["oldest"][item], count)
        size, over = np.repeat(size, count), np.repeat(over, count)
        kept = np.where(oldest, behind < size, (before < size - 1) | (behind == 0))
        first = np.where(oldest, behind == size - 1, behind == 0)
        # A queue of one is a buffer of the newest value: nothing counts as lost (5.13.1.5).
        samples.status[order[over & first & (size > 1)]] |= OVERFLOW
        mask = np.empty(len(row), np.bool_)
        mask[order] = kept
        return samples.those(mask)
