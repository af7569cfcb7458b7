# ruff: noqa: ARG002 (a history without samples looks nothing up)
"""The twin's engine without devices and clients: frames in by their own time, history out.

What a live twin makes of the frames of its devices, this makes of frames of any time: derived
points, totals, and what of all that is recorded. Its clock is moved by whoever has the frames.
"""

from __future__ import annotations

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA
from heatpump_twin.twin_engine.derive.deriver import Deriver
from heatpump_twin.twin_engine.historian.columns.merging import NOTHING
from heatpump_twin.twin_engine.historian.deadband import Deadband
from heatpump_twin.twin_engine.historian.resolution import Resolution
from heatpump_twin.twin_engine.history import HistoryReader, Samples
from heatpump_twin.twin_engine.hourly_statistics import NO_HOURS, Hourly
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.site.site_deriver import SiteDeriver


class Engine:
    """Engine of a site: image, derived points, totals, and the thinning of what is recorded.

    Parameters
    ----------
    longest_rest : float
        A value that stays the same is recorded again after this time. [s]
    totals_every : int
        Totals of the site are computed once in so many frames.
    """

    def __init__(
        self,
        site: Site,
        table: PointTable,
        clock: Clock,
        longest_rest: float,
        totals_every: int = 1,
    ) -> None:
        self.image = Image(table, clock.now())
        self._clock = clock
        history = _NoHistory()
        deadband = [point.spec.deadband for point in table]
        self._resolution, self._deadband = Resolution(deadband), Deadband(deadband, longest_rest)
        self._kept: list[Frame] = []
        self._totals = SiteDeriver(self.image, site, history, clock)
        self._totals_every, self._frames = totals_every, 0
        self.image.subscribe(Deriver(self.image, site, history, clock).derive)
        self.image.subscribe(self._record)

    def take(self, frame: Frame) -> None:
        """Take a frame of devices; the clock shows its time."""
        self.image.ingest(frame)
        self._frames += 1
        if self._frames % self._totals_every == 0:
            self._totals.derive(frame)

    def recorded(self) -> Frame:
        """Return what is to be recorded of the frames since the last call."""
        kept, self._kept = self._kept, []
        return Frame.concat(kept)

    def last(self) -> Frame:
        """Return the samples that were left out last: nothing comes behind them from here."""
        ended = self._deadband.close(self._clock.now())
        there = ended.status != BAD_NO_DATA
        return Frame(
            *(part[there] for part in (ended.point, ended.value, ended.status, ended.time))
        )

    def _record(self, frame: Frame) -> None:
        self._kept.append(self._deadband.keep(self._resolution.of(frame)))


class _NoHistory(HistoryReader):
    """History of a site that begins now."""

    async def read_raw(
        self, key: str, start: int, end: int, *, limit: int, reverse: bool = False
    ) -> Samples:
        return NOTHING

    async def before(self, key: str, time: int) -> Samples:
        return NOTHING

    async def after(self, key: str, time: int) -> Samples:
        return NOTHING

    async def read_hours(self, key: str, start: int, end: int) -> Hourly:
        return NO_HOURS
