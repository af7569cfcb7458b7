"""The site's own points in a whole twin: computed from live devices, and recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from whole_twin import Twin

from heatpump_twin.runtime.site_check import check_site
from heatpump_twin.twin_engine.historian.stored_history import StoredHistory

EVER = 2**62


@pytest.fixture
async def recorded(twin: Twin) -> AsyncIterator[StoredHistory]:
    """Return what the running twin has recorded."""
    history = StoredHistory(f"sqlite:///{twin.data / 'historian.sqlite'}")
    await history.start()
    yield history
    await history.stop()


async def test_totals_of_live_devices_are_recorded(recorded: StoredHistory, eventually) -> None:
    async def latest(point: str) -> tuple[float, int]:
        samples = await recorded.before(f"site.{point}", EVER)
        return (float(samples.value[0]), int(samples.status[0])) if len(samples) else (0.0, 1 << 31)

    async def everything_is_known() -> bool:
        points = ("electrical_power", "thermal_power", "outdoor_temperature", "heat_pumps_running")
        return all([(await latest(point))[1] == 0 for point in points])

    await eventually(everything_is_known)
    assert await latest("heat_pumps_unreachable") == (0.0, 0)
    assert (await latest("electrical_power"))[0] > 0
    assert -30 < (await latest("outdoor_temperature"))[0] < 50
    assert (await latest("electrical_energy_today"))[0] >= 0


def test_check_tells_what_the_site_has() -> None:
    assert site_line("two-heat-pumps").endswith("no tariff")
    tariff = (
        "tariff={currency: EUR, price: 0.16, periods: [{from: '0:00', to: '8:00', price: 0.1}]}"
    )
    assert site_line("default", tariff).endswith("0.1 to 0.16 EUR per kWh")


def site_line(site: str, *settings: str) -> str:
    lines = check_site(site, list(settings)).summary.splitlines()
    return next(line for line in lines if line.startswith("  site: "))
