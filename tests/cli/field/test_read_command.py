"""`hptwin read` on emulated devices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hptwin
import pytest
from plausible import WINTER, PlausibleProcess
from recorded import READS, RecordedSession
from taciturn import Taciturn

from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.modbus.commissioning.device_access import DeviceAccess
from heatpump_twin.drivers.modbus.emulator.emulated_device import NOTHING_FORCED, Forced
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import EmulatedDevice, EmulatedGateway
from heatpump_twin.drivers.modbus.profile.profile import Space
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, GOOD

HJ = "panasonic-aquarea-hj"
ILLEGAL_ADDRESS = 2


@pytest.fixture
async def gateway(serve: Any) -> EmulatedGateway:
    """A heat pump on a winter day."""
    profile = load_profile(HJ)
    session = RecordedSession()
    found: Any = await serve({1: (profile, PlausibleProcess(profile, WINTER))}, session=session)
    found.session = session
    return found


def at(gateway: EmulatedGateway) -> str:
    return f"127.0.0.1:{gateway.port}"


def rows(ran: hptwin.Ran) -> dict[str, list[str]]:
    return {line.split()[0]: line.split() for line in ran.out.splitlines()[1:]}


async def test_points_with_unit_status_and_registers(gateway: Any) -> None:
    names = ("supply_temperature", "operating_mode", "outdoor_temperature")
    ran = await hptwin.run("read", at(gateway), *names, "--profile", HJ)
    assert ran.code == 0, ran.err
    assert tuple(rows(ran)) == names
    assert rows(ran)[names[0]] == [names[0], "35.2", "°C", "Good", "0160", "holding", "2"]
    assert rows(ran)[names[1]] == [names[1], "1", "Heating", "Good", "0001", "holding", "4"]
    assert gateway.session.functions == {3}


async def test_all_points_with_few_requests(gateway: Any) -> None:
    ran = await hptwin.run("read", at(gateway), "--profile", HJ)
    assert ran.code == 0
    assert set(rows(ran)) == {point.point for point in load_profile(HJ).points}
    assert len(gateway.session.requests) < 20
    assert gateway.session.functions <= READS


async def test_what_is_not_verified_is_read_when_asked_for(serve: Any, tmp_path: Path) -> None:
    """The same register stands in the device's profile as certain, so that it answers."""
    head = "title: T\nkind: transmitter\nsource: a test\npoints:\n"
    voltage = "  - {point: voltage, space: input, address: 0, type: uint16, unit: V}\n"
    pressure = "point: high_pressure, space: input, address: 1, type: uint16, unit: bar"
    real, doubted = tmp_path / "real.yaml", tmp_path / "doubted.yaml"
    real.write_text(f"{head}{voltage}  - {{{pressure}, scale: 0.01}}\n")
    doubted.write_text(
        f"{head}{voltage}unverified_points:\n  - {{{pressure}, scale: 0.01, why: says A}}\n"
        f"  - {{{pressure}, why: says B}}\n"
    )
    profile = load_profile(real)
    address = at(await serve({1: (profile, PlausibleProcess(profile, WINTER))}))

    plain = await hptwin.run("read", address, "--profile", doubted)
    assert list(rows(plain)) == ["voltage"]
    refused = await hptwin.run("read", address, "high_pressure", "--profile", doubted)
    assert refused.code == 1
    assert "`hptwin read --unverified` shows every reading of it" in refused.err
    asked = ("read", address, "high_pressure", "--profile", doubted, "--unverified")
    ran = await hptwin.run(*asked)
    assert ran.code == 0, ran.err
    one, other = map(str.rstrip, ran.out.splitlines()[1:])
    assert one.split()[1] == "24.60"
    assert one.endswith("not verified: says A")
    assert other.split()[1] == "2460"
    assert other.endswith("usually 0 to 45; not verified: says B")
    data = json.loads((await hptwin.run(*asked, "--json")).out)
    assert [(p["value"], p["unverified"]) for p in data["points"]] == [
        (pytest.approx(24.6), "says A"),
        (2460.0, "says B"),
    ]


async def test_the_same_for_programs(gateway: Any) -> None:
    ran = await hptwin.run("read", at(gateway), "operating_mode", "--profile", HJ, "--json")
    found = json.loads(ran.out)
    assert (found["connection"], found["unit"]) == (f"tcp://{at(gateway)}", 1)
    assert found["points"] == [
        {
            "point": "operating_mode",
            "value": 1.0,
            "state": "Heating",
            "unit": "",
            "status": "Good",
            "raw": [1],
            "space": "holding",
            "address": 4,
        }
    ]


async def test_a_refused_point_does_not_hide_the_others(gateway: Any) -> None:
    gateway.faults.exceptions[(1, Space.HOLDING, 3)] = ILLEGAL_ADDRESS
    ran = await hptwin.run("read", at(gateway), "--profile", HJ)
    assert ran.code == 1
    assert "1 of 39 points were not answered" in ran.err
    assert "illegal data address" in " ".join(rows(ran)["return_temperature"])
    assert "BadConfigurationError" in rows(ran)["return_temperature"]
    assert rows(ran)["supply_temperature"][1] == "35.2"
    ran = await hptwin.run("read", at(gateway), "return_temperature", "--profile", HJ, "--json")
    (point,) = json.loads(ran.out)["points"]
    assert ran.code == 1
    assert (point["value"], point["raw"]) == (None, [])
    assert "illegal data address" in point["refusal"]


