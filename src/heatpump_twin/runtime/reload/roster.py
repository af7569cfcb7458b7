"""Add heat pumps to, and remove them from, the parts of a running twin.

The point table only grows. Whoever keeps arrays over it grows with it, before the first frame of a
new point; everything else of a heat pump is added to, and taken from, one part after the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from heatpump_twin.config.catalogue import SITE, TWIN, Point, PointEntry
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA
from heatpump_twin.runtime.assembly import Assembly
from heatpump_twin.runtime.parts.heat_pump_part import Newcomer
from heatpump_twin.runtime.parts.twin_parts import TwinParts


class Roster:
    """Roster of the heat pumps of a running twin, with the site as it is in use."""

    def __init__(self, parts: TwinParts) -> None:
        foundation = parts.foundation
        self.site: Site = foundation.site
        """The site as it is in use."""
        self.assembly: Assembly = foundation.assembly
        """Assembly of that site."""
        self.clock: Clock = foundation.clock
        self._parts = parts
        self._image, self._table = foundation.image, foundation.table

    @property
    def points(self) -> list[int]:
        """Table indices of the points of the present heat pumps, the site and the twin."""
        by_asset = self._table.by_asset
        assets = (*(pump.id for pump in self.site.heat_pumps), SITE, TWIN)
        return [p.index for asset in assets for p in by_asset.get(asset, {}).values()]

    async def change(
        self, site: Site, assembly: Assembly, removed: Sequence[str], added: Sequence[HeatPump]
    ) -> None:
        """Remove heat pumps, then add others; ``site`` and ``assembly`` are those of afterwards."""
        # Removal first: one that has changed is in both lists, and must have gone before it
        # comes.
        gaps = [await self._remove(asset) for asset in removed]
        for heat_pump in added:
            await self._add(Newcomer(heat_pump, assembly))
        self.site, self.assembly = site, assembly
        await self._follow_site()
        for gap in gaps:  # only now, so that no total is made of them
            self._image.ingest(gap)
        self._parts.clients.server.announce_changes()

    async def _remove(self, asset: str) -> Frame:
        """Remove a heat pump from all parts; return the gap that ends its history."""
        for part in reversed(self._parts.members):
            await part.remove(asset)
        points = [point.index for point in self._table.by_asset[asset].values()]
        return Frame.bad(points, BAD_NO_DATA, self.clock.now())

    async def _add(self, newcomer: Newcomer) -> None:
        # All parts grow before any of them adds: the first frame of a new point passes through
        # all.
        self._table.renew(newcomer.asset, _entries(newcomer.assembly, newcomer.asset))
        self._grow()
        for part in self._parts.members:
            await part.add(newcomer)

    def _grow(self) -> None:
        for part in self._parts.members:
            part.grow()

    async def _follow_site(self) -> None:
        """Compute totals of the present heat pumps, and add nodes for new totals."""
        known = self._table.by_asset.get(SITE, {})
        fresh: list[PointEntry] = []
        rescaled: list[Point] = []
        for entry in _entries(self.assembly, SITE):
            _, identifier, spec, _ = entry
            if identifier not in known:
                fresh.append(entry)
            elif known[identifier].spec != spec:
                # The range of a total depends on the number of heat pumps; clients scale their
                # gauges by it.
                self._table.redeclare(known[identifier], spec)
                rescaled.append(self._table.by_asset[SITE][identifier])
        first = len(self._table)
        self._table.extend(fresh)
        self._grow()
        await self._parts.figures.follow(self.site)
        points = [self._table[index] for index in range(first, len(self._table))]
        await self._parts.clients.server.follow_site(points, rescaled)


def _entries(assembly: Assembly, asset: str) -> list[PointEntry]:
    points = assembly.table.by_asset.get(asset, {}).values()
    return [(point.asset, point.id, point.spec, point.limits) for point in points]
