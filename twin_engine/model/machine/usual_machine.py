"""The usual machine: what metered heat pumps take, as the prior of one without a plate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatpump_twin.config.settings import PlatePoint
from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.model.machine.plate_performance import carnot_cop

_REFERENCE_SOURCE, _REFERENCE_WATER, _REFERENCE_LOAD = 7.0, 35.0, 0.5
_CONDENSER_APPROACH = 2.0
"""Condensing less leaving water temperature, as the fleet's own account has it. [K]"""
_POINTS = ((-7.0, 35.0), (2.0, 35.0), (7.0, 35.0), (12.0, 35.0), (-7.0, 55.0), (7.0, 55.0))
"""Source and water at which EN 14511 rates machines. [°C]"""
_YEAR = 8760.0


@dataclass(frozen=True, slots=True)
class UsualMachine:
    r"""Coefficients of a usual air-to-water system; the defaults are those of the metered fleet.

    .. math::
        P = \frac{Q}{\eta\,COP_{Carnot}} + p\,C, \quad
        \ln \eta = a + b (T_s - 7) + c (T_w - 35) + d (Q/C - 0.5)

    Notes
    -----
    Fitted to 123 air-to-water systems, each metered for a year (OpenEnergyMonitor,
    heatpumpmonitor.org; heat meters of class 2, electricity meters of class 1), by robust least
    squares with priors: ``python -m bench.fleet`` says how well, and of which systems. The loss at
    load is the part-load gain that plates have: 0.2 between 30 % and full load.
    """

    level: float = -0.584
    """ln of the share of Carnot at the reference. [-]"""
    per_source: float = -0.0081
    """[1/K]"""
    per_water: float = -0.0049
    """[1/K]"""
    per_load: float = -0.274
    """Change with heat over rated capacity. [-]"""
    standby: float = 18.3
    """Electricity at rest, controls and pump. [W]"""
    per_capacity: float = 0.011
    """Electricity of pump, fan and controls while it runs, over the rated capacity. [-]"""
    per_start: float = 0.0029
    """Electricity of a start over the rated capacity. [Wh/W]"""

    def power(self, source: Values, water: Values, heat: Values, capacity: Values) -> Values:
        """Return the electricity of a running machine for its heat. [W]

        Parameters
        ----------
        source, water : array-like
            Air that enters, water that leaves. [°C]
        heat, capacity : array-like
            Given, and rated. [W]
        """
        load = heat / capacity
        log_share = (
            self.level
            + self.per_source * (source - _REFERENCE_SOURCE)
            + self.per_water * (water - _REFERENCE_WATER)
            + self.per_load * (load - _REFERENCE_LOAD)
        )
        cop = np.exp(log_share) * carnot_cop(source, water, _CONDENSER_APPROACH)
        return np.asarray(heat / cop + self.per_capacity * capacity)


@dataclass(frozen=True, slots=True, eq=False)
class YearOfHeating:
    """What n systems did in a year, means weighted by their heat: arrays of shape (n,)."""

    source: Values
    water: Values
    """[°C]"""
    heat: Values
    """While it runs. [W]"""
    capacity: Values
    """Rated. [W]"""
    energy: Values
    """Heat of the year. [kWh]"""
    hours: Values
    """Of running. [h]"""
    starts: Values


def seasonal_performance(machine: UsualMachine, year: YearOfHeating) -> Values:
    """Return heat over electricity of a year, with standby and starts. [-]"""
    running = machine.power(year.source, year.water, year.heat, year.capacity)
    compressor = running - machine.per_capacity * year.capacity
    electricity = (
        year.energy * compressor / year.heat
        + machine.per_capacity * year.capacity * year.hours / 1e3
        + machine.standby * (_YEAR - year.hours) / 1e3
        + machine.per_start * year.capacity * year.starts / 1e3
    )
    return np.asarray(year.energy / electricity)


def usual_points(capacity: float, machine: UsualMachine | None = None) -> list[PlatePoint]:
    """Return the points that the plate of a usual machine of a capacity at A7/W35 would have.

    Parameters
    ----------
    capacity : float
        [W]
    """
    machine = machine or UsualMachine()
    source, water = np.array(_POINTS).T
    heat = np.full(len(_POINTS), capacity)
    power = machine.power(source, water, heat, heat)
    return [
        PlatePoint(outdoor=s, water=w, capacity=capacity, power=p)
        for (s, w), p in zip(_POINTS, power.tolist(), strict=True)
    ]
