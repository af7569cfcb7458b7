"""What a setpoint method takes: the narrower of the variable's range and the method's own text.

EURange says what a quantity normally spans; what a device accepts may be less. The server states
that in the description of the input argument: ``Supply setpoint, 20 to 55 °C`` or
``Operating mode: 1 Heating, 3 Hot water``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from heatpump_twin.hmi.heat_pump_model import MethodModel, Variable

_SPAN = re.compile(r"(-?\d+(?:\.\d+)?) to (-?\d+(?:\.\d+)?)")
_CODE = re.compile(r"(?:^|[:,])\s*(-?\d+) (?=\D)")


def span(variable: Variable, method: MethodModel) -> tuple[float, float]:
    """Return the lowest and the highest value that can be asked for."""
    low, high = variable.span or (-math.inf, math.inf)
    stated = stated_span(method.argument_text)
    if stated:
        low, high = max(low, stated[0]), min(high, stated[1])
    return low, high


def stated_span(text: str) -> tuple[float, float] | None:
    """Return the span that the description of an input states."""
    stated = _SPAN.search(text)
    return (float(stated[1]), float(stated[2])) if stated else None


def choices(variable: Variable, method: MethodModel) -> Mapping[int, str]:
    """Return the named states that can be asked for."""
    stated = {int(code) for code in _CODE.findall(method.argument_text)}
    allowed = {code: text for code, text in variable.states.items() if code in stated}
    return allowed or variable.states
