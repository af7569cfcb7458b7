"""Every encoding that a profile can say, on a device that shares no code with ours."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest
from field_rig import link_to
from patience import PATIENCE
from pymodbus_device import pymodbus_device

from heatpump_twin.config.settings import DeviceConnection
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.modbus.commissioning.device_access import DeviceAccess
from heatpump_twin.drivers.modbus.profile.profile import Profile
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.protocol import WriteState
from heatpump_twin.drivers.status import BAD_NO_DATA, BAD_OUT_OF_RANGE, BAD_SENSOR_FAILURE, GOOD


def profile_of(*points: dict[str, Any], **head: Any) -> Profile:
    places = [{"space": "holding", "type": "uint16", **point} for point in points]
    return Profile.model_validate(
        {"title": "t", "kind": "transmitter", "source": "a test", "points": places, **head}
    )


def words(packing: str, *values: float) -> list[int]:
    packed = struct.pack(packing, *values)
    return list(struct.unpack(f">{len(packed) // 2}H", packed))


OUTDOOR = {"point": "outdoor_temperature", "address": 10, "unit": "degC"}
ENERGY = {"point": "electrical_energy", "address": 10}
POWER = {"point": "electrical_power", "address": 10, "type": "int16", "scale_factor_address": 30}
FUNCTIONS = {"point": "active_functions", "address": 10, "enum": {1: 1, 2: 2, 4: 4, 8: 8}}

CASES = [
    # a byte of a word, with its sign
    ({**OUTDOOR, "type": "int16", "bit": 8, "bits": 8}, {10: 0xF619}, -10.0),
    ({**OUTDOOR, "type": "int16", "bit": 0, "bits": 8}, {10: 0xF619}, 25.0),
    ({**OUTDOOR, "type": "uint16", "bit": 8, "bits": 8}, {10: 0xF619}, 246.0),
    ({**OUTDOOR, "type": "int16", "bit": 8, "bits": 8, "scale": 0.5}, {10: 0x8000}, -64.0),
    ({**OUTDOOR, "type": "int16", "bit": 4, "bits": 5}, {10: 0b1_0000_0000}, -16.0),
    ({**OUTDOOR, "type": "int16", "bit": 8, "bits": 8, "byte_order": "little"}, {10: 0x19F6}, -10),
    # decimal digits
    ({**ENERGY, "coding": "bcd"}, {10: 0x1234}, 1234.0),
    ({**ENERGY, "coding": "bcd", "scale": 0.1}, {10: 0x9999}, 999.9),
    ({**ENERGY, "type": "uint32", "coding": "bcd"}, {10: 0x1234, 11: 0x5678}, 12345678.0),
    (
        {**ENERGY, "type": "uint32", "coding": "bcd", "word_order": "little"},
        {10: 0x5678, 11: 0x1234},
        12345678.0,
    ),
    ({**ENERGY, "coding": "bcd", "bit": 8, "bits": 8}, {10: 0x42FF}, 42.0),
    ({**ENERGY, "coding": "bcd"}, {10: 0x12A4}, BAD_SENSOR_FAILURE),
    ({**ENERGY, "coding": "bcd", "absent": 0xFFFF}, {10: 0xFFFF}, BAD_NO_DATA),
    # sign and magnitude
    ({**OUTDOOR, "type": "int16", "coding": "sign_magnitude", "scale": 0.1}, {10: 0x8064}, -10.0),
    ({**OUTDOOR, "type": "int16", "coding": "sign_magnitude", "scale": 0.1}, {10: 0x0064}, 10.0),
    ({**OUTDOOR, "type": "int16", "coding": "sign_magnitude"}, {10: 0x8000}, 0.0),
    ({**OUTDOOR, "type": "int32", "coding": "sign_magnitude"}, {10: 0x8000, 11: 7}, -7.0),
    (
        {**OUTDOOR, "type": "int16", "coding": "sign_magnitude", "bit": 0, "bits": 8},
        {10: 0x4285},
        -5.0,
    ),
    # a power of ten in another register
    (POWER, {10: 1234, 30: 0}, 1234.0),
    (POWER, {10: 1234, 30: 0xFFFF}, 123.4),
    (POWER, {10: 0xFFFF & -449, 30: 0xFFFF}, -44.9),
    (POWER, {10: 12, 30: 2}, 1200.0),
    ({**POWER, "unit": "kW"}, {10: 1234, 30: 0xFFFD}, 1234.0),
    (POWER, {10: 1234, 30: 0x8000}, BAD_NO_DATA),
    ({**POWER, "absent": 0x8000}, {10: 0x8000, 30: 0}, BAD_NO_DATA),
    (POWER, {10: 1234, 30: 11}, BAD_SENSOR_FAILURE),
    # words that do not lie side by side
    ({**ENERGY, "type": "uint32", "next_words": [40]}, {10: 2, 40: 7}, 131079.0),
    (
        {**ENERGY, "type": "uint32", "next_words": [40], "word_order": "little"},
        {10: 7, 40: 2},
        131079.0,
    ),
    ({**ENERGY, "type": "uint32", "next_words": [9]}, {9: 7, 10: 2}, 131079.0),
    ({**ENERGY, "type": "uint32", "next_words": [900]}, {900: 7, 10: 2}, 131079.0),
    ({**ENERGY, "type": "uint32", "next_words": [40], "radix": 1000}, {10: 2, 40: 7}, 2007.0),
    ({**ENERGY, "type": "float32", "next_words": [40]}, {10: 0x42F7, 40: 0x0000}, 123.5),
    (
        {**ENERGY, "type": "uint64", "next_words": [12, 14, 16]},
        {10: 0, 12: 1, 14: 0, 16: 3},
        4294967299.0,
    ),
    # marks, to the bit
    (
        {**ENERGY, "type": "int64", "absent": 0x7FFF_FFFF_FFFF_FFFF},
        dict(enumerate(words(">q", 2**63 - 1), 10)),
        BAD_NO_DATA,
    ),
    (
        {**ENERGY, "type": "int64", "absent": 0x7FFF_FFFF_FFFF_FFFF},
        dict(enumerate(words(">q", 2**63 - 2), 10)),
        float(2**63),
    ),
    (
        {**ENERGY, "type": "int64", "absent": 0x8000_0000_0000_0000},
        dict(enumerate(words(">q", -(2**63)), 10)),
        BAD_NO_DATA,
    ),
    (
        {**ENERGY, "type": "uint64", "absent": 0xFFFF_FFFF_FFFF_FFFF},
        dict(enumerate(words(">Q", 2**64 - 1), 10)),
        BAD_NO_DATA,
    ),
    (
        {**OUTDOOR, "type": "float32", "absent": -999.9},
        dict(enumerate(words(">f", -999.9), 10)),
        BAD_NO_DATA,
    ),
    # several states at once
    (FUNCTIONS, {10: 5}, 5.0),
    (FUNCTIONS, {10: 0}, 0.0),
    ({**FUNCTIONS, "enum": {8: 1, 16: 2}}, {10: 24}, 3.0),
    (FUNCTIONS, {10: 0x21}, BAD_OUT_OF_RANGE),
    ({**FUNCTIONS, "absent": 0xFFFF}, {10: 0xFFFF}, BAD_NO_DATA),
]


@pytest.mark.parametrize(("point", "registers", "expected"), CASES)
async def test_what_a_device_means(
    drive: Any, eventually: Any, point: dict[str, Any], registers: dict[int, int], expected: float
) -> None:
    profile = profile_of(point)
    status = int(expected) if isinstance(expected, int) and expected >= 2**31 else GOOD
    async with pymodbus_device(registers) as device:
        driver, seen = drive(profile, device.port, timeout=PATIENCE)
        await eventually(lambda: seen.statuses() == {status})
        if status == GOOD:
            assert seen.value(point["point"]) == expected
        # What a person reads with `hptwin read` is the same.
        access = DeviceAccess(profile, link_to(device.port), 1, PATIENCE, SystemClock())
        (reading,) = await access.read()
        await access.close()
        assert reading.status == status
        assert status != GOOD or reading.value == expected
        await driver.close()


@pytest.mark.parametrize(
    ("profile", "registers"),
    [
        (
            profile_of(
                {"point": "room_setpoint", "address": 10, "bits": 8, "bit": 0, "write": {}},
                {"point": "supply_setpoint", "address": 10, "bits": 8, "bit": 8, "write": {}},
            ),
            {10: 0x2815},
        )
    ],
)
async def test_fields_of_a_register_are_written_at_once_and_none_is_lost(
    drive: Any, eventually: Any, profile: Profile, registers: dict[int, int]
) -> None:
    async with pymodbus_device(registers) as device:
        driver, seen = drive(profile, device.port, timeout=PATIENCE)
        await eventually(lambda: seen.statuses() == {GOOD})
        index = {name: i for i, name in driver.points.items()}
        for room, supply in ((19, 45), (22, 30), (20, 55)):
            outcomes = await asyncio.gather(
                driver.write(index["room_setpoint"], room),
                driver.write(index["supply_setpoint"], supply),
            )
            assert [o.state for o in outcomes] == [WriteState.CONFIRMED] * 2, outcomes
            assert device.held[10] == supply << 8 | room
        await driver.close()


async def test_bits_that_nobody_writes_stay_as_they_are(drive: Any, eventually: Any) -> None:
    profile = profile_of({"point": "unit_enabled", "address": 10, "bit": 3, "write": {}})
    async with pymodbus_device({10: 0xA5A5}) as device:
        driver, seen = drive(profile, device.port, timeout=PATIENCE)
        await eventually(lambda: seen.statuses() == {GOOD})
        (index,) = driver.points
        assert (await driver.write(index, 1)).state is WriteState.CONFIRMED
        assert device.held[10] == 0xA5AD
        assert (await driver.write(index, 0)).state is WriteState.CONFIRMED
        assert device.held[10] == 0xA5A5
        await driver.close()


async def test_a_field_of_a_register_that_is_not_there_is_not_written(
    drive: Any, eventually: Any
) -> None:
    profile = profile_of(
        {"point": "unit_enabled", "address": 10, "bit": 3, "absent": 0xFFFF, "write": {}}
    )
    async with pymodbus_device({10: 0xFFFF}) as device:
        driver, seen = drive(profile, device.port, timeout=PATIENCE)
        await eventually(lambda: seen.statuses() == {BAD_NO_DATA})
        (index,) = driver.points
        outcome = await driver.write(index, 0)
        assert outcome.state is WriteState.REFUSED
        assert device.writes == []
        await driver.close()


async def test_a_setting_is_read_here_and_written_at_another_address(
    drive: Any, eventually: Any
) -> None:
    profile = profile_of(
        {"point": "room_setpoint", "address": 10, "scale": 0.1, "write": {"address": 50}}
    )
    async with pymodbus_device({10: 200, 50: 0}) as device:
        driver, seen = drive(profile, device.port, timeout=PATIENCE)
        await eventually(lambda: seen.value("room_setpoint") == 20.0)
        (index,) = driver.points

        async def follow() -> None:
            await eventually(lambda: device.held[50] == 215)
            device.held[10] = 215

        following = asyncio.create_task(follow())
        outcome = await driver.write(index, 21.5)
        await following
        assert (outcome.state, outcome.read_back) == (WriteState.CONFIRMED, 21.5)
        assert device.writes == [(6, 50, [215])]
        await driver.close()


async def test_a_setting_with_a_scale_factor_is_written_by_it(drive: Any, eventually: Any) -> None:
    profile = profile_of(
        {"point": "room_setpoint", "address": 10, "scale_factor_address": 12, "write": {}}
    )
    async with pymodbus_device({10: 2150, 12: 0xFFFE}) as device:
        driver, seen = drive(profile, device.port, timeout=PATIENCE)
        await eventually(lambda: seen.value("room_setpoint") == 21.5)
        (index,) = driver.points
        outcome = await driver.write(index, 19.25)
        assert (outcome.state, outcome.read_back) == (WriteState.CONFIRMED, 19.25)
        assert device.writes == [(6, 10, [1925])]
        await driver.close()


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ({10: 0x5057, 11: 0x324C, 12: 0x4135, 13: 0x0043, 14: 0, 15: 0}, "little"),
        ({10: 0x5750, 11: 0x4C32, 12: 0x3541, 13: 0x4320, 14: 0x2020, 15: 0x2020}, "big"),
        ({10: 0x5750, 11: 0x4C32, 12: 0x3541, 13: 0x43FF, 14: 0xFFFF, 15: 0xFFFF}, "big"),
        ({10: 0x2020, 11: 0x2057, 12: 0x504C, 13: 0x3235, 14: 0x4143, 15: 0x0000}, "big"),
        ({10: 0x5750, 11: 0x4C32, 12: 0x3541, 13: 0x4300, 14: 0x4142, 15: 0x0000}, "big"),
    ],
)
@pytest.mark.parametrize("of_profile", [True, False])
async def test_a_text_in_either_byte_order_and_padded_as_may_be(
    text: dict[int, int], order: str, of_profile: bool
) -> None:
    point = {"point": "serial_number", "address": 10, "type": "string", "length": 6}
    head = {"byte_order": order} if of_profile else {}
    profile = profile_of(point if of_profile else {**point, "byte_order": order}, **head)
    async with pymodbus_device(text) as device:
        where = DeviceConnection(scheme="tcp", host="127.0.0.1", port=device.port)
        access = DeviceAccess(profile, ModbusLink.to(where), 1, PATIENCE, SystemClock())
        (reading,) = await access.read()
        await access.close()
        assert reading.text == "WPL25AC"


async def test_parts_within_one_request_are_read_in_one(drive: Any, eventually: Any) -> None:
    """Value and scale factor of a model belong together: from one moment, at no further cost."""
    profile = profile_of(
        {**POWER, "point": "electrical_power"},
        {**POWER, "point": "apparent_power", "address": 11},
        {**ENERGY, "type": "uint32", "address": 12, "next_words": [20]},
        limits={"gap": 30},
    )
    registers = dict.fromkeys(range(10, 31), 0) | {10: 1234, 11: 1500, 12: 1, 20: 2, 30: 0xFFFF}
    async with pymodbus_device(registers) as device:
        driver, seen = drive(profile, device.port, period=60.0, timeout=PATIENCE)
        await eventually(lambda: seen.statuses() == {GOOD})
        assert seen.value("electrical_power") == 123.4
        assert seen.value("apparent_power") == 150.0
        assert seen.value("electrical_energy") == 65538
        assert device.reads == [(10, 21)]
        await driver.close()
