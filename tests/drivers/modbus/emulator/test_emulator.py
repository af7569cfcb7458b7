"""The emulated device answers as a device would: to mbpoll, and to requests it cannot serve."""

from __future__ import annotations

import re
import shutil
from asyncio.subprocess import PIPE, STDOUT
from typing import Any

import pytest
from patience import PATIENCE
from processes import spawned
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.pdu import ModbusPDU

from heatpump_twin.drivers.modbus.emulator.emulated_gateway import EmulatedGateway
from heatpump_twin.drivers.modbus.profile.profile import Profile, Space
from heatpump_twin.drivers.protocol import WriteState
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD

needs_mbpoll = pytest.mark.skipif(
    shutil.which("mbpoll") is None, reason="mbpoll is not installed (apt-get install mbpoll)"
)


async def mbpoll(at: EmulatedGateway | str, *options: str, write: tuple[str, ...] = ()) -> str:
    """Run it once against a gateway, or on the serial line with that path."""
    line = ("-m", "rtu", "-P", "none") if isinstance(at, str) else ("-p", str(at.port))
    async with spawned(
        "mbpoll", "-0", "-1", *line, *options, at if isinstance(at, str) else at.host, *write,
        stdout=PIPE, stderr=STDOUT,
    ) as process:  # fmt: skip
        output, _ = await process.communicate()
    return output.decode()


def polled(output: str) -> dict[int, str]:
    """Return reference → value of mbpoll's ``[12]: 450`` lines."""
    return {
        int(reference): value.split()[0]
        for reference, value in re.findall(r"^\[(\d+)\]:\s+(.+)$", output, re.MULTILINE)
    }


DEVICES: list[tuple[str, dict[str, float], str, dict[int, str]]] = [
    (  # 16-bit numbers with and without a sign, tenths, and the mark of a missing sensor
        "panasonic-aquarea-hj",
        {"unit_enabled": 1, "outdoor_temperature": -4.53, "supply_temperature": 35.2},
        "-t 4:hex -r 0 -c 4",
        {0: "0x0001", 1: "0xFFD3", 2: "0x0160", 3: "0x8000"},
    ),
    (
        "eastron-sdm120",
        {"voltage": 230.2, "electrical_power": 1080.5, "current": 5.0},
        "-t 3:float -B -r 0 -c 7",
        {0: "230.2", 6: "5", 12: "1080.5"},
    ),
    (
        "kamstrup-multical-403",
        {
            "water_flow": 15.0,
            "meter_heat_power": 5250.0,
            "meter_supply_temperature": 35.25,
            "meter_return_temperature": 30.5,
        },
        "-t 4:float -B -r 0 -c 4",
        {0: "900", 4: "5.25", 6: "35.25"},
    ),
    (  # floats, low word first
        "idm-navigator",
        {"supply_temperature": 35.25, "return_temperature": -1.5},
        "-t 3:float -r 1050 -c 2",
        {1050: "35.25", 1052: "-1.5"},
    ),
    ("thermia-genesis", {"compressor_hours": 70000}, "-t 3:int -B -r 48", {48: "70000"}),
    (  # the same device, low word first, tenths
        "thermia-genesis",
        {"controller_electrical_energy": 12345.6},
        "-t 3:int -r 83",
        {83: "123456"},
    ),
    ("nibe-s2125", {"degree_minutes": -25.0}, "-t 4:int -r 11", {11: "-250"}),
    (
        "lg-therma-v",
        {"unit_enabled": 1, "dhw_enabled": 0, "silent_mode": 1},
        "-t 0 -r 0 -c 3",
        {0: "1", 1: "0", 2: "1"},
    ),
    (
        "lg-therma-v",
        {
            "water_flow_detected": 1,
            "compressor_running": 1,
            **dict.fromkeys(
                ["water_pump_running", "defrost_active", "dhw_heating", "dhw_heater_on"], 0
            ),
        },
        "-t 1 -r 0 -c 5",
        {0: "0", 1: "0", 2: "0", 3: "1", 4: "0"},  # 0 is a flow that is good
    ),
]


