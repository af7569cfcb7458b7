"""Which values a point takes, and what a person is told of one that it does not take.

Whoever takes a value for a point (a method, a Write, a program, a driver) asks here, so that it is
the same everywhere what is refused, and how it is said.
"""

from __future__ import annotations

from dataclasses import dataclass

from heatpump_twin.config.catalogue import UNITS, PointKind, PointSpec, Span
from heatpump_twin.config.phrase import Phrase, joined
from heatpump_twin.drivers.status import BAD_OUT_OF_RANGE


@dataclass(frozen=True, slots=True)
class RangeRefusal:
    """Why a value is not written."""

    status: int
    """OPC UA status."""
    message: str
    """One sentence for a person: what can be asked for."""


def out_of_range(
    spec: PointSpec, limits: Span, value: float, name: str = ""
) -> RangeRefusal | None:
    """Say why a value cannot be asked for; None: it can.

    Parameters
    ----------
    limits, value
        In the point's unit.
    name : str
        What the person calls the value; default: the point's title.
    """
    if spec.kind is PointKind.ANALOG:
        taken = limits[0] <= value <= limits[1]  # NaN is not
    else:
        taken = value in codes_within(spec, limits)
    if taken:
        return None
    words = Phrase(
        "{point} takes {span}, not {value}.",
        point=name or spec.title,
        span=range_words(spec, limits),
        value=value,
    )
    return RangeRefusal(BAD_OUT_OF_RANGE, words)


def range_words(spec: PointSpec, limits: Span) -> Phrase:
    """Return what a point takes: ``20 to 55 °C``, ``1 Heating, 3 Hot water``."""
    if spec.kind is not PointKind.ANALOG:
        codes = codes_within(spec, limits).items()
        return joined(", ", [Phrase("{code} {name}", code=code, name=text) for code, text in codes])
    symbol = UNITS[spec.unit].symbol if spec.unit is not None else ""
    low, high = limits
    if not symbol:
        return Phrase("{low} to {high}", low=low, high=high)
    return Phrase("{low} to {high} {unit}", low=low, high=high, unit=symbol)


def codes_within(spec: PointSpec, limits: Span) -> dict[int, str]:
    """Return the codes of a point that can be asked for, with their texts."""
    low, high = limits
    return {code: text for code, text in spec.codes.items() if low <= code <= high}
