"""Run the plant process: the emulated field devices of a site."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import Clock, SystemClock
from heatpump_twin.drivers.plant.devices.past_span import PastSpan
from heatpump_twin.drivers.plant.devices.plant_memory import PlantMemory
from heatpump_twin.drivers.plant.errors import PlantError
from heatpump_twin.drivers.plant.serve.site_plant import plant_clock, serve_plant
from heatpump_twin.errors import TwinError

log = structlog.stdlib.get_logger(__name__)


async def run_plant(
    site: Site,
    stop: asyncio.Event,
    clock: Clock | None = None,
    past: PastSpan | None = None,
    memory: Path | None = None,
) -> None:
    """Serve the emulated field devices of a site until ``stop`` is set.

    Without a ``clock`` by one that starts now, as the site's plant says; with a ``past`` behind it,
    and what it is then in the file of its ``memory``.
    """
    # Said and not served empty: a plant without devices would look like one that hangs.
    if site.plant is None or not site.emulated_gateways():
        raise TwinError("this site has no emulated devices: give a device `connection: emulated`")
    clock = clock or plant_clock(site.plant, SystemClock().now())
    kept = None if memory is None else PlantMemory(memory)
    try:
        await serve_plant(site, clock, lambda: log.info("plant serves"), stop, past, kept)
    except PlantError as error:
        raise TwinError(str(error)) from error
