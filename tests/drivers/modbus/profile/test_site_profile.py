"""What a site says of one device that differs from its profile, and quantities it adds."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENCE
from pymodbus_device import pymodbus_device

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.errors import ConfigError
from heatpump_twin.config.settings import Site
from heatpump_twin.config.yaml_source import YamlSource
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.driver.device_plan import (
    build_drivers,
    mapped_points,
    plan_devices,
)
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD

PROFILE = """\
title: Acme AW12
kind: heat_pump_controller
source: this test
points:
  - {point: outdoor_temperature, space: holding, address: 10, type: float32, unit: degC}
  - {point: supply_temperature, space: holding, address: 12, type: int16, scale: 0.1, unit: degC}
  - {point: supply_setpoint, space: holding, address: 13, type: int16, scale: 0.1, unit: degC,
     write: {min: 20, max: 60}}
"""
SITE = """\
site: {{name: Test, latitude: 0, longitude: 0, timezone: UTC}}
{head}
heat_pumps:
  - id: hp1
    name: One
    plate:
      {{manufacturer: M, model: X, nominal_flow: 14, max_power: 2590,
       heating: [{{outdoor: 7, water: 35, capacity: 5000, power: 1080}}]}}
    devices:
      - id: controller
        profile: {profile}
        connection: tcp://127.0.0.1:{port}
        timeout: {timeout}
{device}
"""


@pytest.fixture
def source(tmp_path: Path) -> Any:
    """Return a function that writes a site file for one device."""

    def made(device: str, port: int = 502, head: str = "", profile: str = PROFILE) -> YamlSource:
        path = tmp_path / "acme.yaml"
        path.write_text(profile, "utf-8")
        lines = "".join(f"        {line}\n" for line in device.splitlines())
        text = SITE.format(profile=path, port=port, device=lines, head=head, timeout=PATIENCE)
        return YamlSource(text, "site.yaml")

    return made


async def values_of(source: YamlSource) -> dict[str, tuple[float, int]]:
    """Poll the only device of a site once."""
    plans = plan_devices(source.validate(Site), source.problem)
    table = PointTable.build(mapped_points(plans))
    (driver,) = build_drivers(plans, table, SystemClock())
    frames: list[Frame] = []
    await driver.poll(frames.append)
    await driver.close()
    return {
        table[index].id: (float(value), int(status))
        for frame in frames
        for index, value, status in zip(frame.point, frame.value, frame.status, strict=True)
    }


def registers(word_order: str = "big") -> dict[int, int]:
    high, low = struct.unpack(">HH", struct.pack(">f", -7.5))
    first, second = (high, low) if word_order == "big" else (low, high)
    return {10: first, 11: second, 12: 352, 13: 400, 20: 449}


async def test_the_word_order_is_a_setting_of_the_pump(source: Any) -> None:
    async with pymodbus_device(registers("little")) as device:
        plain = await values_of(source("", device.port))
        assert plain["outdoor_temperature"][0] != -7.5
        adapted = await values_of(source("adapt: {word_order: little}", device.port))
        assert adapted["outdoor_temperature"] == (-7.5, GOOD)


async def test_limits_marks_and_single_points(source: Any) -> None:
    async with pymodbus_device(registers() | {12: 0x8000}) as device:
        adapted = await values_of(
            source(
                "adapt:\n"
                "  limits: {registers: 2}\n"
                "  absent: [0x8000]\n"
                "  points:\n"
                "    supply_setpoint: {scale: 0.5, write: {max: 55}}",
                device.port,
            )
        )
        assert adapted["supply_temperature"][1] == BAD_NO_DATA
        assert adapted["supply_setpoint"] == (200.0, GOOD)
        assert max(count for _, count in device.reads) == 2


def test_one_rule_of_a_write_is_changed_and_the_others_stay(source: Any) -> None:
    made = source("adapt: {points: {supply_setpoint: {write: {max: 45}}}}")
    (plan,) = plan_devices(made.validate(Site), made.problem)
    assert plan.profile.by_name["supply_setpoint"].accepted == (20, 45)
    made = source("adapt: {points: {supply_setpoint: {write: null}}}")
    (plan,) = plan_devices(made.validate(Site), made.problem)
    assert plan.profile.by_name["supply_setpoint"].write is None


BUFFER = "buffer_temperature: {title: Buffer, unit: Cel, range: [5, 90]}"


async def test_a_quantity_of_the_site_is_a_point_like_others(source: Any) -> None:
    point = "{space: holding, address: 20, type: int16, scale: 0.1, unit: degC}"
    async with pymodbus_device(registers()) as device:
        made = source(
            f"adapt: {{points: {{buffer_temperature: {point}}}}}",
            device.port,
            head=f"quantities:\n  {BUFFER}",
        )
        assert (await values_of(made))["buffer_temperature"] == (44.9, GOOD)


async def test_a_profile_point_is_mapped_to_a_quantity_of_the_site(source: Any) -> None:
    async with pymodbus_device(registers()) as device:
        made = source(
            "map: {supply_temperature: buffer_temperature}",
            device.port,
            head=f"quantities:\n  {BUFFER}",
        )
        values = await values_of(made)
        assert values["buffer_temperature"] == (35.2, GOOD)
        assert "supply_temperature" not in values


async def test_a_profile_brings_quantities_of_its_own(source: Any) -> None:
    own = PROFILE.replace("points:", f"quantities:\n  {BUFFER}\npoints:", 1)
    own += (
        "  - {point: buffer_temperature, space: holding, address: 20, type: int16, scale: 0.1, "
        "unit: degC}\n"
    )
    async with pymodbus_device(registers()) as device:
        assert (await values_of(source("", device.port, profile=own)))["buffer_temperature"] == (
            44.9,
            GOOD,
        )


@pytest.mark.parametrize(
    ("device", "head", "problem"),
    [
        ("adapt: {colour: red}", "", "devices.0.adapt.colour: unknown key"),
        (
            "adapt: {points: {supply_temperature: {scale: 0}}}",
            "",
            "adapt.points.supply_temperature: scale 0 makes every value the same",
        ),
        (
            "adapt: {points: {supply_temperature: {colour: red}}}",
            "",
            "adapt.points.supply_temperature.colour: unknown key",
        ),
        (
            "adapt: {points: {supply_temperature: {absent: 99999}}}",
            "",
            "adapt.points.supply_temperature: absent 99999 is outside int16",
        ),
        (
            "adapt: {points: {supply_temperature: {address: 11}}}",
            "",
            "lies on the same holding addresses",
        ),
        ("adapt: {limits: {registers: 200}}", "", "adapt.limits.registers: "),
        (
            "adapt: {points: {buffer_temperature: {space: holding, address: 20, type: int16}}}",
            "",
            "the catalogue has no point 'buffer_temperature'",
        ),
        ("", "quantities: {supply_temperature: {title: S, unit: Cel, range: [0, 9]}}", "already"),
        ("", "quantities: {x: {title: X, unit: ells, range: [0, 9]}}", "unknown unit"),
        ("", "quantities: {x: {title: X, unit: Cel, range: [90, 5]}}", "lower end, then the upper"),
        ("", "quantities: {x: {title: X, unit: Cel, range: [5, 5]}}", "lower end, then the upper"),
        ("", "quantities: {x: {title: X, unit: Cel, range: [.nan, 5]}}", "lower end, then the"),
        ("", "quantities: {x: {title: X, unit: Cel}}", "needs a range"),
        ("", "quantities: {x: {title: X, currency: true, range: [0, 9]}}", "no money"),
        ("map: {supply_temperature: x}", "", "the site has no such quantity"),
    ],
)
def test_mistakes_have_their_place_in_the_site_file(
    source: Any, device: str, head: str, problem: str
) -> None:
    made = source(device, head=head)
    with pytest.raises(ConfigError) as caught:
        plan_devices(made.validate(Site), made.problem)
    problems = [str(found) for found in caught.value.problems]
    assert any(problem in text for text in problems), problems
    assert all(text.startswith("site.yaml:") for text in problems)
