"""`hptwin write` on emulated devices: the profile's rules, the person's word, the exit code."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import hptwin
import pytest
from recorded import READS, RecordedSession

HJ, WEISHAUPT = "panasonic-aquarea-hj", "weishaupt-wab11"

PROFILE = """
title: A device with an interlock
kind: heat_pump_controller
source: this test
points:
  - {point: unit_enabled, space: coil, address: 1, type: bool, write: {settle: 0 s}}
  - {point: dhw_setpoint, space: holding, address: 2, type: int16, scale: 0.1, unit: degC,
     write: {min: 40, max: 60, step: 0.5, settle: 0 s, function: multiple}}
  - {point: supply_setpoint, space: holding, address: 3, type: int16, scale: 0.1, unit: degC,
     write: {min: 20, max: 60, settle: 0 s, requires: {unit_enabled: 1}}}
  - {point: heating_curve_offset, space: holding, address: 4, type: int16, write: {settle: 0 s}}
  - {point: outdoor_temperature, space: holding, address: 5, type: int16, scale: 0.1, unit: degC}
"""

Write = Callable[..., Awaitable[hptwin.Ran]]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(PROFILE, "utf-8")
    return path


@pytest.fixture
async def device(serve: Any, tank: Any, own: Path) -> Any:
    """The device of `PROFILE`, as unit 1, and a WAB 11 as unit 2."""
    from heatpump_twin.drivers.modbus.profile.profile_files import load_profile

    tank.values |= {
        "unit_enabled": 0, "dhw_setpoint": 48, "supply_setpoint": 35, "heating_curve_offset": 0,
        "outdoor_temperature": 7,
    }  # fmt: skip
    session = RecordedSession()
    gateway = await serve({1: (load_profile(own), tank), 2: (WEISHAUPT, tank)}, session=session)
    gateway.session = session
    return gateway


@pytest.fixture
def write(device: Any, own: Path, tmp_path: Path) -> Write:
    """Return a coroutine function that writes to it."""

    async def run(*arguments: object, yes: bool = True, **options: Any) -> hptwin.Ran:
        asked = {"--profile": own, "--unit": 1, "--data": tmp_path / "data"} | options
        flat = [part for pair in asked.items() for part in pair]
        return await hptwin.run(
            "write", f"127.0.0.1:{device.port}", *arguments, *flat, *(["--yes"] if yes else [])
        )

    return run


async def test_a_write_is_read_back(write: Write, tank: Any, device: Any) -> None:
    ran = await write("dhw_setpoint", "52.5")
    assert ran.code == 0, ran.err
    assert ran.out == "confirmed, now 52.5 °C: the device reads back the value\n"
    assert "no twin knows of it" in ran.err
    assert tank.written == [("dhw_setpoint", 52.5)]
    assert [r.pdu[0] for r in device.session.requests] == [3, 16, 3]


async def test_a_state_by_its_name_and_a_number_below_zero(write: Write, tank: Any) -> None:
    assert (await write("unit_enabled", "on")).code == 0
    assert (await write("heating_curve_offset", "-2")).code == 0
    assert tank.written == [("unit_enabled", 1.0), ("heating_curve_offset", -2.0)]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("dhw_setpoint", "61"), "refused: Hot water setpoint takes 40 to 60 °C, not 61."),
        (("dhw_setpoint", "50.3"), "refused: the device takes steps of 0.5 from 40"),
        (("dhw_setpoint", "nan"), "refused: Hot water setpoint takes 40 to 60 °C, not nan."),
        (("supply_setpoint", "45"), "refused: only while unit_enabled is 1; it is 0"),
        (("dhw_setpoint", "warm"), "'warm' is not a number"),
        (("unit_enabled", "maybe"), "'maybe' is not a number and none of Off, On"),
        (("outdoor_temperature", "20"), "has no write rules for outdoor_temperature"),
        (("nonesuch", "20"), "has no point nonesuch"),
    ],
)
async def test_what_the_profile_forbids_is_not_sent(
    write: Write, device: Any, arguments: tuple[str, str], problem: str
) -> None:
    ran = await write(*arguments)
    assert ran.code == 1
    assert problem in ran.out + ran.err
    assert device.session.functions <= READS


async def test_a_device_that_keeps_another_value(
    write: Write, tank: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tank, "write", lambda point, value: None)
    ran = await write("dhw_setpoint", "52")
    assert ran.code == 1
    assert ran.out.startswith("mismatch, now 48.0 °C: the device reads back 48 instead of 52")


async def test_the_throttle_outlives_the_process(write: Write, tank: Any, tmp_path: Path) -> None:
    unit2 = {"--profile": WEISHAUPT, "--unit": 2}
    assert (await write("dhw_setpoint", "50", **unit2)).code == 0
    ran = await write("dhw_setpoint", "51", **unit2)
    assert ran.code == 1
    assert "the device's memory wears out; write again in" in ran.out
    assert tank.written == [("dhw_setpoint", 50.0)]
    entries = [
        json.loads(line) for line in (tmp_path / "data/field-writes.jsonl").read_text().splitlines()
    ]
    assert [entry["state"] for entry in entries] == ["attempt", "confirmed"]
    assert entries[0]["value"] == entries[1]["read_back"] == 50
    assert entries[0]["user"]


async def test_what_the_device_refused_does_not_count_for_the_throttle(
    write: Write, device: Any
) -> None:
    from heatpump_twin.drivers.modbus.profile.profile import Space

    unit2 = {"--profile": WEISHAUPT, "--unit": 2}
    device.faults.exceptions[(2, Space.HOLDING, 42103)] = 2
    ran = await write("dhw_setpoint", "50", **unit2)
    assert "refused: the device refused: Modbus exception 2" in ran.out
    device.faults.clear()
    assert (await write("dhw_setpoint", "50", **unit2)).code == 0


async def test_what_cannot_be_recorded_is_not_written(
    write: Write, device: Any, tmp_path: Path
) -> None:
    (tmp_path / "data" / "field-writes.jsonl").mkdir(parents=True)
    ran = await write("dhw_setpoint", "50")
    assert ran.code == 1
    assert "name another --data" in ran.err
    assert device.session.functions <= READS


async def test_nobody_is_there_to_confirm(write: Write, device: Any) -> None:
    ran = await write("dhw_setpoint", "50", yes=False)
    assert ran.code == 1
    assert "--yes writes without asking" in ran.err
    assert device.session.functions <= READS


@pytest.mark.parametrize(("answer", "code", "written"), [("y", 0, 50.0), ("n", 1, 48)])
async def test_a_person_confirms(
    device: Any, own: Path, tank: Any, tmp_path: Path, answer: str, code: int, written: float
) -> None:
    person, terminal = os.openpty()
    async with hptwin.running(
        "write", f"127.0.0.1:{device.port}", "dhw_setpoint", 50, "--profile", own, "--unit", 1,
        "--data", tmp_path / "data", stdin=terminal,
    ) as process:  # fmt: skip
        os.close(terminal)
        os.write(person, f"{answer}\n".encode())
        ran = await hptwin.ended(process)
    os.close(person)
    assert f"dhw_setpoint of unit 1 at tcp://127.0.0.1:{device.port}: now 48.0, write 50.0 °C?" in (
        ran.out + ran.err
    )
    assert ran.code == code
    assert tank.values["dhw_setpoint"] == written


async def test_a_running_twin_is_warned_of(write: Write, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with (data / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as `hptwin run` does
        ran = await write("dhw_setpoint", "50")
    assert ran.code == 0
    assert f"a twin runs on {data}: if it controls this device, write through its HMI" in ran.err


async def test_an_interrupted_write_says_what_is_not_known(
    device: Any, own: Path, tmp_path: Path, eventually: Any
) -> None:
    device.session.silent_about = 16
    async with hptwin.running(
        "write", f"127.0.0.1:{device.port}", "dhw_setpoint", 50, "--profile", own, "--unit", 1,
        "--data", tmp_path / "data", "--yes",
    ) as process:  # fmt: skip
        await eventually(lambda: 16 in device.session.functions)
        ran = await hptwin.interrupted(process)
    assert ran.code == 130
    assert "whether the device took the value is not known; read dhw_setpoint" in ran.err
