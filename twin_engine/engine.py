# ruff: noqa: ARG002 (a history without samples looks nothing up)
"""The twin's engine without devices and clients: frames in by their own time, history out.

What a live twin makes of the frames of its devices, this makes of frames of any time: derived
points, totals, and what of all that is recorded. Its clock is moved by whoever has the frames.
"""

from __future__ import annotations

from collections.abc import Mapping

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.protocol import FrameSink
from heatpump_twin.twin_engine.derive.deriver import Deriver
from heatpump_twin.twin_engine.history import NO_SAMPLES, HistoryReader, Samples
from heatpump_twin.twin_engine.hourly_statistics import NO_HOURS, Hourly
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.shadow.shadow import PERIOD, Shadow
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel
from heatpump_twin.twin_engine.site.site_deriver import SiteDeriver


class Engine:
    """Engine of a site: image, derived points and totals; ``record`` gets every frame.

    Parameters
    ----------
    history : HistoryReader or None
        What was before, from which `start` takes up the day; default: nothing was.
    totals_every : int
        Totals of the site are computed once in so many frames.
    models
        Calibrated models by heat pump; the others have what their plates tell.
    shadow_period : int
        How often expected values are computed, by source time. [µs]
    """

    def __init__(
        self,
        site: Site,
        table: PointTable,
        clock: Clock,
        record: FrameSink,
        history: HistoryReader | None = None,
        totals_every: int = 1,
        models: Mapping[str, LearntModel] | None = None,
        shadow_period: int = PERIOD,
    ) -> None:
        before = history or NO_HISTORY
        self.image = Image(table, clock.now())
        self._deriver = Deriver(self.image, site, before, clock)
        self._totals = SiteDeriver(self.image, site, before, clock)
        self._shadow = Shadow(self.image, site, before, clock, models, shadow_period)
        self._totals_every, self._frames = totals_every, 0
        self.image.subscribe(self._deriver.derive)
        self.image.subscribe(self._shadow.take)
        self.image.subscribe(record)

    async def start(self) -> None:
        """Take up the day so far from the history, and what was learnt of runs."""
        await self._deriver.start()
        await self._shadow.start()
        await self._totals.start()

    def take(self, frame: Frame) -> None:
        """Take a frame of devices; the clock shows its time."""
        self.image.ingest(frame)
        self._frames += 1
        if self._frames % self._totals_every == 0:
            self._totals.derive(frame)

    def settle(self) -> None:
        """Compute what is expected of frames that came since that was done last."""
        self._shadow.settle()


class _NoHistory(HistoryReader):
    """History of a site that begins now."""

    async def read_raw(
        self, key: str, start: int, end: int, *, limit: int, reverse: bool = False
    ) -> Samples:
        return NO_SAMPLES

    async def before(self, key: str, time: int) -> Samples:
        return NO_SAMPLES

    async def after(self, key: str, time: int) -> Samples:
        return NO_SAMPLES

    async def read_hours(self, key: str, start: int, end: int) -> Hourly:
        return NO_HOURS


NO_HISTORY: HistoryReader = _NoHistory()
"""History of a site that begins now."""
