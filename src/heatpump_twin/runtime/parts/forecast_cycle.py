"""Have all heat pumps forecast again and again; record it, and show what it says of now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import structlog

from heatpump_twin.config.catalogue import Point
from heatpump_twin.drivers.clock import MICROSECONDS, real_period
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD, UNCERTAIN_LAST_USABLE_VALUE, is_bad
from heatpump_twin.runtime.background.forecast_runs import forecast_run
from heatpump_twin.runtime.parts.archive import Archive
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart, Newcomer
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.forecasting.lowest_ahead import lowest_ahead
from heatpump_twin.twin_engine.forecasting.method import SIMULATION
from heatpump_twin.twin_engine.forecasting.quarter_hours import quarter_begin
from heatpump_twin.twin_engine.forecasting.targets import (
    COST,
    ENDS,
    LOWEST,
    METHOD,
    TARGETS,
    UPPER,
    WHEN,
)

log = structlog.stdlib.get_logger(__name__)

_LOOK = 15.0
"""How often it is looked whether it is time. [s]"""
_SETTLED = 60 * MICROSECONDS
"""Until then the samples of a quarter-hour that is over are in the database. [µs]"""
_AGAIN = 300 * MICROSECONDS
"""Where nothing could be forecast, as nothing was recorded yet, it is tried again. [µs]"""
_OLD = 2.5
"""So many times the pause between two forecasts old, a forecast is told to be old."""


class ForecastCycle(HeatPumpPart):
    """The part of a twin that has forecasts made, in child processes.

    Parameters
    ----------
    arguments
        Tell a process of ours what site it is for.
    weather_is_old : callable
        Tells whether the forecast of the weather is older than it should be.
    """

    def __init__(
        self,
        foundation: Foundation,
        archive: Archive,
        arguments: Sequence[str],
        weather_is_old: Callable[[], bool],
    ) -> None:
        self._image, self._clock = foundation.image, foundation.clock
        self._trajectories = archive.trajectories
        self._arguments = [*arguments, "--data", str(foundation.data.root)]
        self._every = round(foundation.site.forecasts.every * MICROSECONDS)
        self._look = real_period(_LOOK, foundation.clock.speed)
        self._done = self._tried = 0
        self._weather_is_old = weather_is_old
        self._shown = (0, 0, False)

    async def announce(self) -> None:
        """Have the points known as those of which there are forecasts, before clients see them."""
        if self._every:
            await self._trajectories.announce(self._keys(self._image.table.by_asset))

    async def add(self, newcomer: Newcomer) -> None:
        """Announce the forecasts of a heat pump that was added; the next run makes them."""
        if self._every:
            await self._trajectories.announce(self._keys([newcomer.asset]))
            self._done = 0

    async def run(self) -> None:
        """Forecast for ever."""
        if not self._every:
            return
        while True:
            now = self._clock.now()
            if self._is_due(now):
                self._tried = now
                if await self._forecast(now):
                    self._done = now
            await self._show(self._clock.now())
            await asyncio.sleep(self._look)

    def _is_due(self, now: int) -> bool:
        """Tell whether a forecast is due: at the start, and after the full hour or quarter."""
        begin = now // self._every * self._every
        # Later than now they are only where the clock was set back.
        if begin <= self._done <= now or now - _AGAIN < self._tried <= now:
            return False
        return not self._done or now - begin >= _SETTLED

    async def _forecast(self, now: int) -> bool:
        """Have forecasts made, and record them; return whether they say something."""
        issued = await forecast_run(self._arguments, now)
        known = set(self._trajectories.keys)
        try:
            await self._trajectories.write([one for one in issued if one.key in known])
        except EngineError as error:
            log.warning("forecasts are not recorded", error=str(error))
        return any(np.isfinite(one.values).any() for one in issued)

    async def _show(self, now: int) -> None:
        """Put what is forecast of this quarter-hour into the image, when there is another one."""
        begin = quarter_begin(now)
        shown = (begin, self._done, self._weather_is_old())
        if self._shown != shown:
            self._shown = shown
            # Of 250 heat pumps it takes longer than the loop should stand still.
            self._image.ingest(await asyncio.to_thread(self._frame, begin, now, shown[-1]))

    def _frame(self, begin: int, now: int, weather_is_old: bool) -> Frame:
        table = self._image.table
        samples: list[tuple[int, float, int]] = []
        for base in self._keys(list(table.by_asset)):
            points = [table.by_key[base + end] for end in ENDS]
            model = self._trajectories.model(base)
            doubted = weather_is_old and SIMULATION in model
            samples += [(p.index, *self._sample(p.key, begin, now, doubted)) for p in points]
            method = table.by_key.get(base + METHOD)
            if method is not None:
                code = _code(method, model)
                samples.append((method.index, code, GOOD))
            samples += self._lowest(base, now, doubted)
        if not samples:
            return Frame.concat([])
        index, value, status = zip(*samples, strict=True)
        return Frame.of(index, value, status, now)

    def _lowest(self, base: str, now: int, doubted: bool) -> Iterator[tuple[int, float, int]]:
        """Yield the lowest values that are forecast of the next hours, where there are points."""
        asset, _, target = base.partition(".")
        points = self._image.table.by_asset[asset]
        name = LOWEST.get(target, "")
        for end in ("", UPPER):
            point = points.get(name + end)
            newest = self._trajectories.newest(base + end)
            if point is None or newest is None:
                continue
            value, hours, status = lowest_ahead(newest[1], now)
            old = now - newest[0] > _OLD * self._every
            if (old or doubted) and not is_bad(status):
                status = UNCERTAIN_LAST_USABLE_VALUE
            yield point.index, value, status
            if not end:
                yield points[name + WHEN].index, hours, status

    def _sample(self, key: str, begin: int, now: int, doubted: bool) -> tuple[float, int]:
        newest = self._trajectories.newest(key)
        if newest is None:
            return np.nan, BAD_NO_DATA
        issued, samples = newest
        found = samples.between(begin, begin + 1)
        if not len(found) or np.isnan(found.value[0]):
            return np.nan, BAD_NO_DATA
        old = now - issued > _OLD * self._every
        status = UNCERTAIN_LAST_USABLE_VALUE if old or doubted else int(found.status[0])
        return float(found.value[0]), status

    def _keys(self, assets: Iterable[str]) -> list[str]:
        known = self._image.table.by_asset
        return [
            f"{asset}.{target.point}"
            for asset in assets
            for target in (*TARGETS, COST)
            if target.point in known.get(asset, {})
        ]


def _code(point: Point, model: str) -> float:
    """Return the code of a method by its name; of several that of the first."""
    name = model.partition(" + ")[0].capitalize()
    return float({text: code for code, text in point.spec.codes.items()}.get(name, 0))
