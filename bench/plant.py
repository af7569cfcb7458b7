"""How fast the emulated plant lives: physics alone, and behind devices that are polled."""

from __future__ import annotations

import asyncio
import time

from rich.console import Console
from rich.table import Table

from bench.free_ports import free_ports
from bench.plant_year import CLIMATES, DAYS, live_year
from bench.recorded_plant import START
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HouseKind
from heatpump_twin.drivers.plant.devices.plant import step_for
from heatpump_twin.training.polled_plant import PolledPlant

_EVERY = 12
_POLLED_DAYS = 2
_SPEED = 3600
"""The highest: who wants a year does not wait for it."""
_POLLS = (60.0, 300.0)
"""The driver's work is in it: the more often it asks, the more. [s]"""
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
    for period in _POLLS:
        with_devices = asyncio.run(_polled(period)) * _YEAR / (_POLLED_DAYS * 86_400.0)
        what = f"steps of {step_for(_SPEED):.0f} s, all devices polled every {period:.0f} s"
        table.add_row(what, f"{with_devices:.0f}", "600")
    console.print(table)


async def _polled(period: float) -> float:
    """Return the CPU time of the days, without what comes before the first poll. [s]"""
    settings = [f"plant.speed={_SPEED}", f"plant.port={free_ports(8)[0]}"]
    polled = PolledPlant(load_site("default", settings, environment={}), START)
    async with polled.serving():
        begin = time.process_time()
        for _ in range(round(_POLLED_DAYS * 86_400.0 / period)):
            await polled.step(period)
        return time.process_time() - begin
