"""How far a meter of some class may be off, and the interval that an energy lies in.

Maximum permissible errors (MPE) in service of the initial verification:

=============  ===========================================================  ==================
quantity       class                                                        source
=============  ===========================================================  ==================
electricity    A 2 %, B 1 %, C 0.5 %                                        EN 50470-3, MID
flow           1: 1 % + 0.01 qp/q; 2: 2 % + 0.02 qp/q; 3: 3 % + 0.05 qp/q   EN 1434-1, 9.2.2
pair           0.5 % + 3 ΔΘmin/ΔΘ                                           EN 1434-1, 9.2.2
calculator     0.5 % + ΔΘmin/ΔΘ                                             EN 1434-1, 9.2.2
=============  ===========================================================  ==================
"""

from __future__ import annotations

import math

ELECTRICITY_MPE = {"A": 0.02, "B": 0.01, "C": 0.005}
FLOW_MPE = {"1": (0.01, 0.0001), "2": (0.02, 0.0002), "3": (0.03, 0.0005)}
"""Constant part, and that of the nominal over the actual flow. [-]"""
LEAST_DIFFERENCE = 3.0
"""ΔΘmin of an ordinary heat meter. [K]"""
USUAL_DIFFERENCE = 5.0
"""Between supply and return, where it is not known. [K]"""
CONTROLLER_ELECTRICITY, CONTROLLER_HEAT = 0.10, 0.20
"""MPE of what a controller reckons without a meter: of no class, from comparisons with meters."""
_NINETY = 1.645
"""Half an interval of 90 %, in standard deviations."""
_OF_MAKERS, _OF_PAIRS = 3.0, math.sqrt(3.0)
"""Standard deviations within the MPE. Makers keep three within it; of a pair of sensors that stands
in pockets, and has aged there, any error within it is taken to be as likely (GUM 4.3.7)."""


def electricity_error(meter_class: str | None, *, metered: bool) -> float:
    """Return half the relative 90 % interval of an electricity counter. [-]"""
    mpe = ELECTRICITY_MPE[meter_class or "B"] if metered else CONTROLLER_ELECTRICITY
    return _NINETY * mpe / _OF_MAKERS


def heat_error(meter_class: str | None, difference: float, *, metered: bool) -> float:
    """Return half the relative 90 % interval of a heat counter. [-]

    Parameters
    ----------
    difference : float
        Mean of supply less return while heat was counted; NaN: not known. [K]
    """
    if not metered:
        return _NINETY * CONTROLLER_HEAT / _OF_MAKERS
    apart = max(difference if difference > 0 else USUAL_DIFFERENCE, 1.0)
    constant, of_flow = FLOW_MPE[meter_class or "2"]
    flow = constant + of_flow * 2.0
    pair = 0.005 + 0.03 * LEAST_DIFFERENCE / apart
    calculator = 0.005 + 0.01 * LEAST_DIFFERENCE / apart
    parts = (flow / _OF_MAKERS, pair / _OF_PAIRS, calculator / _OF_MAKERS)
    return _NINETY * math.hypot(*parts)
