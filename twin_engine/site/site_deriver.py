"""The site deriver: compute totals, weather and costs of the site from the image."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import structlog

from heatpump_twin.config.catalogue import SITE
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import MICROSECONDS, Clock, kept_period, real_period
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_INTERNAL_ERROR, BAD_NO_DATA
from heatpump_twin.twin_engine.errors import DatabaseAway
from heatpump_twin.twin_engine.failure_log import FailureLog
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.site.site_point import SitePoint, Take, TotalValue
from heatpump_twin.twin_engine.site.site_records import site_records
from heatpump_twin.twin_engine.site.site_sources import SiteSources

log = structlog.stdlib.get_logger(__name__)

PERIOD = 1.0
"""Totals are computed at most this often, and about as often when nobody reports. [s]"""


class SiteDeriver:
    """Deriver of the points of the asset ``site``.

    Where the computation of a point raises, that point is Bad and the log has the exception once;
    the others are computed as ever.
    """

    def __init__(
        self,
        image: Image,
        site: Site,
        history: HistoryReader,
        clock: Clock,
        records: Sequence[SitePoint] | None = None,
    ) -> None:
        self._image = image
        self._history = history
        self._clock = clock
        self._period = real_period(PERIOD, clock.speed)
        self._apart = round(kept_period(PERIOD, clock.speed) * MICROSECONDS)
        self._records = site_records() if records is None else records
        self._failures = FailureLog("a point of the site cannot be computed", "point")
        self._computed = 0
        self._is_input = np.empty(0, dtype=bool)
        self._take(SiteSources(image, site))

    async def start(self) -> None:
        """Restore the day's energies and cost from the history."""
        await self._restore(self._sources)

    async def follow(self, site: Site) -> None:
        """Compute totals of the present heat pumps; the table has the site's points.

        The day so far is taken up from the history, as at a start with this site. A total that
        nobody contributes to any more stays, without a value.
        """
        sources = SiteSources(self._image, site)
        await self._restore(sources)
        self._take(sources)

    def grow(self) -> None:
        """Append rows for points added to the table; nothing is computed from them yet."""
        more = len(self._image.table) - len(self._is_input)
        self._is_input = np.append(self._is_input, np.zeros(more, dtype=bool))

    async def run(self) -> None:
        """Compute once a second also without a frame: prices change and devices fall silent."""
        while True:
            await asyncio.sleep(self._period)
            try:
                self._compute_if_due()
            except Exception:  # noqa: BLE001 (the boundary of one look: the next is in a second)
                self._failures.failed(SITE)
            else:
                self._failures.worked(SITE)

    def derive(self, frame: Frame) -> None:
        """Compute the site's points after a frame that is in the image. A sink of the image."""
        # The site's own frame comes by here as well: none of its points is an input, so it ends
        # here.
        if self._is_input[frame.point].any():
            self._compute_if_due()

    def _take(self, sources: SiteSources) -> None:
        """Use these sources for all computations from now on."""
        table = self._image.table
        known = table.by_asset.get(SITE, {})
        have = [frozenset(table.by_asset.get(asset, {})) for asset in sources.heat_pumps]
        records = [record for record in self._records if record.id in known]
        self._work = [
            (record, [i.take for i in record.inputs], record.possible(have, sources.tariff))
            for record in records
        ]
        self._points = np.array([known[record.id].index for record in records], np.int32)
        self._is_input = np.zeros(len(table), dtype=bool)
        used = frozenset().union(*(i.points for record in records for i in record.inputs))
        self._is_input[sources.indices(sorted(used))] = True
        self._sources = sources

    async def _restore(self, sources: SiteSources) -> None:
        try:
            await sources.restore(self._history, self._clock.now())
        except DatabaseAway as error:
            log.warning("the site's day starts with what is read from now on", error=str(error))

    def _compute_if_due(self) -> None:
        now = self._clock.now()
        # A clock that was set back must not silence the site.
        if not self._work or abs(now - self._computed) < self._apart:
            return
        # Before the work: a computation that raises is tried again in a second, not with each
        # frame.
        self._computed = now
        self._sources.look(now)
        value, status = zip(*(self._value(*work) for work in self._work), strict=True)
        self._image.ingest(Frame.of(self._points, value, status, now))

    def _value(self, record: SitePoint, takes: Sequence[Take], possible: bool) -> TotalValue:
        if not possible:
            return np.nan, BAD_NO_DATA
        try:
            result = record.function(*[take(self._sources) for take in takes])
        except Exception:  # noqa: BLE001 (the boundary of one point: the others go on)
            self._failures.failed(f"{SITE}.{record.id}")
            return np.nan, BAD_INTERNAL_ERROR
        if self._failures.failing:
            self._failures.worked(f"{SITE}.{record.id}")
        return result
