"""History that goes on into the future, where a point is forecast."""

from __future__ import annotations

from dataclasses import dataclass

from heatpump_twin.drivers.clock import Clock
from heatpump_twin.twin_engine.historian.trajectories.trajectory_log import TrajectoryLog
from heatpump_twin.twin_engine.history import NO_SAMPLES, HistoryReader, Samples
from heatpump_twin.twin_engine.hourly_statistics import HOUR, Hourly, kept_hours

_EVER = 2**62


@dataclass(frozen=True, slots=True)
class ForecastHistory(HistoryReader):
    """Reader of what is recorded up to now, and behind that of the newest forecast."""

    recorded: HistoryReader
    trajectories: TrajectoryLog
    clock: Clock

    async def read_raw(
        self, key: str, start: int, end: int, *, limit: int, reverse: bool = False
    ) -> Samples:
        """Return at most ``limit`` samples with start ≤ time < end, newest first if ``reverse``."""
        begin = self.clock.now() + 1
        newest = self.trajectories.newest(key) if end > begin else None
        if newest is None:
            return await self.recorded.read_raw(key, start, end, limit=limit, reverse=reverse)
        ahead = newest[1].between(max(start, begin), end)
        if not reverse:
            past = await self._past(key, start, begin, limit, reverse=False)
            return Samples.concat([past, ahead[: limit - len(past)]])
        ahead = ahead[::-1][:limit]
        past = await self._past(key, start, begin, limit - len(ahead), reverse=True)
        return Samples.concat([ahead, past])

    async def before(self, key: str, time: int) -> Samples:
        """Return the last sample at or before ``time``: none or one."""
        return await self.read_raw(key, -_EVER, time + 1, limit=1, reverse=True)

    async def after(self, key: str, time: int) -> Samples:
        """Return the first sample at or after ``time``: none or one."""
        return await self.read_raw(key, time, _EVER, limit=1)

    async def read_hours(self, key: str, start: int, end: int) -> Hourly:
        """Return statistics of whole hours that are over."""
        found = await self.recorded.read_hours(key, start, end)
        # The hour that is now goes on into the forecast, of which there are none.
        return kept_hours(found, found["hour"] < self.clock.now() // HOUR)

    async def _past(self, key: str, start: int, end: int, limit: int, *, reverse: bool) -> Samples:
        if start >= end or not limit:
            return NO_SAMPLES
        return await self.recorded.read_raw(key, start, end, limit=limit, reverse=reverse)
