"""How fast the emulated plant lives: physics alone, and behind devices that are polled.

As in a site, plant and devices are one process, here a thread, and who polls them is another.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from rich.console import Console
from rich.table import Table

from bench.free_ports import free_ports
from bench.plant_year import CLIMATES, DAYS, live_year
from bench.recorded_plant import START
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HouseKind
from heatpump_twin.drivers.plant.devices.plant import step_for
from heatpump_twin.drivers.plant.serve.field_devices import gateways_of, listening
from heatpump_twin.training.polled_plant import PolledPlant

_EVERY = 12
_POLLED_DAYS = 2
_SPEED = 3600
"""The highest: who wants a year does not wait for it."""
_POLLS = (60.0, 300.0)
"""The more often they are asked, the more they have to say. [s]"""
_YEAR = DAYS * 86_400.0
T = TypeVar("T")


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
        taken = asyncio.run(_polled(period))
        years = _YEAR / (_POLLED_DAYS * 86_400.0)
        what = f"steps of {step_for(_SPEED):.0f} s, all devices polled every {period:.0f} s"
        table.add_row(what, f"{taken.plant * years:.0f}", "600")
        table.add_row("   and who polls them", f"{taken.poller * years:.0f}", "")
    console.print(table)


class _Taken(NamedTuple):
    """CPU time. [s]"""

    plant: float
    """Of the plant, its devices and their connections."""
    poller: float
    """Of the drivers that poll them."""


async def _polled(period: float) -> _Taken:
    """Return what the days take, without what comes before the first poll."""
    settings = [f"plant.speed={_SPEED}", f"plant.port={free_ports(8)[0]}"]
    site = load_site("default", settings, environment={})
    polled = PolledPlant(site, START)

    async def poll() -> float:
        await polled.poll()
        return time.thread_time()

    async def close() -> None:
        for driver in polled.drivers:
            await driver.close()

    with _another_loop() as loop:

        def there(what: Callable[[], Coroutine[object, object, T]]) -> asyncio.Future[T]:
            return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(what(), loop))

        async with listening(gateways_of(site, polled.plant)):
            begun, begin = await there(poll), time.thread_time()
            for _ in range(round(_POLLED_DAYS * 86_400.0 / period)):
                polled.clock.advance(period)
                polled.plant.advance()
                ended = await there(poll)
            taken = _Taken(time.thread_time() - begin, ended - begun)
            await there(close)
    return taken


@contextmanager
def _another_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop in a thread of its own while the context is open."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
