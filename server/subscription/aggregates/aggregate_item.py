"""A monitored item with an AggregateFilter: its values are computed when an interval is over."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from asyncua import ua

from heatpump_twin.drivers.status import is_bad
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.server.space.ua_values import status_code, timed_value
from heatpump_twin.server.subscription.aggregates.aggregation import FINEST, SPARE, Aggregation
from heatpump_twin.server.subscription.aggregates.raw_source import RawSource
from heatpump_twin.server.subscription.item_settings import ItemSettings
from heatpump_twin.server.subscription.value_item import ValueItem
from heatpump_twin.twin_engine.aggregates.series.series import Series
from heatpump_twin.twin_engine.aggregates.series.surroundings import Surroundings
from heatpump_twin.twin_engine.history import NO_SAMPLES, HistoryReader, Samples

MOST = 10_000
"""Intervals that are computed at once; of more only the latest, when a clock was set."""
WHOLE = (ua.VariantType.Float, ua.VariantType.Double)


class AggregateItem(ValueItem):
    """One monitored item whose values are aggregates of the samples of an interval each."""

    def __init__(
        self,
        number: int,
        target: ua.ReadValueId,
        settings: ItemSettings,
        mode: ua.MonitoringMode,
        stamps: ua.TimestampsToReturn,
        news: Callable[[ValueItem], None],
        asked: Aggregation,
        source: RawSource,
    ) -> None:
        super().__init__(number, target, settings, mode, stamps, news)
        self.asked = asked
        self._source = source
        self._samples = NO_SAMPLES
        self._next = 0
        """Number of the next interval."""
        self._told: ua.DataValue | None = None
        self._recalled = True

    @property
    def room(self) -> int:
        """Samples and values that it may hold."""
        return super().room + self.asked.room

    # ── samples ───────────────────────────────────────────────────────────────────────────────────
    def looks_back(self, now: int) -> bool:
        """Tell whether samples of the past are needed, which `recall` reads; it waits for them."""
        self._recalled = self.asked.start >= now
        return not self._recalled

    async def recall(self, reader: HistoryReader, key: str, now: int) -> None:
        """Read the samples of the past, as far as intervals of the past are asked for."""
        start = self.asked.start
        try:
            recent = await reader.read_raw(key, start, now, limit=MOST, reverse=True)
            inside = recent[::-1]
            low = int(inside.time[0]) if len(inside) == MOST else start
            around = await Surroundings(reader, key, self.asked.rules).around(inside, low, now)
            self._add(around.samples)
        finally:
            self._recalled = True

    def _add(self, fresh: Samples) -> None:
        if len(fresh):
            joined = Samples.concat([self._samples, fresh])
            # Of two with one time the later one counts: it was told last.
            _, place = np.unique(joined.time[::-1], return_index=True)
            self._samples = joined[len(joined) - 1 - place]

    def _forget(self, before: int) -> None:
        """Forget samples that no interval needs: all but the last two usable ones before a time."""
        series = self._series()
        usable = np.flatnonzero((series.level < 2) & (series.time < before))
        first = int(usable[-2]) if len(usable) > 1 else 0
        # Whatever the device sends: no more than there is room for.
        first = max(first, len(series) - 2 * FINEST - SPARE)
        self._samples = series.samples[first:]

    def _series(self) -> Series:
        return Series.of(self._samples, self.asked.rules, begins=True, ends=True)

    # ── results ───────────────────────────────────────────────────────────────────────────────────
    def advance(self, now: int) -> None:
        """Report the intervals that are over at a time. [µs]

        What lies between two samples at the end of an interval is known with the first sample
        behind it, or given up when that is late.
        """
        self._add(self._source.take(now))
        if not self._recalled:
            return
        known = now - round(self.settings.sampling * 1000.0)
        if len(self._samples):
            known = max(known, min(int(self._samples.time[-1]), now))
        over = self.asked.over(known)
        if over <= self._next:
            return
        first, self._next = max(self._next, over - MOST), over
        if self.mode is not ua.MonitoringMode.Disabled:
            self._report(first, over, now)
        self._forget(self.asked.begin(over))

    def _report(self, first: int, behind: int, now: int) -> None:
        found = self.asked.record.of(self._series(), self.asked.intervals(first, behind))
        for value, status, time in zip(found.value, found.status, found.time, strict=True):
            self._told = self._data_value(float(value), int(status), int(time), now)
            self._put(self._told)
        self._news(self)

    def _data_value(self, value: float, status: int, time: int, now: int) -> ua.DataValue:
        known = not is_bad(status) and np.isfinite(value)
        variant = ua.Variant(_typed(value, self.asked.type), self.asked.type)
        return timed_value(
            variant if known else ua.Variant(), status_code(status), to_datetime(time),
            to_datetime(now),
        )  # fmt: skip

    # ── as an item ────────────────────────────────────────────────────────────────────────────────
    def set_mode(self, mode: ua.MonitoringMode) -> None:
        """Compute, report or do neither from now on."""
        super().set_mode(mode)
        if mode is ua.MonitoringMode.Disabled:
            self._told = None

    def restart(self, value: ua.DataValue) -> None:  # noqa: ARG002 - what is there now is no result
        """Report the latest result again, as it was asked for."""
        if self._told is not None:
            self._put(self._told)
            self._news(self)

    def close(self) -> None:
        """Take no samples any more."""
        self._source.close()


def _typed(value: float, kind: ua.VariantType) -> object:
    if kind in WHOLE or not np.isfinite(value):
        return value
    if kind is ua.VariantType.StatusCode:
        return status_code(int(value))
    return value >= 0.5 if kind is ua.VariantType.Boolean else round(value)
