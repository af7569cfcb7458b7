"""The poll plan covers every point, keeps to the limits, and is minimal."""

from __future__ import annotations

from typing import Any

import pytest
from fewest_requests import answered, fewest_requests
from hypothesis import given, settings
from hypothesis import strategies as st

from heatpump_twin.config.catalogue import CATALOGUE
from heatpump_twin.drivers.modbus.profile.poll_plan import ReadBlock, plan
from heatpump_twin.drivers.modbus.profile.profile import PollClass, Profile, Space
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile, packaged_profiles

ANALOG = [name for name, spec in CATALOGUE["heat_pump"].items() if spec.unit is not None]

SIZES = {"int16": 1, "float32": 2, "int64": 4, "string": 3, "two bits": 1}

# (hole in front, type) of every point, then limits
maps = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(list(SIZES))), min_size=1, max_size=9
).filter(lambda layout: any(kind != "string" for _, kind in layout))


def profile_of(layout: list[tuple[int, str]], registers: int, gap: int) -> Profile:
    points: list[dict[str, Any]] = []
    names, address = iter(ANALOG), 0
    for hole, kind in layout:
        address += hole
        shape: list[dict[str, Any]] = [{"type": kind}]
        if kind == "string":
            shape = [{"type": kind, "length": SIZES[kind]}]
        if kind == "two bits":
            shape = [{"type": "uint16", "bit": bit} for bit in (3, 7)]
        points += [{"point": next(names), "space": "input", "address": address, **s} for s in shape]
        address += SIZES[kind]
    return Profile.model_validate(
        {
            "title": "generated",
            "kind": "transmitter",
            "source": "a test",
            "limits": {"registers": registers, "gap": gap},
            "points": points,
        }
    )


@given(layout=maps, registers=st.integers(4, 16), gap=st.integers(0, 5), data=st.data())
@settings(max_examples=300)
def test_no_plan_has_fewer_requests(
    layout: list[tuple[int, str]], registers: int, gap: int, data: st.DataObject
) -> None:
    profile = profile_of(layout, registers, gap)
    names = [p.point for p in profile.samples]
    wanted = data.draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    blocks = plan(profile, [p for p in profile.points if p.point in wanted])
    assert sorted(p.point for b in blocks for p in b.points) == sorted(wanted)
    windows = set(answered(profile, Space.INPUT))
    assert all((b.address, b.address + b.count) in windows for b in blocks)
    assert len(blocks) == fewest_requests(profile, wanted)


@pytest.mark.parametrize("only_fast", [True, False])
@pytest.mark.parametrize("name", packaged_profiles())
def test_packaged_profiles_are_read_with_the_fewest_requests(name: str, only_fast: bool) -> None:
    profile = load_profile(name)
    wanted = [p for p in profile.samples if p.poll is PollClass.FAST or not only_fast]
    names = {p.point for p in wanted}
    blocks = plan(profile, wanted)
    assert sorted(p.point for b in blocks for p in b.points) == sorted(names)
    windows = {space: set(answered(profile, space)) for space in Space}
    assert all((b.address, b.address + b.count) in windows[b.space] for b in blocks)
    assert len(blocks) == fewest_requests(profile, names)


@pytest.mark.parametrize(
    ("name", "requests"),
    [
        ("panasonic-aquarea-hj", 10),
        ("eastron-sdm120", 2),
        ("eastron-sdm630", 1),
        ("kamstrup-multical-403", 1),
        ("lg-therma-v", 4),
    ],
)
def test_requests_of_the_devices_on_the_packaged_sites(name: str, requests: int) -> None:
    profile = load_profile(name)
    assert len(plan(profile, profile.samples)) == requests


def test_a_split_begins_at_the_widest_hole() -> None:
    profile = profile_of([(0, "int16"), (1, "int16"), (4, "int16"), (0, "int16")], 16, 5)
    (block,) = plan(profile, profile.points)
    left, right = block.halves()
    assert [len(left.points), len(right.points)] == [2, 2]
    assert isinstance(left, ReadBlock)
    assert (right.space, right.address, right.count) == (Space.INPUT, 7, 2)
