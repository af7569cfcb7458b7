"""What follows from measured values: the derived points of heat pumps, and those of the site."""

from __future__ import annotations

from dataclasses import dataclass

from heatpump_twin.config.settings import Site
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart, Newcomer
from heatpump_twin.twin_engine.derive.deriver import Deriver
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.site.site_deriver import SiteDeriver


@dataclass(frozen=True, slots=True)
class Figures(HeatPumpPart):
    """The derivers. Both feed their results back to the image."""

    deriver: Deriver
    totals: SiteDeriver

    def grow(self) -> None:
        """Watch the points that were added to the table: nothing follows from them yet."""
        self.deriver.grow()
        self.totals.grow()

    async def add(self, newcomer: Newcomer) -> None:
        """Derive the points of a heat pump."""
        await self.deriver.add(newcomer.heat_pump)

    async def remove(self, asset: str) -> None:
        """Derive nothing of a heat pump any more."""
        self.deriver.remove(asset)

    async def follow(self, site: Site) -> None:
        """Make totals of the heat pumps that there are now."""
        await self.totals.follow(site)


async def open_figures(foundation: Foundation, history: HistoryReader) -> Figures:
    """Begin with the day so far, as the history has it."""
    image, site, clock = foundation.image, foundation.site, foundation.clock
    figures = Figures(
        Deriver(image, site, history, clock), SiteDeriver(image, site, history, clock)
    )
    await figures.deriver.start()
    await figures.totals.start()
    return figures
