"""A value is the number that the device means: the float nearest to it, with no noise behind."""

from __future__ import annotations

import struct
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatpump_twin.config.catalogue import CATALOGUE
from heatpump_twin.drivers.modbus.profile.block_decoder import BlockDecoder
from heatpump_twin.drivers.modbus.profile.codec import PointCodec
from heatpump_twin.drivers.modbus.profile.poll_plan import plan
from heatpump_twin.drivers.modbus.profile.profile import Profile
from heatpump_twin.drivers.status import GOOD


def profile_with(**point: object) -> Profile:
    place = {"point": "electrical_energy", "space": "holding", "address": 0, **point}
    return Profile.model_validate(
        {"title": "t", "kind": "transmitter", "source": "a test", "points": [place]}
    )


def both_ways(profile: Profile, words: list[int]) -> float:
    """Return the value of the only point, which the two decoders agree on to the bit."""
    alone, status = PointCodec.of(profile, profile.points[0]).decode(words)
    together, _ = BlockDecoder(profile, plan(profile, profile.points)).decode(
        struct.pack(f">{len(words)}H", *words)
    )
    assert status == GOOD
    assert together[0] == alone
    return alone


SCALES = ["0.1", "0.01", "0.001", "0.5", "0.05", "0.25", "0.2", "0.02", "2", "10", "0.0625", "1.5"]
SCALES += ["0.9", "0.00390625", "-0.1", "0.3"]
OFFSETS = ["0", "-30", "-22.5", "0.1", "-273.15", "100"]


@given(
    raw=st.integers(-(2**31), 2**31 - 1),
    scale=st.sampled_from(SCALES),
    off=st.sampled_from(OFFSETS),
)
def test_a_value_is_the_decimal_that_scale_and_offset_make(raw: int, scale: str, off: str) -> None:
    profile = profile_with(type="int32", scale=float(scale), offset=float(off))
    pattern = raw % 2**32
    value = both_ways(profile, [pattern >> 16, pattern & 0xFFFF])
    assert value == float(Decimal(raw) * Decimal(scale) + Decimal(off))
    # And back: what was read can be written as it was.
    codec = PointCodec.of(profile, profile.points[0])
    assert codec.raw(value) == raw


@given(raw=st.integers(0, 65535))
def test_a_unit_is_converted_without_noise(raw: int) -> None:
    assert both_ways(profile_with(type="uint16", unit="Wh"), [raw]) == raw / 1000
    flow = profile_with(point="water_flow", type="uint16", unit="l/h", scale=0.1)
    assert both_ways(flow, [raw]) == float(Fraction(raw, 600))
    warm = profile_with(point="outdoor_temperature", type="uint16", unit="degF", scale=0.1)
    assert both_ways(warm, [raw]) == float((Fraction(raw, 10) - 32) * 5 / 9)


def test_scale_and_offset_together() -> None:
    outdoor = {"point": "outdoor_temperature", "type": "uint16"}
    assert both_ways(profile_with(**outdoor, scale=0.9, offset=-22, unit="degF"), [100]) == 20.0
    assert both_ways(profile_with(**outdoor, scale=0.5, offset=-30), [47]) == -6.5


def test_the_number_of_a_display() -> None:
    assert both_ways(profile_with(type="uint16", scale=0.1), [449]) == 44.9
    assert both_ways(profile_with(type="int16", scale=0.1), [0x10000 - 73]) == -7.3


@pytest.mark.parametrize(
    ("point", "decimals"),
    [
        ({"type": "int16", "scale": 0.1, "unit": "degC"}, 1),
        ({"type": "int16", "scale": 0.5, "unit": "degC"}, 1),
        ({"type": "int16", "scale": 0.25, "unit": "degC"}, 2),
        ({"type": "int16", "scale": 0.0625, "unit": "degC"}, 4),
        ({"type": "int16", "unit": "degC"}, 0),
        ({"type": "int16", "scale": 5, "unit": "degC"}, 0),
        ({"type": "float32", "unit": "degC"}, None),
        ({"point": "electrical_energy", "type": "uint32", "unit": "Wh"}, 3),
        ({"point": "electrical_energy", "type": "uint32", "unit": "MWh", "scale": 0.1}, 0),
        ({"point": "water_flow", "type": "uint16", "unit": "l/h"}, 2),
        ({"point": "electrical_power", "type": "int16", "scale_factor_address": 9}, None),
        ({"point": "unit_enabled", "type": "uint16"}, None),
    ],
)
def test_the_step_of_the_registers_decides_the_decimals(
    point: dict[str, object], decimals: int | None
) -> None:
    profile = profile_with(**{"point": "outdoor_temperature", **point})
    assert profile.points[0].spec.decimals == decimals


def test_of_several_states_at_once_each_has_its_text() -> None:
    codes = CATALOGUE["heat_pump"]["active_functions"].codes
    assert codes[5] == "Heating, Hot water"
    assert codes[0] == "None"
    assert codes[8] == "Defrost"
    assert len(codes) == 16
