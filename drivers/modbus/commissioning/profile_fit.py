"""The fit of a profile: how well it explains what a device answers.

A profile's score is the mean worth of those of its points that were tried:

* 1 for a value that is usual: within the catalogue's range, a state that the profile knows, a
  switch that is on;
* ½ for one that is merely possible: all its registers are zero, or it is within what an instrument
  can measure but not usual, or any register would show such a value, or it is the profile's mark
  for a missing sensor;
* 0 for anything else, above all for an address that the device refuses;

times n / (n + 1) with n points tried, because a small profile fits by chance more easily.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from heatpump_twin.config.catalogue import PointKind, Span
from heatpump_twin.drivers.modbus.commissioning.device_access import PointReading
from heatpump_twin.drivers.modbus.profile.codec import reach
from heatpump_twin.drivers.modbus.profile.profile import Profile, ProfilePoint
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD

SAMPLES = 16
"""Points of a profile that are tried at most."""
GOOD_FIT = 0.5
"""A device that answers zero to everything scores just less."""
_POSSIBLE = 0.5
_SHOWN = 2


@dataclass(slots=True)
class Fit:
    """The fit of a profile to a unit, and the reasons for it."""

    profile: str
    tried: int = 0
    usual: int = 0
    possible: int = 0
    refused: int = 0
    odd: list[str] = field(default_factory=list)
    """Points with values that cannot be, or that the profile does not know."""

    @property
    def score(self) -> float:
        """Score of the fit, between 0 and 1; see the module's description."""
        return (self.usual + _POSSIBLE * self.possible) / (self.tried + 1)

    @property
    def readable(self) -> int:
        """Number of tried points that the device has."""
        return self.tried - self.refused

    @property
    def is_good(self) -> bool:
        """Whether the profile can be the right one."""
        return self.score >= GOOD_FIT

    @property
    def reason(self) -> str:
        """The reasons for the score, in words."""
        parts = [f"of {self.tried} points {self.usual} usual"]
        parts += [f"{self.possible} possible"] if self.possible else []
        parts += [f"{self.refused} refused"] if self.refused else []
        if self.odd:
            more = ", …" if len(self.odd) > _SHOWN else ""
            parts.append(f"{len(self.odd)} odd ({', '.join(self.odd[:_SHOWN])}{more})")
        return ", ".join(parts)

    def refuse(self) -> None:
        """Count a point that the device does not have."""
        self.tried += 1
        self.refused += 1

    def judge(self, profile: Profile, point: ProfilePoint, words: Sequence[int]) -> None:
        """Count a point that the device has as usual, possible or odd, by the words it shows."""
        self.tried += 1
        found = PointReading.of(profile, point, words)
        if found.status == BAD_NO_DATA:
            self.possible += 1
        elif found.status != GOOD or not _is_possible(point, found.value, words):
            raw = " ".join(f"{word:04X}" for word in words)
            shown = f"{found.value:.6g}" if found.status == GOOD else f"raw {raw}"
            self.odd.append(f"{point.point} {shown}")
        # Zeros are what a device shows in registers that it does not use.
        elif any(words) and _is_usual(point, found.value):
            self.usual += 1
        else:
            self.possible += 1


def sampled(profile: Profile) -> list[ProfilePoint]:
    """Choose the points to try: quantities first, because a small number fits any switch."""
    quantities = [point for point in profile.samples if _is_quantity(point)]
    others = [point for point in profile.samples if not _is_quantity(point)]
    chosen = spread(quantities, SAMPLES)
    return chosen + spread(others, SAMPLES - len(chosen))


def spread(points: Sequence[ProfilePoint], count: int) -> list[ProfilePoint]:
    """Pick at most so many of the points, evenly."""
    # Evenly, so that all parts of the profile have a say.
    if len(points) <= count:
        return list(points)
    return [points[i * len(points) // count] for i in range(count)]


def _is_quantity(point: ProfilePoint) -> bool:
    return point.spec.unit not in (None, "1")


def _is_possible(point: ProfilePoint, value: float, words: Sequence[int]) -> bool:
    """Tell whether a value can be: a known state, or within what an instrument can measure."""
    # Every number but 0 decodes to "on"; a register that holds 467 is no switch.
    if point.spec.kind is PointKind.TWO_STATE and not point.enum and point.bit is None:
        return words[0] in (0, 1)
    if point.spec.kind is not PointKind.ANALOG:
        return value in point.spec.codes
    return _within(point.spec.instrument_range or point.spec.range, value)


def _is_usual(point: ProfilePoint, value: float) -> bool:
    """Tell whether a value is one that few other registers would show."""
    if point.spec.kind is not PointKind.ANALOG:
        return point.bit is None
    held = reach(point)
    # Where all that the registers can hold is usual, a usual value proves nothing.
    if held is not None and all(_within(point.spec.range, end) for end in held):
        return False
    return _within(point.spec.range, value)


def _within(span: Span | None, value: float) -> bool:
    return span is None or span[0] <= value <= span[1]
