"""Read what the key figures of a heat pump are made of from recorded history."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import BAD
from heatpump_twin.twin_engine.derive.energy.calendar import CalendarSpan, edges_of
from heatpump_twin.twin_engine.derive.energy.energy_curve import EnergyCurve, counter_curve
from heatpump_twin.twin_engine.history import HistoryReader, Samples

_DAY = 86_400 * MICROSECONDS
_MOST = 200_000
"""Samples that are read at a time: those of a day at two a second."""
_BEFORE = 2
"""A counter is read from so many days before a period on, and after it, to know its edges."""
_MINUTE = 60 * MICROSECONDS


class RecordedPeriod:
    """History of one heat pump in and around a period."""

    def __init__(
        self, history: HistoryReader, asset: str, zone: ZoneInfo, start: int, end: int
    ) -> None:
        self._history, self._asset, self._zone = history, asset, zone
        self._start, self._end = start, end

    async def samples(self, point: str, around: int = 0) -> Samples:
        """Return a point's samples in the period and so many days around it, day by day.

        What is no finite number is Bad.
        """
        key = f"{self._asset}.{point}"
        begin, stop = self._start - around * _DAY, self._end + around * _DAY
        before = await self._history.before(key, begin)
        days = np.clip(edges_of(CalendarSpan.DAY, begin, stop, self._zone), begin, stop).tolist()
        parts = [before]
        for first, last in pairwise(days):
            while first < last:
                part = await self._history.read_raw(key, first, last, limit=_MOST)
                parts.append(part)
                first = int(part.time[-1]) + 1 if len(part) == _MOST else last
        all_ = Samples.concat(parts)
        status = np.where(np.isfinite(all_.value), all_.status, all_.status | BAD)
        return Samples(all_.value, status, all_.time)

    async def counters(self, points: Sequence[str], largest_rate: float) -> list[EnergyCurve]:
        """Return the energy curves of counters; `largest_rate` in kW."""
        curves = []
        for point in points:
            usable = (await self.samples(point, _BEFORE)).usable
            kept = _each_minute(usable)
            curves.append(counter_curve(kept.time, kept.value, largest_rate))
        return curves

    async def power(self, point: str) -> EnergyCurve:
        """Return the energy curve of a power, where there is no counter."""
        usable = (await self.samples(point)).usable
        apart = np.diff(usable.time)
        # Over more than an hour without a sample nothing is known.
        mean = np.where(apart <= 60 * _MINUTE, (usable.value[1:] + usable.value[:-1]) / 2, 0.0)
        energy = np.append(0.0, np.cumsum(mean * apart / (1e3 * 60 * _MINUTE)))
        return EnergyCurve(usable.time, energy[: len(usable)])


def _each_minute(samples: Samples) -> Samples:
    """Return the last sample of each minute, and those that fall: a counter needs no more."""
    if len(samples) < 3:
        return samples
    last = np.append(np.diff(samples.time // _MINUTE) != 0, True)
    falls = np.append(np.diff(samples.value) < 0, False)
    kept = last | falls | np.append(False, falls[:-1])
    kept[0] = True
    return samples[kept]
