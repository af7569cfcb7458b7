"""Read samples for intervals, in pages, and compute an aggregate of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np

from heatpump_twin.twin_engine.aggregates.aggregate_records import AggregateRecord
from heatpump_twin.twin_engine.aggregates.periods.intervals import Intervals, Range
from heatpump_twin.twin_engine.aggregates.periods.local_periods import LocalPeriods
from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.aggregates.series.surroundings import Surroundings
from heatpump_twin.twin_engine.aggregates.series.whole_hours import holes, usable
from heatpump_twin.twin_engine.errors import TooManySamples
from heatpump_twin.twin_engine.history import HistoryReader, Samples
from heatpump_twin.twin_engine.hourly_statistics import HOUR, NO_HOURS, Hourly

PAGE = 100_000
"""Samples that are read at once."""
ENOUGH = 200_000
"""No further interval is begun in a part that has so many samples."""
MOST = 5_000_000
"""Samples of one interval: 58 days of one a second. They take 100 MB."""
SMALL = 5_000
"""So many samples are computed at once; more of them, beside the event loop."""


@dataclass(frozen=True, slots=True)
class ProcessedReading:
    """One aggregate of one point over a time range."""

    key: str
    record: AggregateRecord
    asked: Range | LocalPeriods
    rules: Rules
    most: int = MOST
    """Samples of one interval; more are refused."""

    async def part(self, reader: HistoryReader, first: int, count: int) -> Samples:
        """Return the results of intervals from number ``first`` on: of one, or up to ``count``.

        Raises
        ------
        TooManySamples
            There are more in one interval than fit into memory.
        """
        intervals = self.asked.part(first, count)
        hours = await self._hours(reader, intervals)
        intervals, inside = await self._inside(reader, intervals, hours)
        low, high = int(intervals.early[0]), int(intervals.late[-1])
        hours = hours[slice(*np.searchsorted(hours["hour"], (low // HOUR, high // HOUR)))]
        around = Surroundings(reader, self.key, self.rules).around
        series = await around(inside.between(low, high), low, high, hours)
        if len(series) + len(intervals) <= SMALL:
            return self.record.of(series, intervals)
        return await asyncio.to_thread(self.record.of, series, intervals)

    async def _hours(self, reader: HistoryReader, intervals: Intervals) -> Hourly:
        """Return statistics in the place of samples, where an interval has whole hours."""
        # A line that goes on behind the last two samples asks for the last but one.
        if (intervals.late - intervals.early).max() < HOUR or self.rules.sloped_extrapolation:
            return NO_HOURS
        low, high = int(intervals.early[0]), int(intervals.late[-1])
        return usable(await reader.read_hours(self.key, low, high), intervals)

    async def _inside(
        self, reader: HistoryReader, intervals: Intervals, hours: Hourly
    ) -> tuple[Intervals, Samples]:
        """Return the intervals whose samples are read, and these, from past to future."""
        backwards = intervals.backwards
        spans = holes(hours, int(intervals.early[0]), int(intervals.late[-1]))
        pages: list[Samples] = []
        number = 0
        for low, high in reversed(spans) if backwards else spans:
            async for page in self._pages(reader, low, high, reverse=backwards):
                pages.append(page)
                number += len(page)
                if number < min(ENOUGH, self.most) or not len(page):
                    continue
                whole = intervals.until(int(page.time[-1]))
                if len(whole):
                    return whole, _in_order(pages, backwards)
                if number >= self.most:
                    raise TooManySamples(
                        f"{self.key}: more than {self.most} samples in one interval"
                    )
        return intervals, _in_order(pages, backwards)

    async def _pages(
        self, reader: HistoryReader, low: int, high: int, *, reverse: bool
    ) -> AsyncIterator[Samples]:
        """Yield the samples with low ≤ time < high, `PAGE` at a time."""
        while True:
            page = await reader.read_raw(self.key, low, high, limit=PAGE, reverse=reverse)
            yield page
            if len(page) < PAGE:
                return
            last = int(page.time[-1])
            low, high = (low, last) if reverse else (last + 1, high)


def _in_order(pages: list[Samples], backwards: bool) -> Samples:
    found = Samples.concat(pages)
    return found[::-1] if backwards else found
