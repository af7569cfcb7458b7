"""Layouts, rounding and meanings of single values."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatpump_twin.drivers.modbus.profile.block_decoder import BlockDecoder
from heatpump_twin.drivers.modbus.profile.codec import PointCodec, text
from heatpump_twin.drivers.modbus.profile.number_format import EncodeError
from heatpump_twin.drivers.modbus.profile.poll_plan import ReadBlock, plan, whole_points
from heatpump_twin.drivers.modbus.profile.profile import Profile, Space
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile, packaged_profiles
from heatpump_twin.drivers.status import BAD_NO_DATA, BAD_OUT_OF_RANGE, BAD_SENSOR_FAILURE, GOOD


def profile_with(**point: object) -> Profile:
    point = {"point": "electrical_energy", "space": "holding", "address": 0, **point}
    return Profile.model_validate(
        {"title": "t", "kind": "transmitter", "source": "a test", "points": [point]}
    )


def codec_of(**point: object) -> PointCodec:
    profile = profile_with(**point)
    return PointCodec.of(profile, profile.points[0])


@pytest.mark.parametrize(
    ("point", "words", "value"),
    [
        ({"type": "int16"}, [0xFFFE], -2),
        ({"type": "uint16"}, [0xFFFE], 65534),
        ({"type": "int32"}, [0xFFFF, 0xFFFE], -2),
        ({"type": "int32", "word_order": "little"}, [0xFFFE, 0xFFFF], -2),
        ({"type": "uint32"}, [1, 2], 65538),
        ({"type": "uint32", "word_order": "little"}, [2, 1], 65538),
        ({"type": "uint32", "byte_order": "little"}, [0x0100, 0x0200], 65538),
        (
            {"type": "uint32", "byte_order": "little", "word_order": "little"},
            [0x0200, 0x0100],
            65538,
        ),
        ({"type": "int64"}, [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE], -2),
        ({"type": "uint64", "word_order": "little"}, [2, 1, 0, 0], 65538),
        ({"type": "float32"}, [0x42F6, 0xE979], 123.456),
        ({"type": "float32", "word_order": "little"}, [0xE979, 0x42F6], 123.456),
        ({"type": "float64"}, [0x405E, 0xDD2F, 0x1A9F, 0xBE77], 123.456),
        ({"type": "uint16", "bit": 4, "bits": 3}, [0b0101_1010_0110_1111], 0b110),
        ({"type": "uint32", "radix": 1000}, [12, 345], 12345),  # MWh and kWh apart
        ({"type": "uint32", "radix": 1000, "word_order": "little"}, [345, 12], 12345),
        ({"type": "uint16", "unit": "MWh"}, [3], 3000),
        ({"type": "uint16", "unit": "Wh", "scale": 10}, [250], 2.5),
    ],
)
def test_words_become_values_and_go_back(
    point: dict[str, object], words: list[int], value: float
) -> None:
    codec = codec_of(**point)
    assert codec.decode(words) == (pytest.approx(value, rel=1e-7), GOOD)
    if "bit" not in point:
        assert codec.encode_read(value) == words


def test_write_word_order_differs_from_reading() -> None:
    codec = codec_of(type="uint32", word_order="little", write_word_order="big", write={})
    assert codec.encode_read(65538) == [2, 1]
    assert codec.encode(65538) == [1, 2]


@pytest.mark.parametrize(
    ("point", "words", "status"),
    [
        ({"type": "int16", "absent": 0x8000}, [0x8000], BAD_NO_DATA),
        ({"type": "int16", "absent": -1}, [0xFFFF], BAD_NO_DATA),
        ({"type": "uint16", "absent": [255, 65535]}, [255], BAD_NO_DATA),
        ({"type": "float32", "absent": -1}, [0xBF80, 0], BAD_NO_DATA),
        ({"type": "float32", "absent": -300}, [0xC396, 0], BAD_NO_DATA),
        ({"type": "int16", "absent": 32766}, [0x7FFE], BAD_NO_DATA),
        ({"type": "int16", "absent": -200, "scale": 0.1}, [0xFF38], BAD_NO_DATA),
        ({"type": "float32"}, [0x7FC0, 0], BAD_SENSOR_FAILURE),
        ({"type": "float32"}, [0x7F80, 0], BAD_SENSOR_FAILURE),
        ({"type": "float32", "scale": 1e300}, [0x7F7F, 0xFFFF], BAD_SENSOR_FAILURE),
        ({"type": "float64", "unit": "MWh"}, [0x7FEF, 0xFFFF, 0xFFFF, 0xFFFF], BAD_SENSOR_FAILURE),
        (
            {"point": "operating_mode", "type": "uint16", "enum": {4: 1}},
            [5],
            BAD_OUT_OF_RANGE,
        ),
    ],
)
def test_what_is_not_a_number_is_bad(
    point: dict[str, object], words: list[int], status: int
) -> None:
    value, found = codec_of(**point).decode(words)
    assert math.isnan(value)
    assert found == status


@pytest.mark.parametrize(
    ("point", "value"),
    [
        ({"type": "int16", "scale": 0.1}, 3276.8),
        ({"type": "uint16"}, -1),
        ({"type": "int16", "absent": 0x8000}, -32768),
        ({"type": "float32"}, math.nan),
        ({"type": "float32"}, 1e39),
        ({"type": "int16", "scale": 1e-9}, 1e300),
        ({"point": "operating_mode", "type": "uint16", "enum": {4: 1}}, 2),
        ({"point": "unit_enabled", "type": "bool"}, 0.5),
        ({"type": "uint32", "radix": 1000}, 1000 * 1000),
    ],
)
def test_what_does_not_fit_is_not_encoded(point: dict[str, object], value: float) -> None:
    with pytest.raises(EncodeError):
        codec_of(**point).encode(value)


@given(value=st.floats(-3000, 3000), scale=st.sampled_from([0.01, 0.1, 0.5, 1.0]))
def test_rounding_is_to_the_nearest_step(value: float, scale: float) -> None:
    codec = codec_of(type="int32", scale=scale)
    assert codec.rounded(value) == pytest.approx(value, abs=scale / 2 + 1e-9)
    assert codec.rounded(codec.rounded(value)) == codec.rounded(value)


KINDS = ["int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]
ORDER = st.sampled_from(["big", "little"])


@given(
    kinds=st.lists(st.tuples(st.sampled_from(KINDS), ORDER, ORDER), min_size=1, max_size=6),
    absent=st.sampled_from([(), (0x8000,), (127, 255)]),
    scale=st.sampled_from([0.1, 1e4, 1e300]),
    data=st.data(),
)
@settings(max_examples=300)
def test_a_block_is_decoded_like_its_points_one_by_one(
    kinds: list[tuple[str, str, str]], absent: tuple[int, ...], scale: float, data: st.DataObject
) -> None:
    """The same values and statuses, a number for each that is good, and never a NumPy warning."""
    names = [
        "voltage",
        "current",
        "electrical_energy",
        "heat_energy",
        "heat_volume",
        "room_humidity",
    ]
    points, address = [], 0
    for name, (kind, word_order, byte_order) in zip(names, kinds, strict=False):
        order = {"byte_order": byte_order}
        if not kind.endswith("16"):
            order["word_order"] = word_order
        points.append(
            {
                "point": name,
                "space": "input",
                "address": address,
                "type": kind,
                "scale": scale,
                "absent": absent,
                **order,
            }
        )
        address += int(kind.lstrip("uintfloa")) // 16
    profile = Profile.model_validate(
        {"title": "t", "kind": "transmitter", "source": "a test", "points": points}
    )
    (block,) = plan(profile, profile.points)
    wire = data.draw(st.binary(min_size=2 * block.count, max_size=2 * block.count))
    values, statuses = BlockDecoder(profile, [block]).decode(wire)
    words = struct.unpack(f">{block.count}H", wire)
    for i, point in enumerate(block.points):
        value, status = PointCodec.of(profile, point).decode(words[point.address : point.end])
        assert statuses[i] == status
        np.testing.assert_equal(values[i], value)
        assert math.isfinite(value) == (status == GOOD)


@given(data=st.data())
@settings(max_examples=100)
def test_responses_are_decoded_together_like_one_by_one(data: st.DataObject) -> None:
    """Bits, bit fields, split counters and numbers of every packaged profile, in their blocks."""
    profile = load_profile(data.draw(st.sampled_from(packaged_profiles())))
    blocks = plan(profile, profile.samples)
    sizes = [block.space.octets(block.count) for block in blocks]
    answers = [data.draw(st.binary(min_size=size, max_size=size)) for size in sizes]
    values, statuses = BlockDecoder(profile, blocks).decode(b"".join(answers))
    held: dict[tuple[Space, int], int] = {}
    for block, answer in zip(blocks, answers, strict=True):
        for offset in range(block.count):
            word = answer[2 * offset : 2 * offset + 2]
            bit = answer[offset // 8] >> offset % 8 & 1
            held[block.space, block.address + offset] = (
                bit if block.space.of_bits else int.from_bytes(word, "big")
            )
    points = [point for point, _ in whole_points(blocks)]
    assert sorted(point.point for point in points) == sorted(p.point for p in profile.samples)
    for point, value, status in zip(points, values, statuses, strict=True):
        words = [held[point.space, address] for run in point.parts for address in run]
        np.testing.assert_equal(
            (value, status), PointCodec.of(profile, point).decode(words), point.point
        )


def test_bits_of_a_coil_response() -> None:
    profile = Profile.model_validate(
        {
            "title": "t",
            "kind": "transmitter",
            "source": "a test",
            "limits": {"gap": 9},
            "points": [
                {"point": "unit_enabled", "space": "coil", "address": 100, "type": "bool"},
                {"point": "silent_mode", "space": "coil", "address": 109, "type": "bool"},
            ],
        }
    )
    (block,) = plan(profile, profile.points)
    assert isinstance(block, ReadBlock)
    values, _ = BlockDecoder(profile, [block]).decode(bytes([0b0000_0000, 0b0000_0010]))
    assert values.tolist() == [0, 1]


def test_text_ends_at_its_padding() -> None:
    assert text([0x4157, 0x3132, 0x2000, 0x4141]) == "AW12"


@pytest.mark.parametrize(("word", "value", "status"), [
    (0x8000, math.nan, BAD_NO_DATA),
    (0x8001, 1.0, GOOD),
    (0x0001, 1.0, GOOD),
    (0x0000, 0.0, GOOD),
])  # fmt: skip
def test_a_bit_of_a_register_that_is_not_there_is_not_off(
    word: int, value: float, status: int
) -> None:
    profile = profile_with(
        point="dhw_heating", type="uint16", bit=0, absent=0x8000, space="input", address=2500
    )
    codec = PointCodec.of(profile, profile.points[0])
    np.testing.assert_equal(codec.decode([word]), (value, status))
    (block,) = plan(profile, profile.points)
    values, statuses = BlockDecoder(profile, [block]).decode(struct.pack(">H", word))
    np.testing.assert_equal((values[0], statuses[0]), (value, status))
    assert codec.absent_words() == [0x8000]
