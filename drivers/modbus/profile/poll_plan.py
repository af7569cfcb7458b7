"""The poll plan: the fewest read requests that a device's limits permit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from heatpump_twin.drivers.modbus.profile.profile import Profile, ProfilePoint, Space


class Part(NamedTuple):
    """A run of addresses that a point has in one table: all of its words, or some of them."""

    point: ProfilePoint
    address: int
    end: int

    @classmethod
    def all_of(cls, point: ProfilePoint) -> Iterator[Part]:
        """Give all parts of a point."""
        return (cls(point, run.start, run.stop) for run in point.parts)


@dataclass(frozen=True, slots=True)
class ReadBlock:
    """The block of addresses of one read request, and the parts of points in it, by address."""

    space: Space
    parts: tuple[Part, ...]

    @property
    def points(self) -> tuple[ProfilePoint, ...]:
        """The points that have a part in the block, each once."""
        return tuple({part.point.point: part.point for part in self.parts}.values())

    @property
    def address(self) -> int:
        """First address of the request."""
        return self.parts[0].address

    @property
    def count(self) -> int:
        """Registers, or bits, of the request."""
        return max(part.end for part in self.parts) - self.address

    def halves(self) -> tuple[ReadBlock, ReadBlock]:
        """Split the block at its widest hole, else in the middle.

        A hole first, because that is what a device most likely refuses: an address it lacks.
        """
        holes = [b.address - a.end for a, b in pairwise(self.parts)]
        widest = max(holes)
        middle = len(self.parts) // 2
        cut = holes.index(widest) + 1 if widest > 0 else middle
        return ReadBlock(self.space, self.parts[:cut]), ReadBlock(self.space, self.parts[cut:])


def lone_blocks(point: ProfilePoint) -> list[ReadBlock]:
    """Return the requests that read one point and nothing else."""
    return [ReadBlock(point.space, (part,)) for part in Part.all_of(point)]


def whole_points(blocks: Sequence[ReadBlock]) -> list[tuple[ProfilePoint, int]]:
    """Return the points of which all parts are in the blocks, and in which block the last one is.

    They are in the order in which they are complete.
    """
    # Nearly all points have one part, so that the order is that of the blocks. Blocks may overlap,
    # as what was a sign of life may lie in one that was answered later: the first counts.
    missing: dict[str, set[int]] = {}
    found = []
    for place, block in enumerate(blocks):
        for point, address, _ in block.parts:
            rest = missing.setdefault(point.point, {run.start for run in point.parts})
            if address in rest:
                rest.remove(address)
                if not rest:
                    found.append((point, place))
    return found


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
        points = [point for point in profile.points if point.space is space]
        known = sorted((part for p in points for part in Part.all_of(p)), key=_by_address)
        blocks += _cover(profile, space, known, [p for p in known if p.point.point in chosen])
    return blocks


def _cover(
    profile: Profile, space: Space, known: Sequence[Part], wanted: Sequence[Part]
) -> list[ReadBlock]:
    barriers = _barriers(known, profile.limits.gap)
    blocks: list[ReadBlock] = []
    open_: list[Part] = []
    for part in wanted:
        if open_ and not _fits(open_, part, profile.limits.of(space), barriers):
            blocks.append(ReadBlock(space, tuple(open_)))
            open_ = []
        open_.append(part)
    return [*blocks, ReadBlock(space, tuple(open_))] if open_ else blocks


def _fits(block: Sequence[Part], part: Part, limit: int, barriers: Sequence[int]) -> bool:
    start = block[0].address
    return part.end - start <= limit and not any(start < b <= part.address for b in barriers)


def _barriers(known: Sequence[Part], gap: int) -> list[int]:
    """Return the addresses behind holes that no request may span."""
    found = []
    # Measured between all points of the profile, wanted or not: the device has those addresses.
    end = known[0].end if known else 0
    for part in known[1:]:
        if part.address - end > gap:
            found.append(part.address)
        end = max(end, part.end)
    return found


def _by_address(part: Part) -> tuple[int, int]:
    return part.address, part.point.bit or 0
