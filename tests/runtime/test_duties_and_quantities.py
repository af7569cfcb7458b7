"""A device with duties and a quantity of the site, through a whole twin: OPC UA, audit, history."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asyncua import ua
from pymodbus_device import pymodbus_device
from whole_twin import OPERATOR, Twin, new_ports

PROFILE = """\
title: Acme AW12
kind: heat_pump_controller
source: this test
start_up: [{address: 60, words: [1, 2], why: unlock}]
points:
  - {point: supply_temperature, space: holding, address: 12, type: int16, scale: 0.1, unit: degC}
  - {point: supply_setpoint, space: holding, address: 13, type: int16, scale: 0.1, unit: degC,
     write: {min: 20, max: 60, refresh: 1 s}}
"""
SITE = """\
site: {{name: Test, latitude: 0, longitude: 0, timezone: UTC}}
hmi: {{enabled: false}}
quantities:
  buffer_temperature:
    {{title: Buffer temperature, unit: Cel, range: [5, 90], text: Middle of the buffer}}
heat_pumps:
  - id: hp1
    name: One
    plate:
      {{manufacturer: M, model: X, nominal_flow: 14, max_power: 2590, max_supply: 60,
       heating: [{{outdoor: 7, water: 35, capacity: 5000, power: 1080}}]}}
    devices:
      - id: controller
        profile: {profile}
        connection: tcp://127.0.0.1:{port}
        adapt:
          points:
            buffer_temperature: {{space: holding, address: 20, type: int16, scale: 0.1, unit: degC}}
"""


def audit(twin: Twin) -> list[dict[str, object]]:
    with closing(sqlite3.connect(twin.data / "historian.sqlite")) as database:
        database.row_factory = sqlite3.Row
        return [
            dict(row)
            for row in database.execute(
                "SELECT * FROM audit WHERE kind IN ('write', 'program') ORDER BY time"
            )
        ]


async def test_duties_are_kept_and_a_quantity_of_the_site_is_served(
    tmp_path: Path, connect, find, eventually
) -> None:
    profile, site = tmp_path / "acme.yaml", tmp_path / "site.yaml"
    profile.write_text(PROFILE, "utf-8")
    async with pymodbus_device({12: 352, 13: 400, 20: 449, 60: 0, 61: 0}) as device:
        site.write_text(SITE.format(profile=profile, port=device.port), "utf-8")
        twin = Twin(tmp_path / "data", new_ports(), site=str(site))
        try:
            await asyncio.to_thread(twin.add_user, OPERATOR, "operator")
            await asyncio.to_thread(twin.start)
            async with connect(twin, OPERATOR) as client:
                await _check(twin, device, client, find, eventually)
            assert await asyncio.to_thread(twin.stop) == 0
        finally:
            twin.kill()


async def _check(twin: Twin, device, client, find, eventually) -> None:
    # Before anything else, the device was unlocked, on the record.
    assert device.writes[0] == (16, 60, [1, 2])
    rows = [row for row in audit(twin) if row["key"] == "hp1.controller"]
    assert [(row["user"], row["origin"], row["status"]) for row in rows] == [
        ("twin", "start-up", 0)
    ]
    assert rows[0]["reason"] == "holding 60 := 0001 0002 (unlock)"

    path = ("DeviceSet", "hp1", "ParameterSet")
    buffer = await find(client, *path, "BufferTemperature")

    async def known() -> bool:
        value = await buffer.read_data_value(raise_on_bad_status=False)
        return value.StatusCode.is_good() and value.Value.Value == 44.9

    await eventually(known)
    properties = {
        (await p.read_browse_name()).Name: await p.read_value()
        for p in await buffer.get_properties()
    }
    assert properties["ValuePrecision"] == 1
    assert (properties["EURange"].Low, properties["EURange"].High) == (5, 90)
    assert (await buffer.read_description()).Text == "Middle of the buffer"
    await find(client, "DeviceSet", "hp1", "Operational", "BufferTemperature")

    async def recorded() -> bool:
        now = datetime.now(UTC)
        found = await buffer.read_raw_history(now - timedelta(minutes=5), now, 10)
        return any(v.Value is not None and v.Value.Value == 44.9 for v in found)

    await eventually(recorded)

    # What a person sets is written again and again, until it is given back.
    setpoint = await find(client, *path, "SupplySetpoint")
    await setpoint.write_value(ua.DataValue(ua.Variant(45.0, ua.VariantType.Double)))
    await eventually(lambda: device.writes.count((6, 13, [450])) >= 3)
    rows = [row for row in audit(twin) if row["key"] == "hp1.supply_setpoint"]
    assert rows[0]["user"] == OPERATOR
    assert {(row["user"], row["origin"]) for row in rows[1:]} == {("twin", "refresh")}
    methods = await find(client, "DeviceSet", "hp1", "MethodSet")
    release = await find(client, "DeviceSet", "hp1", "MethodSet", "ReleaseOverride")
    await methods.call_method(release)
    held = device.writes.count((6, 13, [450]))
    polls = len(device.reads)
    await eventually(lambda: len(device.reads) > polls + 4)
    assert device.writes.count((6, 13, [450])) == held
    assert device.held[13] == 400
