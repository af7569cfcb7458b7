"""Units of what stands in a condition: worked out when a pack is read, so that none is mixed up.

A unit is a scale and powers of base quantities, as in any textbook on dimensions. Two things are
particular. A number that is written down takes any unit: ``supply_temperature > 55``. And a
temperature in °C is a place on a scale, one in K is a distance: °C less °C is K, °C and K make °C,
and °C and °C make nothing, but half of it does: ``(supply_temperature + return_temperature) / 2``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from heatpump_twin.config.catalogue import UNITS, PointSpec
from heatpump_twin.rules.grammar.errors import ExpressionError


@dataclass(frozen=True, slots=True)
class Unit:
    """Unit of a value; equal where values can be compared as they are."""

    name: str = field(compare=False)
    """As a person knows it."""
    powers: Mapping[str, int] = field(default_factory=dict)
    """Base quantity → power."""
    scale: float = 1.0
    """Size in the base quantities."""
    places: float = 0.0
    """How many places on a scale are added up in it: 1 of °C, 0 of K. [-]"""
    number: float | None = field(default=None, compare=False)
    """A number that is written down, which takes any unit; None: it is none."""

    @property
    def any(self) -> bool:
        """Whether it is a number that is written down."""
        return self.number is not None


ONE = Unit("1")
SECOND = Unit("s", {"s": 1})


def literal(number: float) -> Unit:
    """Return the unit of a number that is written down."""
    return Unit("1", number=number)


_KNOWN: Mapping[str, Unit] = MappingProxyType(
    {
        "Cel": Unit("°C", {"K": 1}, places=1.0),
        "K": Unit("K", {"K": 1}),
        "W": Unit("W", {"W": 1}),
        "kWh": Unit("kWh", {"W": 1, "s": 1}, 3.6e6),
        "s": SECOND,
        "min": Unit("min", {"s": 1}, 60.0),
        "h": Unit("h", {"s": 1}, 3600.0),
        "m3": Unit("m³", {"m": 3}),
        "l/min": Unit("l/min", {"m": 3, "s": -1}, 1e-3 / 60.0),
        "1": ONE,
    }
)
"""Units that others follow from; every other one of the catalogue stands for itself."""


def unit_named(name: str) -> Unit:
    """Return a unit of the catalogue."""
    symbol = UNITS[name].symbol
    return _KNOWN.get(name) or Unit(symbol, {symbol: 1})


def unit_of(point: str, spec: PointSpec) -> Unit:
    """Return the unit of a point's value; of a switch it is one, codes are of their own kind."""
    if spec.unit is not None:
        return unit_named(spec.unit)
    if spec.states:
        return ONE
    return Unit(f"code of {point}", {point: 1})


def product(a: Unit, b: Unit, sign: int = 1) -> Unit:
    """Return the unit of a·b; with sign −1 that of a/b."""
    if a.any and b.any:
        return literal(_computed(a.number or 0.0, b.number or 0.0, sign))
    if b.any:
        share = _computed(1.0, b.number or 0.0, sign)
        return replace(a, places=a.places * share)
    if a.any and sign > 0:
        return replace(b, places=b.places * (a.number or 0.0))
    for unit in (a, b):
        if unit.places:
            raise ExpressionError(
                f"a temperature in {unit.name} is a place on a scale and no amount: it cannot be "
                "multiplied or divided by anything but a number; take a difference of two"
            )
    powers = {
        base: power
        for base in {**a.powers, **b.powers}
        if (power := a.powers.get(base, 0) + sign * b.powers.get(base, 0))
    }
    name = f"{a.name}·{b.name}" if sign > 0 else f"{a.name}/{b.name}"
    return Unit(name, powers, a.scale * b.scale**sign)


def total(a: Unit, b: Unit, sign: int = 1) -> Unit:
    """Return the unit of a + b, or of a − b, in that of a where that is none of a number."""
    if a.any and b.any:
        return literal((a.number or 0.0) + sign * (b.number or 0.0))
    if b.any:
        return a
    if a.any:
        # 20 − outdoor_temperature: the number is a temperature as well.
        return replace(b, places=b.places if sign > 0 else 0.0, name=_named(b, 0.0, sign))
    _check_kind(a, b, "be added up" if sign > 0 else "be subtracted")
    places = a.places + sign * b.places
    if places < 0:
        raise ExpressionError(f"{b.name} cannot be subtracted from {a.name}")
    return replace(a, places=places, name=_kelvin(a, places))


def difference_of(unit: Unit) -> Unit:
    """Return the unit of a difference of two such values: K of °C."""
    return replace(unit, places=0.0, name=_kelvin(unit, 0.0)) if unit.places else unit


def same(a: Unit, b: Unit, what: str) -> Unit:
    """Return the unit of both; raise `ExpressionError` where they have none in common.

    Parameters
    ----------
    what : str
        What is tried: ``be compared``.
    """
    if a.any or b.any:
        return a if b.any else b
    _check_kind(a, b, what)
    if a.places != b.places:
        raise ExpressionError(_mixed(a, b, what))
    return a


def factor(a: Unit, b: Unit) -> float:
    """Return what a value in unit b is multiplied by to be in unit a. [-]"""
    return 1.0 if a.any or b.any else b.scale / a.scale


def check_truth(unit: Unit, text: str) -> None:
    """Raise `ExpressionError` for what has a unit where a condition is wanted."""
    if unit.powers:
        raise ExpressionError(f"{text!r} is in {unit.name} and no condition; compare it with some")


def _check_kind(a: Unit, b: Unit, what: str) -> None:
    if dict(a.powers) != dict(b.powers):
        raise ExpressionError(_mixed(a, b, what))


def _mixed(a: Unit, b: Unit, what: str) -> str:
    return f"{a.name or '1'} and {b.name or '1'} cannot {what}"


def _named(unit: Unit, places: float, sign: int) -> str:
    return unit.name if sign > 0 else _kelvin(unit, places)


def _kelvin(unit: Unit, places: float) -> str:
    return "K" if unit.name == "°C" and places == 0 else unit.name


def _computed(a: float, b: float, sign: int) -> float:
    if sign > 0:
        return a * b
    # By zero nothing is known, whatever its unit.
    return a / b if b else a
