"""Read samples for intervals, in pages, and compute an aggregate of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np

from heatpump_twin.twin_engine.aggregates.aggregate_records import AggregateRecord
from heatpump_twin.twin_engine.aggregates.intervals import Intervals, Range
from heatpump_twin.twin_engine.aggregates.rules import Rules
from heatpump_twin.twin_engine.aggregates.surroundings import Surroundings, concatenated, turned
from heatpump_twin.twin_engine.errors import TooManySamples
from heatpump_twin.twin_engine.history import HistoryReader, Samples

PAGE = 10_000
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
    asked: Range
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
        intervals, inside = await self._inside(reader, self.asked.part(first, count))
        low, high = int(intervals.early[0]), int(intervals.late[-1])
        inner = slice(*np.searchsorted(inside.time, (low, high)).tolist())
        inside = Samples(inside.value[inner], inside.status[inner], inside.time[inner])
        series = await Surroundings(reader, self.key, self.rules).around(inside, low, high)
        if len(series) + len(intervals) <= SMALL:
            return self.record.of(series, intervals)
        return await asyncio.to_thread(self.record.of, series, intervals)

    async def _inside(
        self, reader: HistoryReader, intervals: Intervals
    ) -> tuple[Intervals, Samples]:
        """Return the intervals whose samples are read, and these, from past to future."""
        backwards = intervals.backwards
        low, high = int(intervals.early[0]), int(intervals.late[-1])
        pages: list[Samples] = []
        number = 0
        while True:
            page = await reader.read_raw(self.key, low, high, limit=PAGE, reverse=backwards)
            pages.append(page)
            number += len(page)
            if len(page) < PAGE:
                break
            last = int(page.time[-1])
            low, high = (low, last) if backwards else (last + 1, high)
            whole = intervals.until(last)
            if number >= ENOUGH and len(whole):
                intervals = whole
                break
            if number >= self.most:
                raise TooManySamples(f"{self.key}: more than {self.most} samples in one interval")
        found = concatenated(pages)
        return intervals, turned(found) if backwards else found
