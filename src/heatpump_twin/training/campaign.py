"""Exercise the emulated plant in accelerated time and record it through Modbus, as a twin would.

Each cycle switches the heat pump off for some hours, sets a new target, and switches it on: the
history then holds heat-ups under many conditions, which is what a model can learn from. The plant's
clock is moved by hand; a day takes a second or two.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import Progress

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import EmulatedPlant, Site
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.protocol import WriteState
from heatpump_twin.errors import TwinError
from heatpump_twin.runtime.first_run import exclusive
from heatpump_twin.training.polled_plant import PolledPlant
from heatpump_twin.twin_engine.historian.database.database_access import database_url
from heatpump_twin.twin_engine.historian.historian import Historian

START = datetime(2025, 10, 15, tzinfo=UTC)
"""The heating season begins."""
STEP = 60.0
"""Plant time between polls while the water heats up: the resolution of the target. [s]"""
IDLE_STEP = 600.0
ACCELERATED = 600.0
"""Nominal speed; it makes the plant take the step that accelerated plants take."""
HOUR = 3600.0
SETPOINTS = [30.0 + 0.5 * i for i in range(51)]


async def record_campaign(site: Site, data: DataDirectory, days: int, console: Console) -> int:
    """Record ``days`` of plant time; return the number of heat-up starts of all heat pumps."""
    if site.plant is None or not site.emulated_gateways():
        raise TwinError("this site has no emulated plant to exercise; see `plant` in the site file")
    plant_settings = site.plant.model_copy(update={"speed": ACCELERATED})
    site = site.model_copy(update={"plant": plant_settings})
    with exclusive(data), Progress(console=console) as progress:
        task = progress.add_task("recording", total=days * 24 * HOUR)
        campaign = _Campaign(site, data, lambda s: progress.update(task, completed=s))
        return await campaign.run(days)


class _Campaign:
    """Recording campaign: plant, gateways, drivers and historian on one clock."""

    def __init__(self, site: Site, data: DataDirectory, report: Callable[[float], None]) -> None:
        self._site = site
        self._report = report
        self._start = round(START.timestamp() * MICROSECONDS)
        self._polled = polled = PolledPlant(site, self._start)
        self._historian = Historian(
            polled.table, database_url(site.historian, data), site.historian, polled.clock
        )
        # Seeded by the site's plant: a campaign can be repeated, and two models compared.
        self._random = random.Random((site.plant or EmulatedPlant()).seed)  # noqa: S311

    async def run(self, days: int) -> int:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._polled.serving())
            await self._historian.start()
            stack.push_async_callback(self._historian.stop)
            self._polled.image.subscribe(self._historian.append)
            starts = 0
            while self._elapsed() < days * 24 * HOUR:
                starts += await self._cycle()
            return starts

    async def _cycle(self) -> int:
        """Let the water cool down, choose a setpoint, and let every heat pump reach it."""
        choose = self._random
        assets = [pump.id for pump in self._site.heat_pumps]
        for asset in assets:
            await self._write(asset, "unit_enabled", 0.0)
        # From barely cool to cold through: a model asked outside what it has seen is of no use.
        await self._wait(choose.uniform(0.5, 9.0) * HOUR, IDLE_STEP)
        for asset in assets:
            low, high = self._polled.table.by_asset[asset]["supply_setpoint"].limits or (30.0, 55.0)
            targets = [t for t in SETPOINTS if low <= t <= min(high, self._max_supply(asset))]
            await self._write(asset, "supply_setpoint", choose.choice(targets))
        await self._polled.poll()
        for asset in assets:
            # After a poll: the start is then recorded with the new setpoint already known, as a
            # feature must be.
            await self._write(asset, "unit_enabled", 1.0)
        await self._wait(choose.uniform(2.0, 4.0) * HOUR, STEP)
        return len(assets)

    def _max_supply(self, asset: str) -> float:
        return next(p.plate.max_supply for p in self._site.heat_pumps if p.id == asset)

    async def _wait(self, seconds: float, step: float) -> None:
        for _ in range(max(1, round(seconds / step))):
            await self._polled.step(step)
            self._require_answers()
        self._report(self._elapsed())

    def _require_answers(self) -> None:
        silent = [driver.name for driver in self._polled.drivers if not driver.connected]
        # A gap would end in a history full of Bad values, found only when training finds no runs.
        if silent:
            raise TwinError(f"the emulated plant does not answer: {', '.join(silent)}")

    async def _write(self, asset: str, point: str, value: float) -> None:
        index = self._polled.table.by_asset[asset][point].index
        driver = next(d for d in self._polled.drivers if index in d.points)
        outcome = await driver.write(index, value)
        # Past the commands and their audit: there is no person here to account for, and no site.
        if outcome.state is not WriteState.CONFIRMED:
            raise TwinError(f"{driver.name} did not take {point} = {value}: {outcome.message}")

    def _elapsed(self) -> float:
        return (self._polled.clock.now() - self._start) / MICROSECONDS
