"""An emulated plant and the drivers that poll it, on one clock that is moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.modbus.driver.device_plan import build_drivers
from heatpump_twin.drivers.plant.devices.plant import Plant
from heatpump_twin.drivers.plant.serve.field_devices import gateways_of, listening
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.twin_engine.image import Image


class PolledPlant:
    """The emulated plant of a site behind real Modbus, and the drivers of its devices.

    The image gets what devices report and nothing else: no model predicts into the history that the
    next one learns from, and nothing is derived, which would take longer than the plant itself.
    """

    def __init__(self, site: Site, start: int) -> None:
        assembly = assemble(site, None)
        self._site = site
        self.clock = ManualClock(start)
        self.table = assembly.table
        self.image = Image(self.table, start)
        self.plant = Plant(site, self.clock)
        self.drivers = build_drivers(assembly.plans, self.table, self.clock)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve the devices while the context is open."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(listening(gateways_of(self._site, self.plant)))
            for driver in self.drivers:
                stack.push_async_callback(driver.close)
            yield

    async def step(self, seconds: float) -> None:
        """Let time pass for the plant, and poll all devices."""
        self.clock.advance(seconds)
        self.plant.advance()
        await self.poll()

    async def poll(self) -> None:
        """Poll all devices at once."""
        await asyncio.gather(*(driver.poll(self.image.ingest) for driver in self.drivers))
