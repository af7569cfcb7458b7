"""Read what the key figures of a heat pump are made of from recorded history."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.config.period_figure import CalendarSpan
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.drivers.status import BAD
from heatpump_twin.twin_engine.derive.energy.calendar import HOUR, edges_of
from heatpump_twin.twin_engine.derive.energy.counter_track import RECENT, Doubt, NamedDoubt
from heatpump_twin.twin_engine.derive.energy.energy_curve import EnergyCurve, counter_curve
from heatpump_twin.twin_engine.history import NO_SAMPLES, HistoryReader, Samples
from heatpump_twin.twin_engine.kpi.runs import LONGEST, Stretches, stretches

_MOST = 200_000
"""Samples that are read at a time: those of a day at two a second."""
_BEFORE, _AFTER = 12 * HOUR, 2 * HOUR
"""A counter is read from so long before a period on, and after it, to know its edges."""
_MINUTE = 60 * MICROSECONDS
_EVER = 2**61
_GUESSED = HOUR
"""Longest time without a sample of a power over which the mean of its ends is taken. [µs]"""


class RecordedPeriod:
    """History of one heat pump in and around a period."""

    def __init__(
        self, history: HistoryReader, asset: str, zone: ZoneInfo, start: int, end: int
    ) -> None:
        self._history, self._asset, self._zone = history, asset, zone
        self.start, self.end = start, end
        """[µs since the Unix epoch, UTC]"""

    async def samples(self, point: str, before: int = 0, after: int = 0) -> Samples:
        """Return a point's samples of the period, and so long before and after it, day by day.

        With the last one before all that. What is no finite number is Bad.
        """
        key = f"{self._asset}.{point}"
        begin, stop = self.start - before, self.end + after
        days = np.clip(edges_of(CalendarSpan.DAY, begin, stop, self._zone), begin, stop).tolist()
        parts = [await self._history.before(key, begin)]
        for first, last in pairwise(days):
            while first < last:
                part = await self._history.read_raw(key, first, last, limit=_MOST)
                parts.append(part)
                first = int(part.time[-1]) + 1 if len(part) == _MOST else last
        return _finite(Samples.concat(parts))

    async def counters(self, points: Sequence[str], largest_rate: float) -> list[EnergyCurve]:
        """Return the energy curves of counters; `largest_rate` in kW."""
        curves = []
        for point in points:
            readings = await self._readings(point)
            kept = _each_minute(readings)
            curve = counter_curve(kept.time, kept.value, largest_rate)
            curves.append(replace(curve, doubts=(*curve.doubts, *_not_believed(readings))))
        return curves

    async def power(self, point: str, below: float = np.inf) -> EnergyCurve:
        """Return the energy curve of a power; of what is ``below`` some power alone, in W."""
        usable = (await self.samples(point, _GUESSED, _GUESSED)).usable
        usable = Samples(np.minimum(usable.value, below), usable.status, usable.time)
        time, apart = usable.time, np.diff(usable.time)
        # Over more than an hour without a sample nothing is known.
        mean = np.where(apart <= _GUESSED, (usable.value[1:] + usable.value[:-1]) / 2, 0.0)
        energy = np.append(0.0, np.cumsum(mean * apart / (1e3 * HOUR)))
        unseen = np.flatnonzero(apart > LONGEST)
        doubts = [NamedDoubt(Doubt.UNSEEN, int(time[i]), int(time[i + 1])) for i in unseen]
        return EnergyCurve(time, energy[: len(usable)], (*doubts, *_not_believed(usable)))

    async def held(self, point: str, ids: Collection[str], before: int = 0) -> Stretches:
        """Return the stretches of the period, and so long before it, in which a value held."""
        samples = await self.samples(point, before) if point in ids else NO_SAMPLES
        return stretches(*known(samples), self.start - before, self.end)

    async def values(self, point: str | None, ids: Collection[str]) -> tuple[Times, Values]:
        """Return times and values of a point that is interpolated, with one on either side."""
        if point is None or point not in ids:
            return known(NO_SAMPLES)
        after = await self._history.after(f"{self._asset}.{point}", self.end)
        return known(Samples.concat([await self.samples(point), _finite(after)]))

    async def _readings(self, point: str) -> Samples:
        """Return the usable readings of a counter, with some on either side of the period."""
        key = f"{self._asset}.{point}"
        body = (await self.samples(point, _BEFORE, _AFTER)).usable
        first = self.start - _BEFORE
        # Where nobody looked for long, what was used meanwhile is between the readings beyond.
        before = await self._some(key, -_EVER, first, reverse=True)
        behind = await self._some(key, self.end + _AFTER, _EVER)
        return Samples.concat([before, body[body.time >= first], behind])

    async def _some(self, key: str, start: int, end: int, *, reverse: bool = False) -> Samples:
        """Return a few usable samples at one end of a span, in order of time."""
        # More than are needed: the marks of gaps are among them, and numbers that are none.
        found = await self._history.read_raw(key, start, end, limit=4 * RECENT, reverse=reverse)
        kept = _finite(found).usable[:RECENT]
        return kept[::-1] if reverse else kept


def known(samples: Samples) -> tuple[Times, Values]:
    """Return the times and values of samples, NaN where they are Bad."""
    return samples.time, np.where(samples.status >= BAD, np.nan, samples.value)


def _not_believed(samples: Samples) -> list[NamedDoubt]:
    """Return the spans in which samples that can be used are not Good."""
    doubted = (samples.status >> 30).astype(bool)
    steps = np.flatnonzero(np.diff(doubted, prepend=False, append=False))
    time = samples.time
    return [
        NamedDoubt(Doubt.IMPLAUSIBLE, int(time[first]), int(time[last - 1]) + 1)
        for first, last in zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True)
    ]


def _finite(samples: Samples) -> Samples:
    status = np.where(np.isfinite(samples.value), samples.status, samples.status | BAD)
    return Samples(samples.value, status.astype(np.uint32), samples.time)


def _each_minute(samples: Samples) -> Samples:
    """Return the last sample of each minute, and those that fall: a counter needs no more."""
    if len(samples) < 3:
        return samples
    last = np.append(np.diff(samples.time // _MINUTE) != 0, True)
    falls = np.append(np.diff(samples.value) < 0, False)
    kept = last | falls | np.append(False, falls[:-1])
    kept[0] = True
    return samples[kept]
