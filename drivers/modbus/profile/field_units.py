"""Units of field devices, and their conversion to the catalogue's units: once, in the driver."""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

from heatpump_twin.config.catalogue import UNITS


class Conversion(NamedTuple):
    """``catalogue value = factor · field value + offset``."""

    factor: float = 1.0
    offset: float = 0.0


_FAHRENHEIT = 5 / 9

FIELD_UNITS = MappingProxyType(
    {
        "degC": ("Cel", Conversion()),
        "degF": ("Cel", Conversion(_FAHRENHEIT, -32 * _FAHRENHEIT)),
        "kW": ("W", Conversion(1e3)),
        "MW": ("W", Conversion(1e6)),
        "kVA": ("VA", Conversion(1e3)),
        "kvar": ("var", Conversion(1e3)),
        "Wh": ("kWh", Conversion(1e-3)),
        "MWh": ("kWh", Conversion(1e3)),
        "MJ": ("kWh", Conversion(1 / 3.6)),
        "GJ": ("kWh", Conversion(1e3 / 3.6)),
        "mV": ("V", Conversion(1e-3)),
        "mA": ("A", Conversion(1e-3)),
        "l/h": ("l/min", Conversion(1 / 60)),
        "l/s": ("l/min", Conversion(60.0)),
        "m3/h": ("l/min", Conversion(1000 / 60)),
        "l": ("m3", Conversion(1e-3)),
        "Pa": ("bar", Conversion(1e-5)),
        "kPa": ("bar", Conversion(1e-2)),
        "MPa": ("bar", Conversion(10.0)),
        "mbar": ("bar", Conversion(1e-3)),
        # 1 psi is 6894.757293 Pa; 1 kgf is 9.80665 N by definition.
        "psi": ("bar", Conversion(0.0689475729)),
        "kgf/cm2": ("bar", Conversion(0.980665)),
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
