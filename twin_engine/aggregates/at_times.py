"""Values at given times, from the samples or between them (OPC 10000-11, 6.5.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Times
from heatpump_twin.twin_engine.aggregates.functions.bounding import (
    interpolated_bounds,
    simple_bounds,
)
from heatpump_twin.twin_engine.aggregates.functions.of_bounds import origin_of, status_of
from heatpump_twin.twin_engine.aggregates.functions.result import with_bits
from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.aggregates.series.series import Series
from heatpump_twin.twin_engine.aggregates.series.surroundings import Surroundings
from heatpump_twin.twin_engine.history import HistoryReader, Samples

PAGE = 1_000
"""Samples that are read at once: times far from each other have all of them to themselves."""


@dataclass(frozen=True, slots=True)
class AtTimes:
    """The reading of one point's values at times.

    Parameters
    ----------
    simple : bool
        Whether a value is estimated from the samples right before and after it, whatever they are
        worth, or from the nearest ones that are not Bad.
    """

    key: str
    rules: Rules
    simple: bool

    async def values(self, reader: HistoryReader, times: Times) -> Samples:
        """Return a value for each time, in the order of the times."""
        order = np.argsort(times, kind="stable")
        left, found = times[order], []
        while len(left):
            low = int(left[0])
            page = await reader.read_raw(self.key, low, int(left[-1]) + 1, limit=PAGE)
            high = int(left[-1]) + 1 if len(page) < PAGE else int(page.time[-1]) + 1
            count = int(np.searchsorted(left, high))
            series = await Surroundings(reader, self.key, self.rules).around(page, low, high)
            found.append(self._at(series, left[:count]))
            left = left[count:]
        joined = Samples.concat(found)
        place = np.empty(len(order), dtype=np.intp)
        place[order] = np.arange(len(order))
        return joined[place]

    def _at(self, series: Series, time: Times) -> Samples:
        if self.simple:
            bounds = simple_bounds(series, time)
        else:
            bounds = interpolated_bounds(series, time, stepped=self.rules.stepped)
        status = with_bits(status_of(series, bounds), origin_of(bounds))
        value = bounds.value
        if len(series):
            # A sample that is there is the answer, also a Bad one.
            place = np.clip(np.searchsorted(series.time, time), 0, len(series) - 1)
            there = series.time[place] == time
            status = np.where(there, series.samples.status[place], status)
            value = np.where(there, series.value[place], value)
        return Samples(value, status.astype(np.uint32), time)
