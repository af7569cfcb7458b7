"""Serve the emulated plant of a site: Modbus TCP for the twin, a control port for testers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog

from heatpump_twin.config.settings import EmulatedPlant, Site
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.plant.devices.past_span import PastSpan
from heatpump_twin.drivers.plant.devices.plant import Plant, plant_clock
from heatpump_twin.drivers.plant.devices.plant_memory import PlantMemory
from heatpump_twin.drivers.plant.faults.fault_board import FaultBoard
from heatpump_twin.drivers.plant.physics.weather_outlook import WeatherOutlook
from heatpump_twin.drivers.plant.physics.weather_year import WeatherYear
from heatpump_twin.drivers.plant.serve.control_server import ControlServer
from heatpump_twin.drivers.plant.serve.field_devices import gateways_of, listening
from heatpump_twin.drivers.plant.serve.forecast_page import ForecastPage

__all__ = ["plant_clock", "serve_plant"]

log = structlog.stdlib.get_logger(__name__)


async def serve_plant(
    site: Site,
    clock: Clock,
    ready: Callable[[], None],
    stop: asyncio.Event,
    past: PastSpan | None = None,
    memory: PlantMemory | None = None,
) -> None:
    """Run the plant of a site until `stop`; `ready` is called when all ports listen.

    With a ``past`` it has lived through that before, unless the ``memory`` has what came of it.

    Raises
    ------
    PlantError
        A port is taken, or devices collide; the message says what to do.
    ConfigError
        A profile cannot be used.
    """
    settings = site.plant or EmulatedPlant()
    plant = Plant(site, clock, past, memory)
    gateways = gateways_of(site, plant)
    control = ControlServer(
        settings.control_port,
        FaultBoard(gateways, clock),
        plant.heat_pumps,
        "--set plant.control_port=PORT",
        [_forecast_page(site, settings.seed, clock).route],
    )
    # Opened in this order and closed in reverse: the plant stops living before its ports close.
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(listening(gateways))
        await control.start()
        stack.push_async_callback(control.stop)
        stopping = asyncio.create_task(stop.wait())
        living = asyncio.create_task(plant.run())
        stack.callback(plant.remember)
        stack.push_async_callback(_end, stopping, living)
        log.info(
            "the emulated plant is running",
            gateways={name: gateway.port for name, gateway in gateways.items()},
            control=control.url,
            speed=settings.speed,
        )
        ready()
        # Only a bug ends the plant's own life; it must end the process, not leave it frozen.
        await asyncio.wait((stopping, living), return_when=asyncio.FIRST_COMPLETED)
        if living.done():
            living.result()


def _forecast_page(site: Site, seed: int, clock: Clock) -> ForecastPage:
    place = site.site
    year = WeatherYear(place.latitude, place.longitude, seed)
    return ForecastPage(WeatherOutlook(year, seed), clock)


async def _end(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