@needs_mbpoll
@pytest.mark.parametrize("over", ["tcp", "serial"])
@pytest.mark.parametrize(
    ("name", "values", "options", "expected"),
    DEVICES,
    ids=[f"{name} {options}" for name, _, options, _ in DEVICES],
)
async def test_mbpoll_reads(
    serve: Any,
    line: Any,
    tank: Any,
    over: str,
    name: str,
    values: dict[str, float],
    options: str,
    expected: dict[int, str],
) -> None:
    tank.values |= values
    devices = {3: (name, tank)}
    at = await serve(devices) if over == "tcp" else line(devices)[0]
    found = polled(await mbpoll(at, "-a", "3", *options.split()))
    assert {reference: found[reference] for reference in expected} == expected


@needs_mbpoll
async def test_mbpoll_writes_a_setpoint(serve: Any, tank: Any) -> None:
    gateway = await serve({1: ("panasonic-aquarea-hj", tank)})
    output = await mbpoll(gateway, "-t", "4", "-r", "12", write=("475",))
    assert "Written 1 references" in output
    assert tank.written == [("supply_setpoint", 47.5)]


@needs_mbpoll
async def test_mbpoll_writes_over_a_serial_line(line: Any, tank: Any) -> None:
    path, _ = line({1: ("panasonic-aquarea-hj", tank)})
    assert "Written 2 references" in await mbpoll(path, "-t", "4", "-r", "12", write=("475", "300"))
    assert tank.written == [("supply_setpoint", 47.5), ("zone2_supply_setpoint", 30.0)]


@needs_mbpoll
async def test_nobody_answers_for_a_unit_that_is_not_on_the_line(line: Any, tank: Any) -> None:
    path, _ = line({1: ("panasonic-aquarea-hj", tank)})
    assert "timed out" in await mbpoll(path, "-a", "2", "-t", "4", "-r", "0", "-o", "0.2")


@needs_mbpoll
async def test_mbpoll_is_told_what_is_wrong(serve: Any, tank: Any) -> None:
    gateway = await serve({1: ("panasonic-aquarea-hj", tank)})
    assert "Illegal data address" in await mbpoll(gateway, "-t", "4", "-r", "7", "-c", "1")
    assert "Illegal function" in await mbpoll(gateway, "-t", "3", "-r", "0", "-c", "1")
    assert "Illegal data value" in await mbpoll(gateway, "-t", "4", "-r", "12", write=("900",))


READ_ONLY, UNMAPPED, BEYOND = 1, 7, 60000


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda c: c.read_coils(0, count=1, device_id=1), 1),
        (lambda c: c.write_coil(0, True, device_id=1), 1),
        (lambda c: c.read_holding_registers(UNMAPPED, count=1, device_id=1), 2),
        (lambda c: c.read_holding_registers(0, count=8, device_id=1), 2),
        (lambda c: c.read_holding_registers(BEYOND, count=1, device_id=1), 2),
        (lambda c: c.write_register(READ_ONLY, 5, device_id=1), 2),
        (lambda c: c.write_registers(12, [400, 400, 400], device_id=1), 2),
        (lambda c: c.write_register(12, 190, device_id=1), 3),
        (lambda c: c.write_register(4, 9, device_id=1), 3),
        (lambda c: c.write_register(12, 0x8000, device_id=1), 3),
        (lambda c: c.read_holding_registers(0, count=1, device_id=2), 11),
    ],
)
async def test_refusals(serve: Any, tank: Any, call: Any, code: int) -> None:
    gateway = await serve({1: ("panasonic-aquarea-hj", tank)})
    async with AsyncModbusTcpClient("127.0.0.1", port=gateway.port) as client:
        answer: ModbusPDU = await call(client)
    assert answer.isError()
    assert answer.exception_code == code
    assert tank.written == []


async def test_writes_of_several_registers_are_all_or_nothing(serve: Any, tank: Any) -> None:
    gateway = await serve({1: ("panasonic-aquarea-hj", tank)})
    async with AsyncModbusTcpClient("127.0.0.1", port=gateway.port) as client:
        assert (await client.write_registers(12, [400, 900], device_id=1)).isError()
        assert tank.written == []
        assert not (await client.write_registers(12, [400, 410], device_id=1)).isError()
    assert tank.written == [("supply_setpoint", 40.0), ("zone2_supply_setpoint", 41.0)]


async def test_what_the_process_lacks_is_absent_or_refused(serve: Any, tank: Any) -> None:
    gateway = await serve({1: ("lg-therma-v", tank)})
    async with AsyncModbusTcpClient("127.0.0.1", port=gateway.port) as client:
        assert (await client.read_input_registers(2, count=1, device_id=1)).registers == [3000]
        answer = await client.read_input_registers(13, count=1, device_id=1)
    assert answer.exception_code == 2  # a pressure has no mark for a missing sensor


