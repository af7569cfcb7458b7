"""Results of an aggregate, and the information bits of their status (OPC 10000-13, 5.3.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Statuses, Times, Values
from heatpump_twin.drivers.status import (
    BAD,
    BAD_AGGREGATE_INVALID_INPUTS,
    BAD_NO_DATA,
    GOOD,
    UNCERTAIN_DATA_SUB_NORMAL,
)
from heatpump_twin.twin_engine.aggregates.periods.intervals import Flags, Intervals
from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.aggregates.series.series import Levels, Series
from heatpump_twin.twin_engine.history import Samples

RAW, CALCULATED, INTERPOLATED, PARTIAL, MULTIPLE = 0x00, 0x01, 0x02, 0x04, 0x10
_DATA_VALUE = 0x0400
"""Says that the information bits are those of a data value (OPC 10000-4, 7.39.1)."""
_CODES = np.array([GOOD, UNCERTAIN_DATA_SUB_NORMAL, BAD_NO_DATA], dtype=np.uint32)

Bits = NDArray[np.uint32]


def codes(level: Levels | NDArray[np.int64]) -> Statuses:
    """Return the status of levels: Good, UncertainDataSubNormal, BadNoData."""
    return _CODES[level]


def bits(which: Flags, bit: int) -> Bits:
    """Return a bit where it is set, and 0 elsewhere."""
    return np.where(which, np.uint32(bit), np.uint32(0))


def with_bits(status: Statuses, information: Bits) -> Statuses:
    """Return statuses with their information bits."""
    said = np.where(information != 0, information | np.uint32(_DATA_VALUE), np.uint32(0))
    return (status | said).astype(np.uint32)


def share_status(
    good: NDArray[np.int64], bad: NDArray[np.int64], total: NDArray[np.int64], rules: Rules
) -> Statuses:
    """Return the status by the shares of Good and of Bad data (OPC 10000-13, 5.4.3.2.1).

    Uncertain data that are not taken for Bad are neither: a result of them is Uncertain, as in the
    examples of A.5, A.13 and A.19. Nothing at all is Good.
    """
    is_good = good * 100 >= rules.percent_good * total
    is_bad = bad * 100 >= rules.percent_bad * total
    return np.select(
        [is_good, is_bad],
        [np.uint32(GOOD), np.uint32(BAD)],
        np.uint32(UNCERTAIN_DATA_SUB_NORMAL),
    ).astype(np.uint32)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What an aggregate found in each interval: arrays of shape (m,)."""

    value: Values
    status: Statuses
    """Without information bits."""
    information: Bits
    time: Times | None = None
    """Where it is not the begin of the interval. [µs]"""
    has_partial: bool = True
    """Whether the aggregate says of an interval that it is not complete."""
    extrapolated: bool = False
    """Whether there are results beyond the end of the data, too."""

    def samples(self, series: Series, intervals: Intervals) -> Samples:
        """Return the results; a Bad one has no value, and one that is no number is Bad."""
        outside = series.outside(intervals) & (not self.extrapolated)
        status = np.where(outside, np.uint32(BAD_NO_DATA), self.status)
        bad = status >= np.uint32(BAD)
        broken = ~bad & ~np.isfinite(self.value)
        status = np.where(broken, np.uint32(BAD_AGGREGATE_INVALID_INPUTS), status)
        bad |= broken
        # A Bad result comes from nowhere; that its interval is not complete is said all the same.
        information = np.where(bad, np.uint32(0), self.information)
        if self.has_partial:
            information |= bits(series.partly(intervals), PARTIAL)
        begin = intervals.begin
        time = begin if self.time is None else np.where(outside, begin, self.time)
        return Samples(np.where(bad, np.nan, self.value), with_bits(status, information), time)
