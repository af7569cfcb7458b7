"""Tell a server that answers any request with something from a device that has registers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from heatpump_twin.drivers.modbus.commissioning.device_access import RegisterSpan
from heatpump_twin.drivers.modbus.profile.profile import Space

SampledWords = tuple[int, ...]

WILD = tuple(
    RegisterSpan(space, address, 1)
    for space in (Space.HOLDING, Space.INPUT)
    for address in (9973, 27644, 39119, 58231)
)
"""Places at which no device of ours has anything."""
_ENOUGH = 6
"""Places from which a pattern can be told."""
_MOST = 0.6
"""Share of the places that have to follow it."""
_MOVED = 0.2
"""Change of a register between two reads, as a share of its value, which is no measured one."""


def any_address(wild: Mapping[RegisterSpan, SampledWords | None]) -> str:
    """Say that a server shows something at places where no device has anything; empty: it is not.

    Zeros do not count: many devices show them in registers that they do not have.
    """
    shown = sum(words is not None and any(words) for words in wild.values())
    if shown < 2:
        return ""
    return f"it shows something at any address ({shown} of {len(wild)} that no device has)"


def pattern(known: Mapping[RegisterSpan, SampledWords | None]) -> str:
    """Say which pattern the registers follow; empty: none."""
    for space in (Space.HOLDING, Space.INPUT):
        words = {
            place.address: read[0]
            for place, read in known.items()
            if place.space is space and read and place.size == 1
        }
        for place, read in known.items():
            if place.space is space and read and place.size > 1:
                words |= dict(
                    zip(range(place.address, place.address + place.size), read, strict=True)
                )
        if said := _pattern(words):
            return f"its {space} registers {said}"
    return ""


def noise(first: Sequence[SampledWords], second: Sequence[SampledWords]) -> str:
    """Say that most of what was read twice has changed as no measured value does."""
    moved = sum(
        abs(a[0] - b[0]) > max(5, _MOVED * max(a[0], b[0]))
        for a, b in zip(first, second, strict=True)
        if len(a) == 1
    )
    singles = sum(len(a) == 1 for a in first)
    if singles < _ENOUGH or moved <= singles / 2:
        return ""
    return f"{moved} of {singles} registers are quite another number from one read to the next"


def _pattern(words: Mapping[int, int]) -> str:
    if len(words) < _ENOUGH:
        return ""
    (value, times), *_ = Counter(words.values()).most_common(1)
    # A mark for what is missing may be everywhere; a number of its own is not.
    if times > _MOST * len(words) and value not in (0, 0x7FFF, 0x8000, 0xFFFF):
        return f"all hold {value}"
    places = sorted(words)
    slopes = Counter(
        (words[b] - words[a]) / (b - a) for a, b in pairwise(places) if words[a] != words[b]
    )
    if slopes:
        (slope, times), *_ = slopes.most_common(1)
        if times > _MOST * (len(places) - 1):
            return f"count up with the address, by {slope:g} each"
    return ""
