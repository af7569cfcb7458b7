"""From a site file to drivers: mistakes, limits, and links that are shared."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.errors import ConfigError
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import Site
from heatpump_twin.config.yaml_source import YamlSource
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.driver.device_plan import (
    build_drivers,
    mapped_points,
    phases,
    plan_devices,
)

SITE = """\
site: {name: Test, latitude: 0, longitude: 0, timezone: UTC}
heat_pumps:
  - id: hp1
    name: One
    plate:
      {manufacturer: M, model: X, nominal_flow: 14, max_power: 2590,
       heating: [{outdoor: 7, water: 35, capacity: 5000, power: 1080}]}
    devices:
"""


def site_with(*devices: str) -> tuple[Site, YamlSource]:
    source = YamlSource(SITE + "".join(f"      - {{{device}}}\n" for device in devices), "a.yaml")
    return source.validate(Site), source


def problems_of(*devices: str) -> list[str]:
    site, source = site_with(*devices)
    with pytest.raises(ConfigError) as caught:
        plan_devices(site, source.problem)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", ["default", "two-heat-pumps"])
def test_packaged_sites_can_be_planned(name: str) -> None:
    site = load_site(name, environment={})
    entries = mapped_points(plan_devices(site))
    table = PointTable.build(entries)
    assert len(table.by_key) == len(entries)
    assert all(len(points) >= 40 for points in table.by_asset.values())


def test_limits_are_what_catalogue_and_device_both_allow() -> None:
    site, source = site_with("id: c, profile: panasonic-aquarea-hj, connection: 'tcp://h:502'")
    limits = {entry[1]: entry[3] for entry in mapped_points(plan_devices(site, source.problem))}
    assert limits["dhw_setpoint"] == (40.0, 65.0)
    assert limits["unit_enabled"] == (0.0, 1.0)
    assert limits["operating_mode"] == (0.0, 5.0)
    assert limits["outdoor_temperature"] is None


def test_map_and_skip() -> None:
    site, source = site_with(
        "id: indoor, profile: xy-md02, connection: 'tcp://h:502', unit: 1",
        "id: outdoor, profile: xy-md02, connection: 'tcp://h:502', unit: 2, "
        "map: {room_temperature: ambient_temperature}, skip: [room_humidity]",
    )
    names = [entry[1] for entry in mapped_points(plan_devices(site, source.problem))]
    assert names == ["room_temperature", "room_humidity", "ambient_temperature"]


def test_two_devices_may_not_feed_one_point() -> None:
    problems = problems_of(
        "id: one, profile: xy-md02, connection: 'tcp://h:502'",
        "id: two, profile: xy-md02, connection: 'tcp://h:503'",
    )
    assert len(problems) == 2
    assert problems[0].startswith("a.yaml:10: heat_pumps.0.devices.1: room_temperature already")


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("profile: nonesuch", "devices.0.profile: there is no profile 'nonesuch'"),
        ("profile: xy-md02, skip: [voltage]", "skip.0: profile xy-md02 has no point 'voltage'"),
        ("profile: xy-md02, map: {voltage: current}", "map.voltage: the profile has no point"),
        ("profile: xy-md02, map: {room_humidity: nonesuch}", "the catalogue has no point"),
        (
            "profile: xy-md02, map: {room_humidity: ambient_temperature}",
            "room_humidity is in % and ambient_temperature in Cel",
        ),
    ],
)
def test_mistakes_of_a_device_have_their_line(setting: str, problem: str) -> None:
    (found,) = problems_of(f"id: d, connection: 'tcp://h:502', {setting}")
    assert found.startswith("a.yaml:9: heat_pumps.0.devices.0")
    assert problem in found


def test_devices_on_one_link_are_spread_evenly_and_so_are_the_links() -> None:
    gateway = [f"id: m{i}, profile: xy-md02, connection: 'tcp://g:502', unit: {i}, skip: [{skip}]"
               for i, skip in ((1, "room_humidity"), (2, "room_temperature"))]  # fmt: skip
    site, source = site_with(
        gateway[0],
        "id: a, profile: eastron-sdm120, connection: 'tcp://a:502'",
        "id: b, profile: kamstrup-multical-403, connection: 'tcp://b:502'",
        gateway[1],
        "id: c, profile: panasonic-aquarea-hj, connection: 'tcp://c:502'",
    )
    assert phases(plan_devices(site, source.problem)) == [0.0, 0.25, 0.5, 0.5, 0.75]


async def test_devices_at_one_address_share_a_connection(
    serve: Any, tank: Any, eventually: Any
) -> None:
    tank.values |= {"room_temperature": 21.0, "room_humidity": 45.0}
    gateway = await serve({1: ("xy-md02", tank), 2: ("xy-md02", tank)})
    at = f"connection: 'tcp://127.0.0.1:{gateway.port}', poll: 100 ms"
    site, source = site_with(
        f"id: indoor, profile: xy-md02, unit: 1, {at}",
        f"id: outdoor, profile: xy-md02, unit: 2, {at}, "
        "map: {room_temperature: ambient_temperature, room_humidity: outdoor_humidity}",
    )
    plans = plan_devices(site, source.problem)
    table = PointTable.build(mapped_points(plans))
    image = np.full(len(table), np.nan)

    def sink(frame: Frame) -> None:
        image[frame.point] = frame.value

    drivers = build_drivers(plans, table, SystemClock())
    assert [driver.name for driver in drivers] == ["hp1.indoor", "hp1.outdoor"]
    tasks = [asyncio.create_task(driver.run(sink)) for driver in drivers]
    try:
        await eventually(lambda: bool(np.isfinite(image).all()))
        assert gateway.connections == 1
        assert image[table.by_key["hp1.ambient_temperature"].index] == pytest.approx(21.0)
        # One of them goes: the other is read on without a failure, over one connection.
        tasks[0].cancel()
        await asyncio.wait(tasks[:1])
        polls = drivers[1].metrics.polls
        await eventually(lambda: drivers[1].metrics.polls > polls + 2)
        assert drivers[1].metrics.failed_polls == 0
        assert gateway.connections == 1
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await eventually(lambda: gateway.connections == 0)
