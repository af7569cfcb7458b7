"""Values as the default site records them: from its emulated plant, over Modbus, at one second.

Hours of a winter month, spread over its days, so that heating, defrosting, hot water and rest are
all there. The plant's clock is moved by hand; what lies between the hours passes coarsely.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.training.polled_plant import PolledPlant
from heatpump_twin.twin_engine.derive.deriver import Deriver
from heatpump_twin.twin_engine.historian.recording.deadband import Deadband
from heatpump_twin.twin_engine.historian.recording.resolution import Resolution
from heatpump_twin.twin_engine.history import NO_SAMPLES, Samples
from heatpump_twin.twin_engine.hourly_statistics import NO_HOURS, Hourly
from heatpump_twin.twin_engine.site.site_deriver import SiteDeriver

START = round(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * MICROSECONDS)
DAYS = 30
HOUR = 3600


class _Nothing:
    """`HistoryReader` of a site that has recorded nothing yet."""

    async def read_raw(
        self, _key: str, _start: int, _end: int, *, limit: int, reverse: bool = False
    ) -> Samples:
        del limit, reverse
        return NO_SAMPLES

    async def before(self, key: str, time: int) -> Samples:
        return await self.read_raw(key, 0, time, limit=1)

    async def after(self, key: str, time: int) -> Samples:
        return await self.read_raw(key, time, 0, limit=1)

    async def read_hours(self, key: str, start: int, end: int) -> Hourly:
        del key, start, end
        return NO_HOURS


def recorded(hours: int) -> tuple[int, list[Frame]]:
    """Return the number of points, and what is recorded in ``hours`` of the month, poll by poll."""
    return asyncio.run(_record(hours))


async def _record(hours: int) -> tuple[int, list[Frame]]:
    site = load_site()
    polled = PolledPlant(site, START)
    clock, image = polled.clock, polled.image
    deadband = [point.spec.deadband for point in polled.table]
    filtered = Deadband(deadband, site.historian.max_interval)
    resolution = Resolution(deadband)
    frames: list[Frame] = []
    figures = (Deriver(image, site, _Nothing(), clock), SiteDeriver(image, site, _Nothing(), clock))
    for deriver in figures:
        await deriver.start()
    for deriver in figures:
        image.subscribe(deriver.derive)
    image.subscribe(lambda frame: frames.append(filtered.keep(resolution.of(frame))))
    noise = np.random.default_rng(1)
    async with polled.serving():
        for begin in _begins(hours):
            clock.advance((begin - clock.now()) / MICROSECONDS)
            polled.plant.advance()
            for second in range(HOUR):
                # An answer comes some milliseconds after the full second, never the same number.
                late = 0.02 + abs(noise.normal(0, 0.004))
                await polled.step((begin - clock.now()) / MICROSECONDS + second + late)
            frames.append(filtered.close(clock.now()))
    return len(polled.table), frames


def _begins(hours: int) -> Iterator[int]:
    """Yield when each hour begins: another day and another time of day for each."""
    for k in range(hours):
        yield START + round((k + 0.5) * DAYS / hours * 24) * HOUR * MICROSECONDS
