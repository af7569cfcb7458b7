"""The poll plan: the fewest read requests that a device's limits permit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from heatpump_twin.drivers.modbus.profile.profile import Profile, ProfilePoint, Space


@dataclass(frozen=True, slots=True)
class ReadBlock:
    """The block of addresses of one read request, and the points it is for, by address."""

    space: Space
    points: tuple[ProfilePoint, ...]

    @property
    def address(self) -> int:
        """First address of the request."""
        return self.points[0].address

    @property
    def count(self) -> int:
        """Registers, or bits, of the request."""
        return max(point.end for point in self.points) - self.address

    def halves(self) -> tuple[ReadBlock, ReadBlock]:
        """Split the block at its widest hole, else in the middle.

        A hole first, because that is what a device most likely refuses: an address it lacks.
        """
        holes = [b.address - a.end for a, b in pairwise(self.points)]
        widest = max(holes)
        middle = len(self.points) // 2
        cut = holes.index(widest) + 1 if widest > 0 else middle
        return ReadBlock(self.space, self.points[:cut]), ReadBlock(self.space, self.points[cut:])


def plan(profile: Profile, wanted: Iterable[ProfilePoint]) -> list[ReadBlock]:
    """Cover the wanted points with as few requests as possible.

    A request starts at the first point that is not covered yet and takes in what it can. That is
    minimal: a request must start there or before, starting before reaches less far, and whatever
    a longer request covers, its tail alone is permitted too.

    A request may run across the profile's other points, which the device is known to have, and
    across holes of at most ``limits.gap`` addresses.
    """
    chosen = {point.point for point in wanted}
    blocks = []
    for space in Space:  # each table has a function code of its own, so that no request spans two
        known = sorted((p for p in profile.points if p.space is space), key=_by_address)
        blocks += _cover(profile, space, known, [p for p in known if p.point in chosen])
    return blocks


def _cover(
    profile: Profile, space: Space, known: Sequence[ProfilePoint], wanted: Sequence[ProfilePoint]
) -> list[ReadBlock]:
    barriers = _barriers(known, profile.limits.gap)
    blocks: list[ReadBlock] = []
    open_: list[ProfilePoint] = []
    for point in wanted:
        if open_ and not _fits(open_, point, profile.limits.of(space), barriers):
            blocks.append(ReadBlock(space, tuple(open_)))
            open_ = []
        open_.append(point)
    return [*blocks, ReadBlock(space, tuple(open_))] if open_ else blocks


def _fits(
    block: Sequence[ProfilePoint], point: ProfilePoint, limit: int, barriers: Sequence[int]
) -> bool:
    start = block[0].address
    return point.end - start <= limit and not any(start < b <= point.address for b in barriers)


def _barriers(known: Sequence[ProfilePoint], gap: int) -> list[int]:
    """Return the addresses behind holes that no request may span."""
    found = []
    # Measured between all points of the profile, wanted or not: the device has those addresses.
    end = known[0].end if known else 0
    for point in known[1:]:
        if point.address - end > gap:
            found.append(point.address)
        end = max(end, point.end)
    return found


def _by_address(point: ProfilePoint) -> tuple[int, int]:
    return point.address, point.bit or 0
