from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from ports import claim

from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HeatPump, SiteInfo
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import SHORT_WARM_UP, EmulatedHeatPump

MakePump = Callable[..., EmulatedHeatPump]


def at(text: str) -> int:
    """Return µs since the epoch of an ISO time in UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * MICROSECONDS)


@pytest.fixture(scope="session")
def settings() -> HeatPump:
    return load_site("default", environment={}).heat_pumps[0]


@pytest.fixture
def make_pump(settings: HeatPump) -> MakePump:
    """Make the default machine, at any place and time."""

    def make(
        start: str,
        *,
        latitude: float = 39.637,
        longitude: float = 2.643,
        seed: int = 1,
        step: float = 5.0,
        **other: object,
    ) -> EmulatedHeatPump:
        info = SiteInfo(
            name="Test", latitude=latitude, longitude=longitude, timezone="Europe/Madrid"
        )
        other.setdefault("warm_up", SHORT_WARM_UP)
        return EmulatedHeatPump(settings, info, seed, at(start), step=step, **other)

    return make


@pytest.fixture(name="at", scope="session")
def _at() -> Callable[[str], int]:
    """Return a function from an ISO time in UTC to µs since the epoch."""
    return at


@pytest.fixture(scope="session")
def live() -> Callable[[EmulatedHeatPump, float], None]:
    """Return a function that lets seconds pass for a heat pump."""

    def pass_time(pump: EmulatedHeatPump, seconds: float) -> None:
        pump.advance(pump.time + round(seconds * MICROSECONDS))

    return pass_time


@pytest.fixture(scope="session")
def observe(live) -> Callable[..., Iterator[EmulatedHeatPump]]:
    """Return a generator function that lets time pass and looks now and then."""

    def look(pump: EmulatedHeatPump, seconds: float, every: float = 30.0):
        for _ in range(round(seconds / every)):
            live(pump, every)
            yield pump

    return look


@pytest.fixture
def unused_range() -> Callable[[int], int]:
    """Return a function that finds the first of n consecutive TCP ports that nobody listens on."""
    return claim
