"""The poll plan covers every point, keeps to the limits, and is minimal."""

from __future__ import annotations

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


def is_permitted(profile: Profile, start: int, end: int) -> bool:
    """Tell from the definition whether the device answers a request for [start, end)."""
    mapped = {a for p in profile.points for a in range(p.address, p.end)}
    hole = 0
    for address in range(start, end):
        hole = 0 if address in mapped else hole + 1
        if hole > profile.limits.gap:
            return False
    return end - start <= profile.limits.registers


def fewest(profile: Profile, wanted: list[str]) -> int:
    """Try every way to split the points, in any request that starts and ends at points."""
    points = [p for p in profile.points if p.point in wanted]

    @cache
    def rest(first: int) -> float:
        if first == len(points):
            return 0
        return min(
            (
                1 + rest(last + 1)
                for last in range(first, len(points))
                if is_permitted(profile, points[first].address, points[last].end)
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
    assert all(is_permitted(profile, b.address, b.address + b.count) for b in blocks)
    assert len(blocks) == fewest(profile, wanted)


REQUESTS = {
    "panasonic-aquarea-hj": (9, 10),
    "eastron-sdm120": (2, 2),
    "eastron-sdm630": (1, 1),
    "kamstrup-multical-403": (1, 1),
    "climate-transmitter": (1, 1),
    "xy-md02": (1, 1),
    "lg-therma-v": (4, 4),
    "panasonic-aquarea-pre-h": (9, 10),
    "nibe-s2125": (13, 15),
    "idm-navigator": (10, 11),
    "stiebel-wpm": (2, 3),
    "thermia-genesis": (4, 6),
    "weishaupt-wab11": (4, 5),
}


@pytest.mark.parametrize("name", packaged_profiles())
def test_requests_of_the_packaged_profiles(name: str) -> None:
    profile = load_profile(name)
    fast = plan(profile, [p for p in profile.samples if p.poll is PollClass.FAST])
    everything = plan(profile, profile.samples)
    assert (len(fast), len(everything)) == REQUESTS[name]
    assert sorted(p.point for b in everything for p in b.points) == sorted(profile.by_name)


def test_a_split_begins_at_the_widest_hole() -> None:
    profile = profile_of([(0, "int16"), (1, "int16"), (4, "int16"), (0, "int16")], 16, 5)
    (block,) = plan(profile, profile.points)
    left, right = block.halves()
    assert [len(left.points), len(right.points)] == [2, 2]
    assert isinstance(left, ReadBlock)
    assert (right.space, right.address, right.count) == (Space.INPUT, 7, 2)
