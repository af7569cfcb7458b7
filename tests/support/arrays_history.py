"""A history of arrays in memory, for tests of what is computed from histories."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from heatpump_twin.twin_engine.history import NO_SAMPLES, HistoryReader, Samples
from heatpump_twin.twin_engine.hourly_statistics import NO_HOURS, Hourly

_EVER = 2**62


class ArraysHistory(HistoryReader):
    """Samples by the key of their point, each in order of time."""

    def __init__(self, samples: Mapping[str, Samples]) -> None:
        self._samples = samples

    @classmethod
    def good(cls, time: np.ndarray, values: Mapping[str, np.ndarray]) -> ArraysHistory:
        """Return a history of Good samples that were taken at the same times."""
        order = np.argsort(time, kind="stable")
        status = np.zeros(len(time), np.uint32)
        return cls({key: Samples(v[order], status, time[order]) for key, v in values.items()})

    async def read_raw(
        self, key: str, start: int, end: int, *, limit: int, reverse: bool = False
    ) -> Samples:
        if key not in self._samples:
            return NO_SAMPLES
        of = self._samples[key].between(start, end)
        return of[::-1][:limit] if reverse else of[:limit]

    async def before(self, key: str, time: int) -> Samples:
        return await self.read_raw(key, -_EVER, time + 1, limit=1, reverse=True)

    async def after(self, key: str, time: int) -> Samples:
        return await self.read_raw(key, time, _EVER, limit=1)

    async def read_hours(self, key: str, start: int, end: int) -> Hourly:
        return NO_HOURS
