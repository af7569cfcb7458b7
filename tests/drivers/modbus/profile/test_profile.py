"""Profiles are checked: what cannot be right is named with file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from heatpump_twin.config.catalogue import CATALOGUE
from heatpump_twin.config.errors import ConfigError
from heatpump_twin.drivers.modbus.profile.field_units import FIELD_UNITS, conversion
from heatpump_twin.drivers.modbus.profile.profile_files import (
    load_profile,
    packaged_profiles,
    profile_schema,
    profile_source,
)

HEAD = "title: T\nkind: transmitter\nsource: a test\npoints:\n"
VOLTAGE = "  - {point: voltage, space: input, address: 0, type: float32, unit: V}\n"


def problems_of(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "p.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_profile(path)
    return [str(problem).removeprefix(str(tmp_path) + "/") for problem in caught.value.problems]


@pytest.mark.parametrize("name", packaged_profiles())
def test_packaged_profiles_are_sound_and_say_where_they_come_from(name: str) -> None:
    profile = load_profile(name)
    assert len(profile.source) > 40
    for point in profile.samples:
        if point.spec.unit not in (None, "1"):
            assert point.unit is not None, f"{point.point} leaves its unit to chance"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("point: nonesuch, space: input, address: 1, type: int16", "the catalogue has no point"),
        ("point: current, space: input, address: 0, type: int16", "lies on the same input"),
        ("point: current, space: input, address: 1, type: int16", "same input addresses as volt"),
        ("point: voltage, space: input, address: 9, type: int16", "voltage is given twice"),
        ("point: current, space: coil, address: 9, type: int16", "a coil holds a bool"),
        ("point: current, space: input, address: 65535, type: int32", "behind address 65535"),
        ("point: current, space: input, address: 9, type: int16, scale: 0", "scale 0"),
        ("point: current, space: input, address: 9, type: int16, unit: kW", "'kW' cannot become"),
        ("point: current, space: input, address: 9, type: int16, unit: ells", "unknown unit"),
        ("point: current, space: input, address: 9, type: int16, write: {}", "cannot be written"),
        ("point: current, space: input, address: 9, type: int16, bit: 3", "two bits or more"),
        ("point: current, space: input, address: 9, type: float32, bit: 3", "not float32"),
        ("point: current, space: input, address: 9, type: int16, absent: 99999", "outside int16"),
        ("point: current, space: input, address: 9, type: int16, absent: -32769", "outside int16"),
        ("point: current, space: input, address: 9, type: uint16, absent: 65536", "0 to 65535"),
        ("point: current, space: input, address: 9, type: uint16, absent: -1", "0 to 65535"),
        ("point: current, space: input, address: 9, type: int16, absent: 0.5", "so 0.5 is none"),
        (
            "point: current, space: input, address: 9, type: float32, absent: 1.0e+39",
            "outside float",
        ),
        (
            "point: current, space: input, address: 9, type: uint64, absent: 0x10000000000000000",
            "outside uint64",
        ),
        ("point: current, space: input, address: 9, type: int16, coding: bcd", "unsigned type"),
        ("point: current, space: input, address: 9, type: uint16, coding: sign_magnitude", "sign"),
        ("point: current, space: input, address: 9, type: uint16, next_words: [12]", "1 words"),
        ("point: current, space: input, address: 9, type: int32, next_words: [9]", "twice"),
        ("point: current, space: input, address: 9, type: int16, bits: 8", "without bit"),
        ("point: current, space: input, address: 9, type: int16, word_order: little", "no effect"),
        ("point: current, space: input, address: 9, type: int32, write_word_order: big", "without"),
        ("point: silent_mode, space: input, address: 9, type: uint16, scale: 0.1", "on a state"),
        ("point: silent_mode, space: coil, address: 9, type: bool, absent: 1", "table of bits"),
        (
            "point: silent_mode, space: holding, address: 9, type: uint16, write: {max: 1}",
            "write.max has no effect on a state",
        ),
        ("point: n, space: input, address: 9, type: string, length: 2, scale: 2", "on a string"),
        (
            "point: n, space: input, address: 9, type: string, length: 2, word_order: little",
            "word_order has no effect on a string",
        ),
        (
            "point: dhw_setpoint, space: holding, address: 9, type: int32, next_words: [12], "
            "write: {}",
            "not adjacent cannot be written",
        ),
        (
            "point: dhw_setpoint, space: holding, address: 9, type: int32, "
            "write: {function: single}",
            "function single writes one register",
        ),
        (
            "point: active_functions, space: input, address: 9, type: uint16, enum: {3: 1}",
            "its raw values are bits",
        ),
        (
            "point: silent_mode, space: input, address: 9, type: uint16, enum: {-1: 1}",
            "enum -1 cannot be read from uint16",
        ),
        (
            "point: silent_mode, space: input, address: 9, type: int16, enum: {0xFFFF: 1}",
            "enum 65535 cannot be read from int16",
        ),
        (
            "point: silent_mode, space: input, address: 9, type: uint16, bit: 0, bits: 2, "
            "enum: {0: 0, 4: 1}",
            "enum 4 cannot be read from 2 bits of uint16",
        ),
        (
            "point: silent_mode, space: coil, address: 9, type: bool, enum: {0: 1, 2: 0}",
            "enum 2 cannot be read from a coil",
        ),
        (
            "point: silent_mode, space: input, address: 9, type: uint16, enum: {0: 0, 1: 1}, "
            "absent: 1",
            "1 is a state in enum, and absent as well",
        ),
        (
            "point: current, space: input, address: 9, type: int16, scale_factor_address: 9",
            "the scale factor lies on the value itself",
        ),
        (
            "point: current, space: input, address: 9, type: int32, scale_factor_address: 10",
            "the scale factor lies on the value itself",
        ),
        (
            "point: current, space: input, address: 9, type: int16, scale_factor_address: 1",
            "its scale factor lies on voltage",
        ),
        ("point: current, space: input, address: 9, type: uint16, bit: 15, bits: 2", "outside"),
        ("point: current, space: input, address: 9, type: int16, enum: {1: 1}", "has no enum"),
        ("point: silent_mode, space: input, address: 9, type: uint16, enum: {1: 2}", "no code"),
        ("point: silent_mode, space: input, address: 9, type: bool, unit: V", "has no unit"),
        ("point: current, space: input, address: 9, type: string", "needs its length"),
        ("point: current, space: input, address: 9, type: int16, colour: red", "unknown key"),
        ("point: current, space: input, address: 9, type: int16, absent: x", "absent"),
        (
            "point: supply_setpoint, space: input, address: 9, type: int16, write: {space: coil}",
            "what is read as input cannot be written as coil",
        ),
        (
            "point: supply_setpoint, space: holding, address: 9, type: int16, "
            "write: {min: 60, max: 20}",
            "min 60.0 is above max 20.0",
        ),
        (
            "point: supply_setpoint, space: holding, address: 9, type: int16, "
            "write: {requires: {unit_enabled: 1}}",
            "there is no point 'unit_enabled' in this profile",
        ),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, line: str, problem: str) -> None:
    found = problems_of(tmp_path, HEAD + VOLTAGE + f"  - {{{line}}}\n")
    assert any(problem in text for text in found), found
    assert all(text.startswith("p.yaml:6: points.1") for text in found)


def test_all_mistakes_are_told_in_one_round(tmp_path: Path) -> None:
    """Those of single points, of the head, and between points that are right."""
    lines = (
        "point: current, space: input, address: 9, type: int16, absent: 99999",
        "point: power_factor, space: input, address: 12, type: int16, word_order: big",
        "point: apparent_power, space: input, address: 20, type: int32",
        "point: reactive_power, space: input, address: 21, type: int32",
        "point: grid_frequency, space: input, address: 30, type: int16, colour: red",
    )
    found = problems_of(tmp_path, HEAD + VOLTAGE + "".join(f"  - {{{line}}}\n" for line in lines))
    told = "\n".join(found)
    for part in (
        "p.yaml:6: points.1: absent 99999 is outside int16",
        "p.yaml:7: points.2: word_order has no effect",
        "p.yaml:9: points.4.address: reactive_power lies on the same input addresses as apparent",
        "p.yaml:10: points.5.colour: unknown key",
    ):
        assert part in told, told


def test_a_value_must_fit_in_one_request(tmp_path: Path) -> None:
    text = HEAD.replace("points:", "limits: {registers: 1}\npoints:") + VOLTAGE
    (found,) = problems_of(tmp_path, text)
    assert "p.yaml:6: points.0.address: 2 addresses do not fit" in found


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("point: current, space: input, address: 9, type: int16", "unverified_points.0.why"),
        (
            "point: supply_setpoint, space: holding, address: 9, type: int16, why: a, write: {}",
            "what is not verified is never written",
        ),
        (
            "point: voltage, space: input, address: 1, type: int16, why: a",
            "voltage lies there among the points, where it is certain",
        ),
        (
            "point: current, space: input, address: 9, type: string, length: 120, why: a",
            "120 addresses do not fit",
        ),
    ],
)
def test_a_doubtful_reading_is_checked_as_well(tmp_path: Path, line: str, problem: str) -> None:
    head = HEAD.replace("points:", "limits: {registers: 100}\npoints:")
    found = problems_of(tmp_path, f"{head}{VOLTAGE}unverified_points:\n  - {{{line}}}\n")
    assert any(problem in text for text in found), found
    assert all(text.startswith("p.yaml:8: unverified_points.0") for text in found)


def test_one_register_may_be_read_in_several_ways_but_in_each_only_once(tmp_path: Path) -> None:
    reading = "  - {point: current, space: input, address: 9, type: int16, why: a"
    text = f"{HEAD}{VOLTAGE}unverified_points:\n{reading}}}\n{reading}, scale: 0.1}}\n"
    path = tmp_path / "good.yaml"
    path.write_text(text)
    assert [p.scale for p in load_profile(path).unverified_points] == [1, 0.1]
    (found,) = problems_of(tmp_path, f"{text}{reading}, unit: A}}\n{reading[:-1]}b}}\n")
    assert "unverified_points.3.point: this reading of current is given twice" in found


def test_bit_fields_may_share_a_register(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        HEAD
        + "  - {point: silent_mode, space: holding, address: 7, type: uint16, bit: 0}\n"
        + "  - {point: zones_enabled, space: holding, address: 7, type: uint16, bit: 4, bits: 2}\n"
    )
    assert len(load_profile(path).points) == 2


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="eastron-sdm120, eastron-sdm630"):
        load_profile("eastron-sdm12")


@pytest.mark.parametrize(
    ("field", "catalogue", "value", "expected"),
    [
        ("degF", "Cel", 95.0, 35.0),
        ("kW", "W", 1.08, 1080.0),
        ("m3/h", "l/min", 0.858, 14.3),
        ("l/h", "l/min", 858.0, 14.3),
        ("GJ", "kWh", 3.6, 1000.0),
        ("kPa", "bar", 150.0, 1.5),
        ("psi", "bar", 14.5037738, 1.0),
        ("W", "W", 5.0, 5.0),
    ],
)
def test_conversions(field: str, catalogue: str, value: float, expected: float) -> None:
    factor, offset = conversion(field, catalogue)
    assert value * factor + offset == pytest.approx(expected)


def test_every_conversion_ends_in_a_unit_of_the_catalogue() -> None:
    used = {spec.unit for spec in CATALOGUE["heat_pump"].values()}
    assert {target for target, _ in FIELD_UNITS.values()} <= used


@pytest.mark.parametrize("name", packaged_profiles())
def test_the_json_schema_knows_every_key_in_use(name: str) -> None:
    schema = profile_schema()
    data = profile_source(name).data
    assert schema["additionalProperties"] is False
    assert set(data) <= set(schema["properties"])
    point_keys = set(schema["$defs"]["ProfilePoint"]["properties"])
    assert {key for point in data["points"] for key in point} <= point_keys
    doubtful = data.get("unverified_points", [])
    assert {key for point in doubtful for key in point} <= point_keys | {"why"}


def test_the_json_schema_takes_one_sentinel_or_several() -> None:
    absent = profile_schema()["$defs"]["ProfilePoint"]["properties"]["absent"]
    assert [kind["type"] for kind in absent["anyOf"]] == ["number", "array"]
