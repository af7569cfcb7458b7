"""What the log says of a device's refusals: once for each, and once that it is over."""

from __future__ import annotations

from itertools import pairwise

import structlog

from heatpump_twin.drivers.modbus.driver.learned_blocks import PlannedBlock
from heatpump_twin.drivers.modbus.profile.poll_plan import ReadBlock, plan
from heatpump_twin.drivers.modbus.profile.profile import Profile
from heatpump_twin.drivers.protocol import LinkError

log = structlog.stdlib.get_logger(__name__)


class ReaderLog:
    """The log of one device that is read by a profile."""

    def __init__(self, device: str, profile: Profile) -> None:
        self._device = device
        self._profile = profile

    def absent(self, point: str, error: LinkError) -> None:
        """Say that a point counts as absent."""
        log.warning(
            "point refused again and again: it is asked for now and then",
            device=self._device,
            point=point,
            reason=str(error),
            remedy="if the device has no such register, leave the point out with `skip`",
        )

    def answered(self, point: str) -> None:
        """Say that a point that counted as absent is answered."""
        log.info("point answers again", device=self._device, point=point)

    def divided(self, block: PlannedBlock) -> None:
        """Say in which parts a block is read, and what to write so that it is planned so."""
        log.warning(
            "registers are not answered in one request: they are read in parts",
            device=self._device,
            registers=span_of(block.whole),
            parts=[span_of(part) for part in block.parts],
            reason=str(block.reason),
            remedy=division_remedy(self._profile, block),
        )

    def healed(self, block: PlannedBlock) -> None:
        """Say that a block is answered as a whole again."""
        log.info(
            "registers are answered in one request again",
            device=self._device,
            registers=span_of(block.whole),
        )


def division_remedy(profile: Profile, block: PlannedBlock) -> str:
    """Return what a person can write so that a block is planned as it is answered."""
    limits = limits_for(profile, block)
    if limits:
        return f"write limits: {limits} into the profile, or into `adapt` of the device"
    return "leave out with `skip` what the device does not have"


def limits_for(profile: Profile, block: PlannedBlock) -> str:
    """Return the limits by which a block would be planned in parts that are answered.

    Empty: there are none, as where one register in the middle is refused.
    """
    space = block.whole.space
    count = max((part.count for part in block.parts), default=0)
    gap = max((hole for part in block.parts for hole in _holes(part)), default=0)
    name = "bits" if space.of_bits else "registers"
    for limits in ({"gap": gap}, {name: count}, {name: count, "gap": gap}):
        tighter = profile.limits.model_copy(update=limits)
        planned = plan(profile.model_copy(update={"limits": tighter}), block.whole.points)
        inside = [part for part in planned if is_within(part, block.whole)]
        if count and all(any(is_within(p, part) for part in block.parts) for p in inside):
            return "{" + ", ".join(f"{key}: {value}" for key, value in limits.items()) + "}"
    return ""


def is_within(block: ReadBlock, other: ReadBlock) -> bool:
    """Tell whether the addresses of a block are among those of another."""
    if block.space is not other.space or block.address < other.address:
        return False
    return block.address + block.count <= other.address + other.count


def _holes(block: ReadBlock) -> list[int]:
    return [max(0, b.address - a.end) for a, b in pairwise(block.parts)]


def span_of(block: ReadBlock) -> str:
    """Return table and addresses of a block, as people write them."""
    end = block.address + block.count - 1
    return f"{block.space} {block.address}" + (f" to {end}" if end > block.address else "")
