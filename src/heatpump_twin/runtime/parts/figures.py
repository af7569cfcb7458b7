"""Open what computes in a twin: derived points, points of the site, and the ledger's tables."""

from __future__ import annotations

from dataclasses import dataclass

from heatpump_twin.config.settings import Site
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart, Newcomer
from heatpump_twin.twin_engine.derive.deriver import Deriver
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.ledger.ledger import Ledger
from heatpump_twin.twin_engine.site.site_deriver import SiteDeriver


@dataclass(frozen=True, slots=True)
class Figures(HeatPumpPart):
    """Derivers of heat pumps and of the site, and the ledger. All feed the image."""

    deriver: Deriver
    totals: SiteDeriver
    ledger: Ledger

    def grow(self) -> None:
        """Append rows for points added to the table in both derivers."""
        self.deriver.grow()
        self.totals.grow()

    async def add(self, newcomer: Newcomer) -> None:
        """Add a heat pump to the deriver and the ledger."""
        await self.deriver.add(newcomer.heat_pump)
        self.ledger.add(newcomer.heat_pump)

    async def remove(self, asset: str) -> None:
        """Remove a heat pump from the deriver and the ledger."""
        self.ledger.remove(asset)
        self.deriver.remove(asset)

    async def follow(self, site: Site) -> None:
        """Compute the totals of the present heat pumps from now on."""
        await self.totals.follow(site)
        self.ledger.follow(site)


async def open_figures(foundation: Foundation, history: Historian) -> Figures:
    """Open the derivers, with the day's counters restored from the history."""
    image, site, clock = foundation.image, foundation.site, foundation.clock
    figures = Figures(
        Deriver(image, site, history, clock),
        SiteDeriver(image, site, history, clock),
        Ledger(image, site, history, clock),
    )
    # Heat pumps before the site: its totals are made of theirs.
    await figures.deriver.start()
    await figures.totals.start()
    return figures
