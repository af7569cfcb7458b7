"""Look up the prices of a tariff in time: now, next, and the mean over a span."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heatpump_twin.config.tariff import MINUTES_PER_DAY, Tariff
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.derive.energy.calendar import day_of

_MINUTE = 60 * MICROSECONDS
_AHEAD = 8 * MINUTES_PER_DAY
"""A price of a week's schedule changes within a week, if ever. [min]"""


class PriceNow(NamedTuple):
    """Price of a kilowatt hour now, the next one, and when it begins."""

    price: float
    next: float
    change: int
    """When the next price begins. [µs since the Unix epoch, UTC]"""


class PriceSchedule:
    """Price schedule of a tariff in a time zone.

    The prices of a day are laid out minute by minute in UTC, so that days of 23 and 25 hours need
    no thought.
    """

    def __init__(self, tariff: Tariff, zone: ZoneInfo) -> None:
        self._zone = zone
        self._week = np.asarray(tariff.week())
        self._laid_out: tuple[int, int] = (0, 0)
        self._prices = np.empty(0)
        self._sums = np.empty(0)
        self._steps: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def at(self, time: int) -> PriceNow:
        """Return the price at a time; without another one to come, it is followed by itself."""
        begin = self._lay_out(time)
        minute = (time - begin) // _MINUTE
        price = float(self._prices[minute])
        following = self._steps[self._steps > minute]
        # No change within eight days means one price for all: it is followed by itself.
        change = int(following[0]) if len(following) else len(self._prices) - 1
        return PriceNow(price, float(self._prices[change]), begin + change * _MINUTE)

    def mean(self, since: ArrayLike, until: int) -> Values:
        """Return the mean price from each time of the day of ``until`` (shape (n,)) until then."""
        begin = self._lay_out(until)
        start = np.maximum(np.asarray(since, dtype=np.int64), begin)
        # The price at the end where there is no span to average over.
        start = np.minimum(start, until - 1)
        return np.asarray((self._sum(until) - self._sum(start)) / (until - start))

    def changed(self, since: ArrayLike, until: int) -> NDArray[np.bool_]:
        """Tell whether the price changed after each time of the day of ``until`` until then."""
        begin = self._lay_out(until)
        first = (np.asarray(since, dtype=np.int64) - begin) // _MINUTE
        # A span ends before its last instant: a price that begins just then has charged nothing
        # yet.
        last = (until - 1 - begin) // _MINUTE
        before, after = (np.searchsorted(self._steps, m, side="right") for m in (first, last))
        return np.asarray(before < after, dtype=bool)

    def _lay_out(self, time: int) -> int:
        """Lay out the prices from the local midnight before a time; return that midnight."""
        begin, end = self._laid_out
        if not begin <= time < end:
            self._laid_out = begin, _ = day_of(time, self._zone)
            start = begin // MICROSECONDS
            minutes = range(start, start + 60 * _AHEAD, 60)
            local = (datetime.fromtimestamp(minute, self._zone) for minute in minutes)
            of_week = [t.weekday() * MINUTES_PER_DAY + t.hour * 60 + t.minute for t in local]
            self._prices = self._week[of_week]
            # Summed once a day, so that a mean over any span costs two lookups and not a loop.
            self._sums = np.concatenate(([0.0], np.cumsum(self._prices)))
            self._steps = np.flatnonzero(np.diff(self._prices)) + 1
        return begin

    def _sum(self, time: int | Times) -> Values:
        """Return the integral of the price from midnight to a time."""
        minute, rest = np.divmod(np.asarray(time) - self._laid_out[0], _MINUTE)
        return np.asarray(self._sums[minute] * _MINUTE + self._prices[minute] * rest)
