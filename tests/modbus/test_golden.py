"""Register dumps written down from the sources' facts, and what they must be read as.

The raw words are worked out by hand (two's complement, IEEE 754 tables), not with the codec.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest

from heatpump_twin.drivers.modbus.block import BlockDecoder
from heatpump_twin.drivers.modbus.load import load_profile, packaged_profiles
from heatpump_twin.drivers.modbus.plan import plan
from heatpump_twin.drivers.modbus.profile import Space
from heatpump_twin.drivers.status import BAD_NO_DATA, BAD_OUT_OF_RANGE, BAD_SENSOR_FAILURE, GOOD

NAN = math.nan

# profile → (space → {address: word}, {point: (value, status)})
DUMPS = {
    "panasonic-aquarea-hj": (
        {
            Space.HOLDING: {
                0: 1,
                1: 0xFFD3,  # −45 tenths
                2: 352,
                3: 0x8000,  # the gateway's "no value"
                4: 2,  # heat + tank
                5: 1,
                6: 0,
                9: 3,
                10: 0,
                11: 2,
                12: 450,
                13: 0x8000,
                14: 0xFFFF,  # −1 tenth
                15: 305,
                16: 0,
                17: 0,
                18: 200,
                19: 550,
                20: 200,
                21: 550,
                30: 0,
                32: 487,
                33: 520,
                34: 1,
                35: 400,
                36: 650,
                45: 0,
                46: 1080,
                47: 40000,  # unsigned
                50: 19,
                52: 0,
                64: 1,
                70: 0,
                81: 1,
                82: 2,
                83: 0,
                84: 1,
                85: 7,  # no valve has a direction 7
                86: 5,
            }
        },
        {
            "unit_enabled": (1, GOOD),
            "outdoor_temperature": (-4.5, GOOD),
            "supply_temperature": (35.2, GOOD),
            "return_temperature": (NAN, BAD_NO_DATA),
            "operating_mode": (2, GOOD),
            "heating_setting_method": (1, GOOD),
            "zones_enabled": (3, GOOD),
            "supply_setpoint": (45.0, GOOD),
            "zone2_supply_setpoint": (NAN, BAD_NO_DATA),
            "zone1_water_temperature": (-0.1, GOOD),
            "supply_setpoint_max": (55.0, GOOD),
            "dhw_enabled": (0, GOOD),
            "dhw_temperature": (48.7, GOOD),
            "dhw_setpoint": (52.0, GOOD),
            "dhw_heater_on": (1, GOOD),
            "heating_power_estimate": (1080, GOOD),
            "cooling_power_estimate": (40000, GOOD),
            "defrost_active": (1, GOOD),
            "fault_active": (0, GOOD),
            "zone_count": (2, GOOD),
            "valve_direction": (NAN, BAD_OUT_OF_RANGE),
            "outdoor_unit_type": (5, GOOD),
        },
    ),
    "eastron-sdm120": (
        {
            Space.INPUT: {
                0x00: 0x4366,
                0x01: 0x3333,  # 230.2 V, the example of the maker's protocol description
                0x06: 0x40A0,
                0x07: 0x0000,  # 5.0
                0x0C: 0xC47A,
                0x0D: 0x0000,  # −1000.0
                0x12: 0x447A,
                0x13: 0x0000,  # 1000.0
                0x18: 0x0000,
                0x19: 0x0000,
                0x1E: 0x3F80,
                0x1F: 0x0000,  # 1.0
                0x46: 0x4248,
                0x47: 0x0000,  # 50.0
                0x48: 0x7FC0,
                0x49: 0x0000,  # NaN
            }
        },
        {
            "voltage": (230.2, GOOD),
            "current": (5.0, GOOD),
            "electrical_power": (-1000.0, GOOD),
            "apparent_power": (1000.0, GOOD),
            "reactive_power": (0.0, GOOD),
            "power_factor": (1.0, GOOD),
            "grid_frequency": (50.0, GOOD),
            "electrical_energy": (NAN, BAD_SENSOR_FAILURE),
        },
    ),
    "eastron-sdm630": (
        {
            Space.INPUT: {
                0x00: 0x4366,
                0x01: 0x3333,
                0x34: 0x451C,
                0x35: 0x4000,  # 2500.0
                0x48: 0x42F6,
                0x49: 0xE979,  # 123.456
                0x3E: 0xBF00,
                0x3F: 0x0000,  # −0.5
            }
        },
        {
            "voltage": (230.2, GOOD),
            "electrical_power": (2500.0, GOOD),
            "electrical_energy": (123.456, GOOD),
            "power_factor": (-0.5, GOOD),
        },
    ),
    "kamstrup-multical-403": (
        {
            Space.HOLDING: {
                0x00: 0x4456,
                0x01: 0x0000,  # 856 l/h = 14.2667 l/min
                0x04: 0x40A0,
                0x05: 0x0000,  # 5 kW
                0x06: 0x420C,
                0x07: 0x0000,  # 35 °C
                0x08: 0x41F0,
                0x09: 0x0000,  # 30 °C
                0x14: 0x42F6,
                0x15: 0xE979,  # 123.456 kWh
                0x34: 0x3F80,
                0x35: 0x0000,  # 1 m³
            }
        },
        {
            "water_flow": (14.266666666666667, GOOD),
            "meter_heat_power": (5000.0, GOOD),
            "meter_supply_temperature": (35.0, GOOD),
            "meter_return_temperature": (30.0, GOOD),
            "heat_energy": (123.456, GOOD),
            "heat_volume": (1.0, GOOD),
        },
    ),
    "climate-transmitter": (
        {Space.INPUT: {1: 215, 2: 453, 3: 0xFFCE, 4: 0xFFFF}},
        {
            "room_temperature": (21.5, GOOD),
            "room_humidity": (45.3, GOOD),
            "ambient_temperature": (-5.0, GOOD),
            "outdoor_humidity": (NAN, BAD_NO_DATA),
        },
    ),
    "xy-md02": (
        {Space.INPUT: {1: 0x0131, 2: 0x0222}},  # 30.5 °C, 54.6 %
        {"room_temperature": (30.5, GOOD), "room_humidity": (54.6, GOOD)},
    ),
    "lg-therma-v": (
        {
            Space.COIL: {0: 1, 1: 0, 2: 1},
            Space.DISCRETE: {0: 1, 1: 1, 3: 1, 4: 0, 5: 0, 10: 0, 12: 1, 13: 0},
            Space.INPUT: {
                1: 2,
                2: 301,
                3: 352,
                7: 3000,  # 300.0 °C: no room sensor
                8: 253,
                12: 0xFF9C,  # −10.0 °C
                13: 15,
                22: 2512,
                24: 58,
            },
            Space.HOLDING: {0: 4, 2: 350, 3: 210, 5: 3000, 8: 500},
        },
        {
            "unit_enabled": (1, GOOD),
            "dhw_enabled": (0, GOOD),
            "silent_mode": (1, GOOD),
            "water_pump_running": (1, GOOD),
            "compressor_running": (1, GOOD),
            "defrost_active": (0, GOOD),
            "dhw_heater_on": (1, GOOD),
            "fault_active": (0, GOOD),
            "operation_cycle": (2, GOOD),
            "return_temperature": (30.1, GOOD),
            "supply_temperature": (35.2, GOOD),
            "room_temperature": (NAN, BAD_NO_DATA),
            "controller_water_flow": (25.3, GOOD),
            "outdoor_temperature": (-10.0, GOOD),
            "water_pressure": (1.5, GOOD),
            "high_pressure": (25.12, GOOD),
            "compressor_frequency": (58, GOOD),
            "operating_mode": (1, GOOD),
            "supply_setpoint": (35.0, GOOD),
            "zone2_supply_setpoint": (NAN, BAD_NO_DATA),
            "dhw_setpoint": (50.0, GOOD),
        },
    ),
    "weishaupt-wab11": (
        {
            Space.INPUT: {30001: 0xFFFF, 30003: 65535, 32102: 487, 33104: 352, 33105: 301},
            Space.HOLDING: {42103: 500},
        },
        {
            "outdoor_temperature": (-0.1, GOOD),
            "error_code": (NAN, BAD_NO_DATA),
            "dhw_temperature": (48.7, GOOD),
            "supply_temperature": (35.2, GOOD),
            "return_temperature": (30.1, GOOD),
            "dhw_setpoint": (50.0, GOOD),
        },
    ),
}


def response_data(space: Space, words: dict[int, int], address: int, count: int) -> bytes:
    """Return the data bytes of a read response as the Modbus specification lays them out."""
    image = [words.get(address + i, 0) for i in range(count)]
    if not space.of_bits:
        return struct.pack(f">{count}H", *image)
    padded = image + [0] * (-count % 8)
    return bytes(sum(padded[i + k] << k for k in range(8)) for i in range(0, len(padded), 8))


@pytest.mark.parametrize("name", sorted(DUMPS))
def test_a_dump_is_read_as_the_source_says(name: str) -> None:
    dump, expected = DUMPS[name]
    profile = load_profile(name)
    read = {}
    for block in plan(profile, profile.samples):
        data = response_data(block.space, dump.get(block.space, {}), block.address, block.count)
        values, statuses = BlockDecoder(profile, [block]).decode(data)
        for point, value, status in zip(block.points, values, statuses, strict=True):
            read[point.point] = float(value), int(status)
    for point, (value, status) in expected.items():
        assert read[point][1] == status, point
        assert read[point][0] == pytest.approx(value, rel=1e-6, abs=1e-9, nan_ok=True), point


def test_every_packaged_profile_has_a_dump() -> None:
    elsewhere = {path.stem for path in (Path(__file__).parent / "dumps").glob("*.yaml")}
    assert set(packaged_profiles()) == set(DUMPS) | elsewhere
