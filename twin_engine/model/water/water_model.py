"""How warm the water of an installation is while rooms and tank are heated, and at rest.

Three linear laws, each with what it was fitted on and how far periods of ten minutes lie from it:

* rooms: what is wanted of the water follows the outdoor air, as a heating curve has it, with a
  shift for each hour of the day (UTC) where a timer lowers it; the water follows that, and is
  warmer where the machine gives more than is needed;
* tank: the water is warmer than the tank by what its coil needs for the heat;
* the tank's own temperature rises with the heat that it gets, and falls with time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Values

HOURS = 24
CURVE_TERMS = 2 + HOURS
SUPPLY_TERMS = COIL_TERMS = 3
WARM_WATER, WARM_TANK = 35.0, 45.0
"""Water and tank from which on coefficients count. [°C]"""
RISEN = 0.8
"""Before a tank is so much warmer than at the begin of a charge, its coil is in colder water than
its sensor. [K]"""


def _unknown(count: int) -> Values:
    return np.full(count, np.nan)


def _scalar() -> Values:
    return np.asarray(np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class WaterModel:
    """Water of one installation, or of n: then each field has a leading axis of n.

    NaN where a record did not tell.
    """

    curve: Values = field(default_factory=lambda: _unknown(CURVE_TERMS))
    """Wanted water at 0 °C outdoors, its change with the air, and the shift of each hour:
    (CURVE_TERMS,). [°C], [-], [K]"""
    damping: Values = field(default_factory=_scalar)
    """Time constant with which the curve follows the air. [h]"""
    curve_spread: Values = field(default_factory=_scalar)
    """Standard deviation of the setpoint on days that were not seen. [K]"""
    has_setpoint: Values = field(default_factory=_scalar)
    """Whether the curve was learnt from a setpoint (1), or from the water itself (0)."""
    supply: Values = field(default_factory=lambda: _unknown(SUPPLY_TERMS))
    """Water: constant, with what is wanted above 35 °C, and for each kW: (SUPPLY_TERMS,). [°C],
    [-], [K/kW]"""
    supply_spread: Values = field(default_factory=_scalar)
    """[K]"""
    air: Values = field(default_factory=lambda: _unknown(2))
    """Lowest and highest damped air that it was fitted on: (2,). [°C]"""
    coil: Values = field(default_factory=lambda: _unknown(COIL_TERMS))
    """Water less tank: constant, for each kW, for each kelvin of the tank above 45 °C:
    (COIL_TERMS,). [K], [K/kW], [-]"""
    coil_spread: Values = field(default_factory=_scalar)
    """[K]"""
    coil_heat: Values = field(default_factory=lambda: _unknown(2))
    """Lowest and highest heat into the tank: (2,). [kW]"""
    rise: Values = field(default_factory=_scalar)
    """Rise of the tank's temperature with the heat that it gets. [K/kWh]"""
    rise_spread: Values = field(default_factory=_scalar)
    """Standard deviation of the rise of a charge, as a share of it. [-]"""
    fall: Values = field(default_factory=_scalar)
    """Fall of the tank's temperature at rest, with what is usually drawn. [K/h]"""
    fall_spread: Values = field(default_factory=_scalar)
    """Standard deviation of an hour's fall; it grows with the root of time. [K/√h]"""

    @classmethod
    def stacked(cls, models: Sequence[Self]) -> Self:
        """Return one model of n installations."""
        return cls(
            *(np.stack([getattr(model, part.name) for model in models]) for part in fields(cls))
        )

    def wanted(self, damped: Values, hour: NDArray[np.int64]) -> Values:
        """Return the water that the controller wants for the rooms. [°C]

        Parameters
        ----------
        damped : array
            Outdoor air as the curve follows it. [°C]
        hour : array of int
            Of the day, UTC.
        """
        constant, slope = self.curve[..., 0], self.curve[..., 1]
        shifts = np.broadcast_to(self.curve[..., 2:], (*np.shape(hour), HOURS))
        shift = np.take_along_axis(shifts, hour[..., None], axis=-1)[..., 0]
        return np.asarray(constant + slope * damped + shift)

    def room_water(self, wanted: Values, heat: Values) -> Values:
        """Return the leaving water while rooms get heat (W) and some water (°C) is wanted. [°C]"""
        constant, share, each = (self.supply[..., term] for term in range(SUPPLY_TERMS))
        return np.asarray(constant + share * (wanted - WARM_WATER) + each * heat / 1e3)

    def charging_water(self, tank: Values, heat: Values) -> Values:
        """Return the leaving water while a tank (°C) gets heat (W). [°C]"""
        constant, each, warm = (self.coil[..., term] for term in range(COIL_TERMS))
        return np.asarray(tank + constant + each * heat / 1e3 + warm * (tank - WARM_TANK))
