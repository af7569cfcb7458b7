"""Heat pumps that come to the parts of a twin and go from them, without devices in the field."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.runtime.parts.twin_parts import TwinParts, open_parts
from heatpump_twin.runtime.reload.roster import Roster
from heatpump_twin.server.security.users import UserStore

START = 1_767_225_600_000_000  # 2026-01-01 00:00 UTC
RUNNING = {
    "water_flow": 14.3,
    "supply_temperature": 35.0,
    "return_temperature": 30.0,
    "electrical_power": 1080.0,
    "compressor_running": 1.0,
}


@pytest.fixture
def site(free_port: Callable[[], int]) -> Site:
    return load_site("two-heat-pumps", [f"opcua.port={free_port()}"], environment={})


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    return DataDirectory.open(tmp_path)


@asynccontextmanager
async def opened(site: Site, data: DataDirectory) -> AsyncIterator[TwinParts]:
    async with open_parts(site, data, UserStore(data.users), [], ManualClock(START)) as parts:
        yield parts


def only(site: Site, *assets: str) -> Site:
    pumps = [pump for pump in site.heat_pumps if pump.id in assets]
    return site.model_copy(update={"heat_pumps": pumps})


async def change(roster: Roster, data: DataDirectory, wanted: Site) -> None:
    """Let heat pumps go and come until they are those that are wanted."""
    now = {pump.id for pump in roster.site.heat_pumps}
    then = {pump.id: pump for pump in wanted.heat_pumps}
    added = [pump for asset, pump in then.items() if asset not in now]
    await roster.change(wanted, assemble(wanted, data), sorted(now - then.keys()), added)


def told(parts: TwinParts) -> list[str]:
    return [sink.__qualname__ for sink in parts.foundation.image.sinks]


async def test_after_a_reload_sinks_stand_in_the_order_of_a_start(site, data) -> None:
    async with opened(site, data) as fresh:
        at_a_start = told(fresh)
    assert [name.partition(".")[0] for name in at_a_start][-5:] == [
        "Deriver", "Shadow", "SiteDeriver", "Historian", "TwinServer",
    ]  # fmt: skip
    async with opened(only(site, "east"), data) as parts:
        roster, sinks = Roster(parts), parts.foundation.image.sinks
        await change(roster, data, site)
        assert told(parts) == at_a_start
        await change(roster, data, only(site, "west"))
        assert parts.foundation.image.sinks == sinks


async def test_what_comes_is_derived_and_counted_and_what_goes_is_not(site, data) -> None:
    async with opened(only(site, "east"), data) as parts:
        image, clock = parts.foundation.image, parts.foundation.clock
        roster = Roster(parts)

        def poll(asset: str) -> None:
            clock.advance(1)
            points = {p: image.table.by_asset[asset].get(p) for p in RUNNING}
            there = {point.index: RUNNING[p] for p, point in points.items() if point is not None}
            image.ingest(Frame.of(list(there), list(there.values()), GOOD, clock.now()))

        def read(key: str) -> tuple[float, int]:
            index = image.table.by_key[key].index
            return float(image.value[index]), int(image.status[index])

        poll("east")
        assert read("site.electrical_power") == (1080.0, GOOD)
        await change(roster, data, site)
        poll("west")
        poll("east")
        assert read("west.compressor_on")[0] == 1.0
        assert read("site.electrical_power") == (2 * 1080.0, GOOD)
        assert {driver.name.partition(".")[0] for driver in parts.field.drivers} == {"east", "west"}
        await change(roster, data, only(site, "west"))
        poll("west")
        assert read("east.compressor_on")[1] == BAD_NO_DATA
        assert read("site.electrical_power") == (1080.0, GOOD)
        assert {driver.name.partition(".")[0] for driver in parts.field.drivers} == {"west"}
        by_asset = image.table.by_asset
        indices = [p.index for a in ("west", "site", "twin") for p in by_asset[a].values()]
        assert roster.points == indices
