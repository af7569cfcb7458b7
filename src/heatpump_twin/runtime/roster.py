"""The heat pumps of a running twin: what each needs to come, and what is undone when it goes.

The point table only grows. Whoever keeps arrays over it grows with it, before the first frame of a
new point; everything else of a heat pump is added to, and taken from, one room after the other.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from heatpump_twin.config.catalogue import SITE, Point, PointEntry
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.driver.device_plan import build_drivers
from heatpump_twin.drivers.modbus.driver.driver import ModbusDriver
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.status import BAD_NO_DATA
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.runtime.assembly import Assembly
from heatpump_twin.server.twin_server import TwinServer
from heatpump_twin.twin_engine.commands.commands import Commands
from heatpump_twin.twin_engine.derive.deriver import Deriver
from heatpump_twin.twin_engine.foresight.prediction import Forecaster, HeatUpModel
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs.programs import Programs
from heatpump_twin.twin_engine.site.site_deriver import SiteDeriver

Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


@dataclass
class Roster:
    """Everything that knows single heat pumps. What a site file says of them can change."""

    site: Site
    assembly: Assembly
    """What the site file, as it is in use, comes to."""
    clock: Clock
    image: Image
    rules: RuleEngine
    historian: Historian
    deriver: Deriver
    totals: SiteDeriver
    commands: Commands
    programs: Programs
    models: dict[str, HeatUpModel]
    forecaster: Forecaster
    server: TwinServer
    drivers: list[ModbusDriver]
    links: dict[str, ModbusLink]
    active_alarms: Counter[str] = field(default_factory=Counter)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict, init=False)
    _spawn: Spawn = field(init=False)
    _ready: asyncio.Event = field(init=False)

    def start(self, spawn: Spawn, ready: asyncio.Event) -> None:
        """Poll every device once ``ready`` is set, and compute the site's totals."""
        self._spawn, self._ready = spawn, ready
        for driver in self.drivers:
            self._poll(driver)
        self._tasks[SITE] = spawn(self.totals.run())

    def stop(self) -> None:
        """Poll and compute no more."""
        for task in self._tasks.values():
            task.cancel()

    @property
    def points(self) -> list[int]:
        """Indices of the points that there are now."""
        by_asset = self.image.table.by_asset
        assets = (*(pump.id for pump in self.site.heat_pumps), SITE)
        return [p.index for asset in assets for p in by_asset.get(asset, {}).values()]

    async def change(
        self, site: Site, assembly: Assembly, removed: Sequence[str], added: Sequence[HeatPump]
    ) -> None:
        """Let heat pumps go, then come; ``site`` and ``assembly`` are those of afterwards."""
        gaps = [await self._remove(asset) for asset in removed]
        for heat_pump in added:
            await self._add(heat_pump, assembly)
        self.site, self.assembly = site, assembly
        await self._follow_site(assembly)
        for gap in gaps:  # only now, so that no total is made of them
            self.image.ingest(gap)
        self.server.announce_changes()

    # ── one heat pump ─────────────────────────────────────────────────────────────────────────────
    async def _remove(self, asset: str) -> Frame:
        """Take a heat pump out of everything; return the gap that ends its history."""
        self.rules.remove(asset)
        self.active_alarms.pop(asset, None)
        await self.server.remove(asset)  # nobody can ask for anything any more
        await self.programs.remove(asset)
        for driver in [d for d in self.drivers if d.name.partition(".")[0] == asset]:
            await self.commands.remove(driver)
            self.drivers.remove(driver)
            await _end(self._tasks.pop(driver.name))
        self.forecaster.remove(asset)
        self.models.pop(asset, None)
        self.deriver.remove(asset)
        points = [point.index for point in self.image.table.by_asset[asset].values()]
        return Frame.bad(points, BAD_NO_DATA, self.clock.now())

    async def _add(self, heat_pump: HeatPump, assembly: Assembly) -> None:
        asset, table = heat_pump.id, self.image.table
        table.renew(asset, _entries(assembly, asset))
        self._grow()
        if asset in assembly.models:
            self.models[asset] = assembly.models[asset]
        self.forecaster.add(asset)
        self.programs.add(asset)
        await self.deriver.add(heat_pump)
        alarms = self.rules.alarms_of(heat_pump)
        await self.server.add(heat_pump, alarms, assembly.provenance)
        self.rules.add(heat_pump)
        plans = [plan for plan in assembly.plans if plan.asset == asset]
        for driver in build_drivers(plans, table, self.clock, self.links):
            self.drivers.append(driver)
            self.commands.add(driver)
            self._poll(driver)

    def _poll(self, driver: ModbusDriver) -> None:
        async def poll() -> None:
            await self._ready.wait()
            await driver.run(self.image.ingest)

        self._tasks[driver.name] = self._spawn(poll())

    def _grow(self) -> None:
        self.image.grow(self.clock.now())
        self.historian.grow()
        self.deriver.grow()
        self.totals.grow()
        self.programs.overrides.grow()

    # ── the site ──────────────────────────────────────────────────────────────────────────────────
    async def _follow_site(self, assembly: Assembly) -> None:
        """Make totals of the heat pumps that there are now."""
        table = self.image.table
        known = table.by_asset.get(SITE, {})
        fresh: list[PointEntry] = []
        rescaled: list[Point] = []
        for entry in _entries(assembly, SITE):
            _, identifier, spec, _ = entry
            if identifier not in known:
                fresh.append(entry)
            elif known[identifier].spec != spec:
                table.redeclare(known[identifier], spec)
                rescaled.append(table.by_asset[SITE][identifier])
        first = len(table)
        table.extend(fresh)
        self._grow()
        await self.totals.follow(self.site)
        points = [table[index] for index in range(first, len(table))]
        await self.server.follow_site(points, rescaled)


def _entries(assembly: Assembly, asset: str) -> list[PointEntry]:
    points = assembly.table.by_asset.get(asset, {}).values()
    return [(point.asset, point.id, point.spec, point.limits) for point in points]


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it has tidied up."""
    task.cancel()
    await asyncio.wait([task])
