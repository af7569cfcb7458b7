"""Samples as an aggregate looks at them: their quality, and where the archive begins and ends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Statuses, Times, Values
from heatpump_twin.drivers.status import BAD_NO_DATA
from heatpump_twin.twin_engine.aggregates.periods.intervals import Flags, Intervals
from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.aggregates.series.whole_hours import Inner
from heatpump_twin.twin_engine.history import Samples

Levels = NDArray[np.uint8]
Indexes = NDArray[np.intp]
GOOD_LEVEL, UNCERTAIN_LEVEL, BAD_LEVEL = 0, 1, 2


def severity(status: Statuses) -> Levels:
    """Return the severity of statuses as a level: 0 Good, 1 Uncertain, 2 Bad."""
    level: Levels = np.minimum(status >> np.uint32(30), BAD_LEVEL).astype(np.uint8)
    return level


@dataclass(frozen=True, eq=False)
class Series:
    """Samples of one point from past to future, no two of one time: arrays of shape (n,).

    Parameters
    ----------
    begins, ends : bool
        Whether the first sample is the first of the archive, and the last one its last.
    inner : Inner | None
        What samples stand for beside themselves; None: each stands for itself.
    """

    samples: Samples
    rules: Rules
    begins: bool
    ends: bool
    inner: Inner | None = None

    @classmethod
    def of(
        cls,
        samples: Samples,
        rules: Rules,
        *,
        begins: bool,
        ends: bool,
        inner: Inner | None = None,
    ) -> Series:
        """Return the series of samples.

        BadNoData at the begin of an archive is its empty entry and no sample: data start behind it
        (OPC 10000-13, A.1).
        """
        if begins and len(samples):
            real = np.flatnonzero(samples.status != np.uint32(BAD_NO_DATA))
            first = int(real[0]) if len(real) else len(samples)
            if first:
                samples = samples[first:]
                inner = inner and inner.of(np.arange(len(inner.alone)) >= first)
        return cls(samples, rules, begins, ends, inner)

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def time(self) -> Times:
        """Times of the samples. [µs]"""
        return self.samples.time

    @property
    def value(self) -> Values:
        """Values of the samples; NaN where there is none."""
        return self.samples.value

    @cached_property
    def level(self) -> Levels:
        """Quality of the samples: what has no value is Bad, and Uncertain ones as the rules say."""
        level = severity(self.samples.status)
        level[~np.isfinite(self.value)] = BAD_LEVEL
        if self.rules.treat_uncertain_as_bad:
            level[level == UNCERTAIN_LEVEL] = BAD_LEVEL
        return level

    @cached_property
    def good(self) -> Series:
        """The Good samples alone."""
        return self._only(self.level == GOOD_LEVEL)

    @cached_property
    def usable(self) -> Series:
        """The samples that are not Bad."""
        return self._only(self.level != BAD_LEVEL)

    def _only(self, which: Flags) -> Series:
        if which.all():
            return self
        inner = self.inner and self.inner.of(which)
        return Series(self.samples[which], self.rules, self.begins, self.ends, inner)

    @property
    def count(self) -> NDArray[np.int64]:
        """Number of samples for which each stands."""
        alone = np.ones(len(self), dtype=np.int64)
        return self.inner.spread(alone, "count") if self.inner else alone

    @property
    def total(self) -> Values:
        """Sum of the values for which each stands."""
        return self.inner.spread(self.value, "sum") if self.inner else self.value

    def within(self, intervals: Intervals) -> tuple[Indexes, Indexes]:
        """Return the first sample of each interval, and the one behind its last."""
        early, late = intervals.early, intervals.late
        # A sample at an edge belongs to the interval that begins there.
        if intervals.backwards:
            early, late = early + 1, late + 1
        return np.searchsorted(self.time, early), np.searchsorted(self.time, late)

    def outside(self, intervals: Intervals) -> Flags:
        """Tell which intervals are before the start or after the end of the data."""
        if not len(self):
            return np.ones(len(intervals), dtype=bool)
        first, last = self.time[0], self.time[-1]
        if intervals.backwards:
            before, after = intervals.late < first, intervals.early >= last
        else:
            before, after = intervals.late <= first, intervals.early > last
        found: Flags = (self.begins & before) | (self.ends & after)
        return found

    def partly(self, intervals: Intervals) -> Flags:
        """Tell which intervals are not complete (OPC 10000-13, 5.3.3.2).

        They overlap the start or the end of the data, or are what remains of the range.
        """
        out = self.outside(intervals)
        if not len(self):
            return ~out
        first, last = self.time[0], self.time[-1]
        starts = self.begins & (intervals.early < first) & (first < intervals.late)
        stops = self.ends & (intervals.early <= last) & (last < intervals.late)
        found: Flags = (starts | stops | intervals.cut) & ~out
        return found
