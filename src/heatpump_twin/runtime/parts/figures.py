"""Open what computes in a twin: derived points, points of the site, and the ledger's tables."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.runtime.learning.calibrated_models import calibrated_models
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart, Newcomer
from heatpump_twin.twin_engine.derive.deriver import Deriver
from heatpump_twin.twin_engine.failure_log import FailureLog
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.ledger.ledger import Ledger
from heatpump_twin.twin_engine.model.shadow.shadow import Shadow
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel
from heatpump_twin.twin_engine.site.site_deriver import SiteDeriver

SETTLING = 1.0
"""How often it is looked for what has come after the first frame of a second. [s]"""


@dataclass(frozen=True, slots=True)
class Figures(HeatPumpPart):
    """Derivers of heat pumps and of the site, their shadow, and the ledger. All feed the image."""

    deriver: Deriver
    shadow: Shadow
    totals: SiteDeriver
    ledger: Ledger
    models: dict[str, LearntModel]
    """Calibrated models in use, by heat pump."""

    def grow(self) -> None:
        """Append rows for points added to the table in derivers and shadow."""
        self.deriver.grow()
        self.shadow.grow()
        self.totals.grow()

    async def add(self, newcomer: Newcomer) -> None:
        """Add a heat pump to the deriver, the shadow and the ledger."""
        await self._compute(newcomer.heat_pump)
        self.ledger.add(newcomer.heat_pump)

    async def remove(self, asset: str) -> None:
        """Remove a heat pump from the deriver, the shadow and the ledger."""
        self.ledger.remove(asset)
        self.models.pop(asset, None)
        self.shadow.remove(asset)
        self.deriver.remove(asset)

    async def take_up(self, pump: HeatPump) -> None:
        """Have all that goes on from before begin with what is recorded now."""
        self.shadow.remove(pump.id)
        self.deriver.remove(pump.id)
        await self._compute(pump)

    async def _compute(self, pump: HeatPump) -> None:
        await self.deriver.add(pump)
        await self.shadow.add(pump, self.models.get(pump.id))

    async def run_shadow(self) -> None:
        """Have the shadow settle every second, for ever."""
        failures = FailureLog("heat pumps cannot be compared", "part")
        while True:
            await asyncio.sleep(SETTLING)
            try:
                self.shadow.settle()
            except Exception:  # noqa: BLE001 (the boundary of the shadow: the twin goes on)
                failures.failed("shadow")
            else:
                failures.worked("shadow")

    def adopt(self, asset: str, model: LearntModel | None) -> None:
        """Compare a heat pump with another model from now on; None: with its plate."""
        if model is None:
            self.models.pop(asset, None)
        else:
            self.models[asset] = model
        self.shadow.adopt(asset, model)

    async def follow(self, site: Site) -> None:
        """Compute the totals of the present heat pumps from now on."""
        await self.totals.follow(site)
        self.ledger.follow(site)


async def open_figures(foundation: Foundation, history: Historian) -> Figures:
    """Open the derivers, with the day's counters restored from the history."""
    image, site, clock = foundation.image, foundation.site, foundation.clock
    models = calibrated_models(site, foundation.data.models)
    figures = Figures(
        Deriver(image, site, history, clock),
        Shadow(image, site, history, clock, models),
        SiteDeriver(image, site, history, clock),
        Ledger(image, site, history, clock),
        models,
    )
    # Heat pumps before the site: its totals are made of theirs.
    await figures.deriver.start()
    await figures.shadow.start()
    await figures.totals.start()
    return figures
