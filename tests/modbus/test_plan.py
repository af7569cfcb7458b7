"""The poll plan covers every point, keeps to the limits, and is minimal."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatpump_twin.config.catalogue import CATALOGUE
from heatpump_twin.drivers.modbus.load import load_profile, packaged_profiles
from heatpump_twin.drivers.modbus.plan import ReadBlock, plan
from heatpump_twin.drivers.modbus.profile import PollClass, Profile, Space

ANALOG = [name for name, spec in CATALOGUE["heat_pump"].items() if spec.unit is not None]

# (hole in front, type) of every point, then limits
maps = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(["int16", "float32", "int64"])),
    min_size=1,
    max_size=8,
)


def profile_of(layout: list[tuple[int, str]], registers: int, gap: int) -> Profile:
    points, address = [], 0
    for name, (hole, kind) in zip(ANALOG, layout, strict=False):
        address += hole
        points.append({"point": name, "space": "input", "address": address, "type": kind})
        address += {"int16": 1, "float32": 2, "int64": 4}[kind]
    return Profile.model_validate(
        {
            "title": "generated",
            "kind": "transmitter",
            "source": "a test",
            "limits": {"registers": registers, "gap": gap},
            "points": points,
        }
    )


def is_permitted(profile: Profile, space: Space, start: int, end: int) -> bool:
    """Tell from the definition whether the device answers a request for [start, end)."""
    mapped = {a for p in profile.points if p.space is space for a in range(p.address, p.end)}
    hole = 0
    for address in range(start, end):
        hole = 0 if address in mapped else hole + 1
        if hole > profile.limits.gap:
            return False
    return end - start <= profile.limits.of(space)


def fewest(profile: Profile, space: Space, wanted: Collection[str]) -> int:
    """Try every way to split the points, in any request that starts and ends at points."""
    points = [p for p in profile.points if p.point in wanted and p.space is space]
    points.sort(key=lambda p: p.address)

    @cache
    def rest(first: int) -> float:
        if first == len(points):
            return 0
        return min(
            (
                1 + rest(last + 1)
                for last in range(first, len(points))
                if is_permitted(profile, space, points[first].address, points[last].end)
            ),
            default=float("inf"),
        )

    return int(rest(0))


@given(layout=maps, registers=st.integers(4, 16), gap=st.integers(0, 5), data=st.data())
@settings(max_examples=300, deadline=None)
def test_no_plan_has_fewer_requests(
    layout: list[tuple[int, str]], registers: int, gap: int, data: st.DataObject
) -> None:
    profile = profile_of(layout, registers, gap)
    names = [p.point for p in profile.points]
    wanted = data.draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    blocks = plan(profile, [p for p in profile.points if p.point in wanted])
    assert sorted(p.point for b in blocks for p in b.points) == sorted(wanted)
    for b in blocks:
        assert is_permitted(profile, b.space, b.address, b.address + b.count)
    assert len(blocks) == fewest(profile, Space.INPUT, wanted)


@pytest.mark.parametrize("only_fast", [True, False])
@pytest.mark.parametrize("name", packaged_profiles())
def test_packaged_profiles_are_read_with_the_fewest_requests(name: str, only_fast: bool) -> None:
    profile = load_profile(name)
    wanted = [p for p in profile.samples if p.poll is PollClass.FAST or not only_fast]
    names = {p.point for p in wanted}
    blocks = plan(profile, wanted)
    assert sorted(p.point for b in blocks for p in b.points) == sorted(names)
    assert len(blocks) == sum(fewest(profile, space, names) for space in Space)


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
