"""How fast the emulated plant lives: physics alone, and behind devices that are polled."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

from rich.console import Console
from rich.table import Table

from bench.plant_year import CLIMATES, DAYS, live_year
from bench.recorded_plant import START
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HouseKind
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.modbus.driver.device_plan import build_drivers
from heatpump_twin.drivers.plant.devices.plant import Plant
from heatpump_twin.drivers.plant.serve.field_devices import gateways_of, listening
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.twin_engine.image import Image

_EVERY = 12
_POLLED_DAYS = 2
_POLL = 60.0
_YEAR = DAYS * 86_400.0


def run(console: Console) -> None:
    """Print CPU seconds for a year of one heat pump."""
    table = Table(title="Emulated plant: a year of one heat pump")
    for column in ("what", "CPU [s]", "bar [s]"):
        table.add_column(column)
    begin = time.process_time()
    live_year(CLIMATES[1], 1, HouseKind.REFERENCE, _EVERY)
    alone = (time.process_time() - begin) * _EVERY
    table.add_row("physics alone, steps of 60 s", f"{alone:.0f}", "60")
    begin = time.process_time()
    asyncio.run(_polled())
    with_devices = (time.process_time() - begin) * _YEAR / (_POLLED_DAYS * 86_400.0)
    table.add_row("steps of 10 s, all devices polled each minute", f"{with_devices:.0f}", "600")
    console.print(table)


async def _polled() -> None:
    site = load_site("default", ["plant.speed=600"], environment={})
    clock = ManualClock(START)
    plant = Plant(site, clock)
    assembly = assemble(site, None)
    image = Image(assembly.table, clock.now())
    drivers = build_drivers(assembly.plans, assembly.table, clock)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(listening(gateways_of(site, plant)))
        for driver in drivers:
            stack.push_async_callback(driver.close)
        for _ in range(round(_POLLED_DAYS * 86_400.0 / _POLL)):
            clock.advance(_POLL)
            plant.advance()
            await asyncio.gather(*(driver.poll(image.ingest) for driver in drivers))
