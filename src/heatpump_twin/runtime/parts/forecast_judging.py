"""Have forecasts judged each day, in a child process, and show how good they were."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import structlog

from heatpump_twin.drivers.clock import MICROSECONDS, SystemClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD
from heatpump_twin.runtime.learning.child_command import run_command
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.twin_engine.errors import ForecastError
from heatpump_twin.twin_engine.forecasting.forecast_card import (
    ForecastCard,
    forecast_card_path,
    read_forecast_card,
)
from heatpump_twin.twin_engine.forecasting.targets import COVERAGE, SKILL

log = structlog.stdlib.get_logger(__name__)

LIMIT = 2 * 3600.0
"""Longest evaluation of a site; a heat pump takes seconds. [s]"""
_EVERY = 24 * 3600 * MICROSECONDS
_FIRST = 3600 * MICROSECONDS
"""After a start, an hour at the soonest: others have to do then. [µs]"""
_LOOK = 30.0
"""How often it is looked for a card that is new, or due. [s]"""
_PERCENT = 100.0


class ForecastJudging:
    """The daily evaluation of forecasts: from then on what did best is shown."""

    def __init__(self, foundation: Foundation, arguments: Sequence[str]) -> None:
        self._image, self._clock = foundation.image, foundation.clock
        self._models = foundation.data.models
        self._arguments = [*arguments, "--data", str(foundation.data.root)]
        # People's days, and not those of an emulated site: each takes some seconds of a core.
        self._wall = SystemClock()
        self._due = self._wall.now() + _FIRST
        self._seen: dict[str, int] = {}
        self._wanted = foundation.site.forecasts.every > 0.0

    async def run(self) -> None:
        """Evaluate each day, for ever, and show what cards say that are new."""
        while self._wanted:
            for asset in list(self._image.table.by_asset):
                await self._show(asset)
            await self._evaluate()
            await asyncio.sleep(_LOOK)

    async def _evaluate(self) -> None:
        now = self._wall.now()
        if now >= self._due:
            self._due = now + _EVERY
            code, words = await run_command("evaluate", ["--keep", *self._arguments], LIMIT)
            log.info("forecasts were judged", code=code, told=words[-500:])

    async def _show(self, asset: str) -> None:
        try:
            made = forecast_card_path(self._models, asset).stat().st_mtime_ns
        except OSError:
            return
        if self._seen.get(asset) == made:
            return
        self._seen[asset] = made
        try:
            card = await asyncio.to_thread(read_forecast_card, self._models, asset)
        except ForecastError as error:
            log.warning("how good forecasts were is not known", reason=str(error))
            return
        if card is not None:
            self._ingest(asset, card)

    def _ingest(self, asset: str, card: ForecastCard) -> None:
        points = self._image.table.by_asset.get(asset, {})
        rows = [
            (points[name].index, np.nan if share is None else _PERCENT * share)
            for target, found in card.targets.items()
            for name, share in (
                (target + SKILL, found.skill),
                (target + COVERAGE, found.coverage),
            )
            if name in points
        ]
        if rows:
            index, value = zip(*rows, strict=True)
            status = [BAD_NO_DATA if np.isnan(one) else GOOD for one in value]
            self._image.ingest(Frame.of(index, value, status, self._clock.now()))
