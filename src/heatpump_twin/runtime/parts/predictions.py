"""Issue predictions every few seconds, by the model of each heat pump that has one."""

from __future__ import annotations

import asyncio

from heatpump_twin.drivers.clock import real_period
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart, Newcomer
from heatpump_twin.twin_engine.foresight.model_shelf import ModelShelf
from heatpump_twin.twin_engine.foresight.prediction import Forecaster

FORECAST_PERIOD = 2.0
"""How often predictions are made. [s]"""


class Forecasts(HeatPumpPart):
    """Forecast part of a twin: heat-up models and the forecaster that asks them."""

    def __init__(self, foundation: Foundation) -> None:
        image, clock = foundation.image, foundation.clock
        self._period = real_period(FORECAST_PERIOD, clock.speed)
        self.models = ModelShelf(foundation.assembly.models, foundation.assembly.damaged)
        self._forecaster = Forecaster(foundation.table, image, self.models, clock)

    async def run(self) -> None:
        """Issue predictions for ever."""
        while True:
            self._forecaster.issue()
            await asyncio.sleep(self._period)

    async def add(self, newcomer: Newcomer) -> None:
        """Add a heat pump, with its model if it has one."""
        if newcomer.model is not None:
            self.models.put(newcomer.asset, newcomer.model)
        damage = newcomer.assembly.damaged.get(newcomer.asset)
        if damage is not None:
            self.models.damaged[newcomer.asset] = damage
        self._forecaster.add(newcomer.asset)

    async def remove(self, asset: str) -> None:
        """Remove a heat pump with its model."""
        # The forecaster first: it looks its models up on the shelf.
        self._forecaster.remove(asset)
        self.models.take(asset)
