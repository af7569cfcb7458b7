"""The fewest requests that read some points, by trying all: what the poll plan is checked against.

Nothing here knows how the plan is made. A request may be any window of addresses that the device
answers by the definition of its limits, wherever it begins and ends; every point has to lie in one
of the windows; and every way to choose the windows is tried. (It is enough to try, for the first
point that is not covered, all windows that cover it, because one of them must be chosen.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache

from heatpump_twin.drivers.modbus.profile.profile import Profile, Space

Window = tuple[int, int]


def answered(profile: Profile, space: Space) -> Iterator[Window]:
    """Give every window [start, end) of a table that the device answers, by definition.

    It has no more addresses than the limit, and no run of unmapped ones is longer than the gap.
    """
    points = [point for point in profile.points if point.space is space]
    mapped = {address for point in points for run in point.parts for address in run}
    if not mapped:
        return
    behind = max(mapped) + 1
    for start in range(min(mapped), behind):
        hole = 0
        for address in range(start, min(start + profile.limits.of(space), behind)):
            hole = 0 if address in mapped else hole + 1
            if hole > profile.limits.gap:
                break
            yield start, address + 1


def fewest_requests(profile: Profile, wanted: Collection[str]) -> int:
    """Return the smallest number of requests that read all wanted points."""
    return sum(_fewest(profile, space, wanted) for space in Space)


def _fewest(profile: Profile, space: Space, wanted: Collection[str]) -> int:
    chosen = [p for p in profile.points if p.point in wanted and p.space is space]
    runs = [run for point in chosen for run in point.parts]
    choices = {
        frozenset(i for i, r in enumerate(runs) if start <= r.start and r.stop <= end)
        for start, end in answered(profile, space)
    }

    @cache
    def rest(missing: frozenset[int]) -> float:
        if not missing:
            return 0
        first = min(missing, key=lambda i: runs[i].start)
        return min((1 + rest(missing - some) for some in choices if first in some), default=9e9)

    return int(rest(frozenset(range(len(runs)))))
