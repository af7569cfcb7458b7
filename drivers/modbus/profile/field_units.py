"""Units of field devices, and their conversion to the catalogue's units: once, in the driver."""

from __future__ import annotations

import math
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

from heatpump_twin.config.catalogue import UNITS


class Conversion(NamedTuple):
    """``catalogue value = factor · field value + offset``, in exact numbers."""

    factor: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)

    def of(self, value: float) -> float:
        """Return a field value in the catalogue's unit, rounded once."""
        return float(exact(value) * self.factor + self.offset) if math.isfinite(value) else value


def exact(number: float) -> Fraction:
    """Return the number that a person has written: 0.1 is one tenth, which no float is."""
    return Fraction(repr(number))


_FAHRENHEIT = Fraction(5, 9)
_HOUR = Fraction(1, 60)

FIELD_UNITS = MappingProxyType(
    {
        "degC": ("Cel", Conversion()),
        "degF": ("Cel", Conversion(_FAHRENHEIT, -32 * _FAHRENHEIT)),
        "kW": ("W", Conversion(Fraction(1000))),
        "MW": ("W", Conversion(Fraction(1000_000))),
        "kVA": ("VA", Conversion(Fraction(1000))),
        "kvar": ("var", Conversion(Fraction(1000))),
        "Wh": ("kWh", Conversion(Fraction(1, 1000))),
        "MWh": ("kWh", Conversion(Fraction(1000))),
        "MJ": ("kWh", Conversion(Fraction(10, 36))),
        "GJ": ("kWh", Conversion(Fraction(10_000, 36))),
        "mV": ("V", Conversion(Fraction(1, 1000))),
        "mA": ("A", Conversion(Fraction(1, 1000))),
        "l/h": ("l/min", Conversion(_HOUR)),
        "l/s": ("l/min", Conversion(Fraction(60))),
        "m3/h": ("l/min", Conversion(1000 * _HOUR)),
        "l": ("m3", Conversion(Fraction(1, 1000))),
        "Pa": ("bar", Conversion(Fraction(1, 100_000))),
        "kPa": ("bar", Conversion(Fraction(1, 100))),
        "MPa": ("bar", Conversion(Fraction(10))),
        "mbar": ("bar", Conversion(Fraction(1, 1000))),
        # 1 psi is 6894.757293 Pa; 1 kgf is 9.80665 N by definition.
        "psi": ("bar", Conversion(Fraction("0.0689475729"))),
        "kgf/cm2": ("bar", Conversion(Fraction("0.980665"))),
    }
)
"""Field unit → the catalogue's unit and the conversion to it."""


def conversion(field: str, catalogue: str) -> Conversion:
    """Return the conversion of a field unit to the catalogue's unit of a point.

    Raises ValueError for an unknown unit, and for one of another quantity.
    """
    if field == catalogue:
        return Conversion()
    target, found = FIELD_UNITS.get(field, (None, Conversion()))
    if target == catalogue:
        return found
    if target is None and field not in UNITS:
        known = ", ".join(sorted({*UNITS, *FIELD_UNITS}))
        raise ValueError(f"unknown unit {field!r}; known units are {known}")
    raise ValueError(f"{field!r} cannot become {catalogue!r}, the unit of this point")