async def test_a_sensor_that_is_not_there_is_an_answer(gateway: Any) -> None:
    gateway.devices[1].process._day = WINTER | {"room_temperature": None, "dhw_temperature": None}
    ran = await hptwin.run("read", at(gateway), "dhw_temperature", "--profile", HJ)
    assert ran.code == 0
    assert rows(ran)["dhw_temperature"][1:] == ["°C", "BadNoData", "8000", "holding", "32"]


async def test_an_unusual_value_is_pointed_out(gateway: Any) -> None:
    gateway.devices[1].process._day = WINTER | {"supply_temperature": 352}
    ran = await hptwin.run("read", at(gateway), "supply_temperature", "--profile", HJ)
    assert "usually 10 to 65" in ran.out


TEXT = """
title: A device with a name
kind: transmitter
source: this test
points:
  - {point: room_temperature, space: input, address: 1, type: int16, scale: 0.1, unit: degC}
  - {point: model_name, space: input, address: 500, type: string, length: 4}
"""


class Named(EmulatedDevice):
    """Has its name in four registers, and says nothing about its model number."""

    def respond(self, request: bytes, forced: Forced = NOTHING_FORCED) -> bytes:
        if request[1:5] == (500).to_bytes(2, "big") + (4).to_bytes(2, "big"):
            return bytes((request[0], 8)) + b"TWIN 7\0\0"
        return super().respond(request, forced)


async def test_texts_and_profiles_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "named.yaml"
    path.write_text(TEXT, "utf-8")
    profile = load_profile(path)
    gateway = EmulatedGateway(
        "127.0.0.1", 0, {3: Named(profile, PlausibleProcess(profile, WINTER))}
    )
    await gateway.start()
    ran = await hptwin.run("read", at(gateway), "--profile", path, "--unit", 3)
    as_data = await hptwin.run(
        "read", at(gateway), "model_name", "--profile", path, "--unit", 3, "--json"
    )
    await gateway.stop()
    assert ran.code == 0, ran.err
    assert rows(ran)["model_name"][1:4] == ["TWIN", "7", "Good"]
    assert rows(ran)["room_temperature"][1] == "21.2"
    assert json.loads(as_data.out)["points"][0]["value"] == "TWIN 7"


async def test_watching_goes_on_when_the_device_is_away(
    gateway: Any, free_port: Any, eventually: Any
) -> None:
    async with hptwin.running(
        "read", at(gateway), "supply_temperature", "--profile", HJ, "--watch", 0.1, "--json"
    ) as process:
        assert process.stdout is not None
        first = json.loads(await process.stdout.readline())
        assert first["points"][0]["value"] == 35.2
        gateway.faults.offline.add(1)
        while "error" not in (seen := json.loads(await process.stdout.readline())):
            pass
        assert "no response from the device behind the gateway" in seen["error"]
        gateway.faults.clear()
        while "points" not in (seen := json.loads(await process.stdout.readline())):
            pass
        assert seen["time"] > first["time"]
        ran = await hptwin.interrupted(process)
    assert ran.code == 0
    assert ran.err == ""
    await eventually(lambda: gateway.connections == 0)


async def test_watching_for_people(gateway: Any, eventually: Any) -> None:
    async with hptwin.running(
        "read", at(gateway), "supply_temperature", "--profile", HJ, "--watch", 0.1
    ) as process:
        await eventually(lambda: len(gateway.session.requests) > 2)
        ran = await hptwin.interrupted(process)
    assert ran.code == 0
    assert ran.out.count("supply_temperature  35.2") > 1
    assert ran.err == ""


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--unit", 9], "is the device behind the gateway on, and is it this unit id?"),
        (["nonesuch"], "has no point nonesuch; it has unit_enabled, "),
        (["--profile", "nonesuch"], "there is no such profile"),
    ],
)
async def test_mistakes_are_told(gateway: Any, arguments: list[Any], problem: str) -> None:
    ran = await hptwin.run("read", at(gateway), "--profile", HJ, *arguments)
    assert ran.code in (1, 2)
    assert problem in ran.err
    assert "Traceback" not in ran.err


async def test_a_device_that_keeps_silent(gateway: Any) -> None:
    gateway.faults.silent = True
    ran = await hptwin.run("read", at(gateway), "--profile", HJ, "--timeout", 0.2)
    assert ran.code == 1
    assert f"tcp://{at(gateway)} unit 1: no response within 0.2 s; nothing answers" in ran.err
    assert "it may speak RTU over TCP, try rtu+tcp://; is it this unit id?" in ran.err
    # Both blocks, and one point alone.
    assert len(gateway.session.requests) == 3


async def test_silence_about_some_points_does_not_hide_the_others() -> None:
    profile = load_profile("lg-therma-v")
    device = EmulatedDevice(profile, PlausibleProcess(profile, WINTER))
    async with Taciturn(device, {(Space.INPUT, 2): ILLEGAL_ADDRESS}).served() as link:
        access = DeviceAccess(profile, link, 1, 0.1, SystemClock())
        readings = {r.point.point: r for r in await access.read()}
    assert readings["return_temperature"].status == BAD_NO_COMMUNICATION
    assert "no response" in readings["return_temperature"].refusal
    assert [r.point.point for r in readings.values() if r.status != GOOD] == ["return_temperature"]
    assert readings["supply_temperature"].value == pytest.approx(35.2)
