"""Values as a person reads them."""

from __future__ import annotations

import math

from heatpump_twin.config.catalogue import UNITS, PointSpec
from heatpump_twin.config.phrase import Phrase


def value_text(spec: PointSpec, value: float | None) -> str:
    """Return ``55 °C``, ``On``, ``Hot water`` or ``no value``."""
    if value is None or math.isnan(value):
        return "no value"
    if spec.unit is not None:
        symbol = UNITS[spec.unit].symbol
        template = "{value} {unit}" if symbol else "{value}"
        return Phrase(template, value=round(value, 2), unit=symbol)
    codes = dict(enumerate(spec.states)) if spec.states else spec.enum
    return codes.get(int(value), f"{value:g}")
