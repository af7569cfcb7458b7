"""Read the samples around a time range: what bounding values need of them."""

from __future__ import annotations

from dataclasses import dataclass

from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.aggregates.series.series import Series
from heatpump_twin.twin_engine.aggregates.series.whole_hours import condensed
from heatpump_twin.twin_engine.history import HistoryReader, Samples
from heatpump_twin.twin_engine.hourly_statistics import NO_HOURS, Hourly

EVER = 1 << 62
"""Later than any sample; its negative, earlier. [µs]"""
STEPS = (2, 64, 1_000, 10_000, 10_000)
"""Samples read one after the other, in search of one that is not Bad."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The samples of one point before and after a time range."""

    reader: HistoryReader
    key: str
    rules: Rules

    async def around(
        self, inside: Samples, low: int, high: int, hours: Hourly = NO_HOURS
    ) -> Series:
        """Return the series of samples with low ≤ time < high and of those around it.

        ``hours`` are statistics of hours whose samples are not among those inside.
        """
        before, begins = await self._before(low)
        after, ends = await self._after(high)
        samples, inner = Samples.concat([before, inside, after]), None
        if len(hours):
            samples, inner = condensed(samples, hours)
        return Series.of(samples, self.rules, begins=begins, ends=ends, inner=inner)

    async def _before(self, low: int) -> tuple[Samples, bool]:
        """Return samples before a time, and whether they begin the archive.

        A line that goes on behind the last sample needs two that are not Bad.
        """
        wanted = 2 if self.rules.sloped_extrapolation else 1
        found: list[Samples] = []
        for step in STEPS:
            page = await self.reader.read_raw(self.key, -EVER, low, limit=step, reverse=True)
            found.append(page)
            if len(page) < step or self._usable(found) >= wanted:
                break
            low = int(page.time[-1])
        return Samples.concat(found)[::-1], len(page) < step

    async def _after(self, high: int) -> tuple[Samples, bool]:
        """Return samples at or after a time, and whether they end the archive."""
        found: list[Samples] = []
        for step in STEPS:
            page = await self.reader.read_raw(self.key, high, EVER, limit=step)
            found.append(page)
            # One at the time itself says nothing about what is behind it.
            if len(page) < step or self._usable(found) >= 2:
                break
            high = int(page.time[-1]) + 1
        return Samples.concat(found), len(page) < step

    def _usable(self, found: list[Samples]) -> int:
        joined = Samples.concat(found)
        return len(Series(joined, self.rules, begins=False, ends=False).usable)
