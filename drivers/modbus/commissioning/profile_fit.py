"""The fit of a profile: how well it explains what a device answers.

A profile's score is the mean worth of those of its points that were tried:

* 1 for a value that is usual: within the catalogue's range, a state that the profile knows, a
  switch that is on;
* ½ for one that is merely possible: all its registers are zero, or it is within what an instrument
  can measure but not usual, or any register would show such a value, or it is the profile's mark
  for a missing sensor;
* 0 for anything else: an address that the device refuses, a zero where no zero can be, a value that
  contradicts another one (water that leaves the heat pump far colder than it enters);

times n / (n + 1) with n points tried, because a small profile fits by chance more easily.

A score ranks the profiles; it does not prove one. `Fit.is_good` also asks that few points
contradict, and that the device does not show much that the profile knows nothing of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from heatpump_twin.config.catalogue import PointKind, Span
from heatpump_twin.drivers.modbus.commissioning.device_access import PointReading
from heatpump_twin.drivers.modbus.profile.codec import reach
from heatpump_twin.drivers.modbus.profile.profile import Profile, ProfilePoint
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD

_T = TypeVar("_T")

RELATIONS = (
    ("return_temperature", "supply_temperature", 8.0),  # in cooling and defrost it may be
    ("supply_temperature", "return_temperature", 30.0),
    ("meter_return_temperature", "meter_supply_temperature", 8.0),
    ("meter_supply_temperature", "meter_return_temperature", 40.0),
    ("source_outlet_temperature", "source_inlet_temperature", 15.0),
    ("source_inlet_temperature", "source_outlet_temperature", 25.0),
    ("low_pressure", "high_pressure", 1.0),
    ("supply_temperature", "discharge_temperature", 15.0),
    ("supply_setpoint_min", "supply_setpoint_max", 0.0),
    ("dhw_setpoint_min", "dhw_setpoint_max", 0.0),
    ("electrical_power", "apparent_power", 20.0),
)
"""Of two values the first may be above the second by so much at most, in their unit."""
SAMPLES = 16
"""Points of a profile that are tried at most."""
GOOD_FIT = 0.5
"""A device that answers zero to everything scores just less."""
_POSSIBLE = 0.5
_SHOWN = 2
_CONTRADICTIONS = 0.25
"""Share of the tried points that may contradict a profile that is right."""
_PROOF = 0.3
"""Share of the tried points that have to be usual."""
_NEXT_TO_NOTHING = 1e-9
_SMALL = 8
"""A profile with fewer points tried has to explain most of what the device shows."""


@dataclass(slots=True)
class Fit:
    """The fit of a profile to a unit, and the reasons for it."""

    profile: str
    tried: int = 0
    usual: int = 0
    possible: int = 0
    refused: int = 0
    missing: int = 0
    """Points whose registers are zero where no zero can be: the device does not use them."""
    odd: list[str] = field(default_factory=list)
    """Points with values that cannot be, that the profile does not know, or that contradict."""
    unexplained: int = 0
    """Places that the device shows something at, of which the profile knows nothing."""
    values: dict[str, float] = field(default_factory=dict)
    """Values of the points that can be, by name."""

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
        """Whether the profile explains the device, as hardly another one would by chance."""
        against = self.refused + self.missing + len(self.odd)
        most = 2 * self.tried if self.tried >= _SMALL else max(2, self.tried // 2)
        return (
            self.score >= GOOD_FIT
            and against <= _CONTRADICTIONS * self.tried
            and self.usual >= max(2, _PROOF * self.tried)
            and self.usual > 2 * against
            and self.unexplained <= most
        )

    @property
    def reason(self) -> str:
        """The reasons for the score, in words."""
        parts = [f"of {self.tried} points {self.usual} usual"]
        parts += [f"{self.possible} possible"] if self.possible else []
        parts += [f"{self.refused} refused"] if self.refused else []
        parts += [f"{self.missing} not in use"] if self.missing else []
        if self.odd:
            more = ", …" if len(self.odd) > _SHOWN else ""
            parts.append(f"{len(self.odd)} odd ({', '.join(self.odd[:_SHOWN])}{more})")
        if self.unexplained > self.tried:
            parts.append(f"{self.unexplained} other places are in use")
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
        elif not any(words):
            can_be = point.spec.kind is not PointKind.ANALOG or _within(point.spec.range, 0.0)
            self.possible += can_be
            self.missing += not can_be
        else:
            self.values[point.point] = found.value
            usual = _is_usual(point, found.value)
            self.usual += usual
            self.possible += not usual

    def relate(self) -> None:
        """Take back what was granted to values that contradict one another."""
        for low, high, most in RELATIONS:
            if low not in self.values or high not in self.values:
                continue
            excess = self.values[low] - self.values[high]
            if excess > most:
                self.usual -= 1
                self.odd.append(f"{low} is {excess:.4g} above {high}")


def sampled(profile: Profile) -> list[ProfilePoint]:
    """Choose the points to try: quantities first, because a small number fits any switch."""
    quantities = [point for point in profile.samples if _is_quantity(point)]
    others = [point for point in profile.samples if not _is_quantity(point)]
    chosen = spread(quantities, SAMPLES)
    return chosen + spread(others, SAMPLES - len(chosen))


def spread(points: Sequence[_T], count: int) -> list[_T]:
    """Pick at most so many of the points or places, evenly."""
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
    # Two small integers, read as one float, are next to nothing.
    if point.type.is_float and 0 < abs(value) < _NEXT_TO_NOTHING:
        return False
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
