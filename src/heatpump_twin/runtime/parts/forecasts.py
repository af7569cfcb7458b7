"""Predictions: the model of each heat pump that has one, asked every few seconds."""

from __future__ import annotations

import asyncio

from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart, Newcomer
from heatpump_twin.twin_engine.foresight.model_shelf import ModelShelf
from heatpump_twin.twin_engine.foresight.prediction import Forecaster

FORECAST_PERIOD = 2.0
"""How often predictions are made. [s]"""


class Forecasts(HeatPumpPart):
    """The models, and who asks them."""

    def __init__(self, foundation: Foundation) -> None:
        image, clock = foundation.image, foundation.clock
        self.models = ModelShelf(foundation.assembly.models)
        self._forecaster = Forecaster(foundation.table, image, self.models, clock)

    async def run(self) -> None:
        """Predict for ever."""
        while True:
            self._forecaster.issue()
            await asyncio.sleep(FORECAST_PERIOD)

    async def add(self, newcomer: Newcomer) -> None:
        """Predict for a heat pump that has a model."""
        if newcomer.model is not None:
            self.models.put(newcomer.asset, newcomer.model)
        self._forecaster.add(newcomer.asset)

    async def remove(self, asset: str) -> None:
        """Predict for a heat pump no more."""
        self._forecaster.remove(asset)
        self.models.take(asset)