async def test_values_beyond_the_register_are_held_at_its_end(serve: Any, tank: Any) -> None:
    tank.values["outdoor_temperature"] = 9999.0
    gateway = await serve({1: ("panasonic-aquarea-hj", tank)})
    async with AsyncModbusTcpClient("127.0.0.1", port=gateway.port) as client:
        answer = await client.read_holding_registers(1, count=1, device_id=1)
    assert answer.registers == [0x7FFF]


async def test_forced_exceptions_end_when_cleared(serve: Any, tank: Any) -> None:
    gateway = await serve({1: ("panasonic-aquarea-hj", tank)})
    gateway.faults.exceptions[1, Space.HOLDING, 2] = 4
    async with AsyncModbusTcpClient("127.0.0.1", port=gateway.port) as client:
        assert (await client.read_holding_registers(0, count=4, device_id=1)).exception_code == 4
        gateway.faults.clear()
        assert not (await client.read_holding_registers(0, count=4, device_id=1)).isError()


ENCODINGS: list[dict[str, Any]] = [
    {"type": "int16", "bit": 8, "bits": 8, "unit": "degC"},
    {"type": "int16", "coding": "sign_magnitude", "scale": 0.1, "unit": "degC"},
    {"type": "int32", "next_words": [30], "scale": 0.1, "unit": "degC"},
    {"type": "int16", "scale_factor_address": 40, "unit": "degC", "absent": 0x8000},
    {"type": "int64", "absent": 0x7FFF_FFFF_FFFF_FFFF, "scale": 0.1, "unit": "degC"},
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("value", [-12.0, 21.0, None])
async def test_every_encoding_is_shown_as_it_is_read(
    serve: Any,
    drive: Any,
    tank: Any,
    eventually: Any,
    encoding: dict[str, Any],
    value: float | None,
) -> None:
    place = {"point": "room_temperature", "space": "input", "address": 20, "absent": 0x7FFF}
    place |= encoding
    profile = Profile.model_validate(
        {
            "title": "t",
            "kind": "transmitter",
            "source": "a test",
            "points": [
                place,
                {"point": "electrical_energy", "space": "input", "address": 24, "type": "uint16",
                 "coding": "bcd"},
                {"point": "active_functions", "space": "input", "address": 25, "type": "uint16"},
                {"point": "defrost_active", "space": "input", "address": 25, "type": "uint16",
                 "bit": 3},
            ],
        }
    )  # fmt: skip
    tank.values |= {"electrical_energy": 1234.0, "active_functions": 9.0, "defrost_active": 1.0}
    tank.values["room_temperature"] = value
    _, seen = drive(profile, await serve({1: (profile, tank)}), timeout=PATIENCE)
    await eventually(lambda: len(seen.statuses()) > 0)
    if value is not None:
        assert seen.latest("room_temperature")[:2] == (value, GOOD)
    else:
        assert seen.latest("room_temperature")[1] == BAD_NO_DATA
    assert seen.value("electrical_energy") == 1234.0
    assert (seen.value("active_functions"), seen.value("defrost_active")) == (9.0, 1.0)


async def test_fields_of_a_register_are_kept_apart_by_the_emulator(
    serve: Any, drive: Any, tank: Any, eventually: Any
) -> None:
    fields = [
        {"point": name, "space": "holding", "address": 5, "type": "uint16", "bit": bit, "bits": 8,
         "unit": "degC", "write": {}}
        for name, bit in (("room_setpoint", 0), ("supply_setpoint", 8))
    ]  # fmt: skip
    profile = Profile.model_validate(
        {"title": "t", "kind": "transmitter", "source": "a test", "points": fields}
    )
    tank.values |= {"room_setpoint": 20.0, "supply_setpoint": 40.0}
    driver, seen = drive(profile, await serve({1: (profile, tank)}), timeout=PATIENCE)
    await eventually(lambda: seen.statuses() == {GOOD})
    index = {name: i for i, name in driver.points.items()}
    outcome = await driver.write(index["room_setpoint"], 23)
    assert (outcome.state, outcome.read_back) == (WriteState.CONFIRMED, 23.0)
    assert tank.written == [("room_setpoint", 23.0)]
