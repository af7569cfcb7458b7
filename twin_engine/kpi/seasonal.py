r"""Seasonal COP of EN 14825 from bins of the outdoor temperature.

.. math::
    SCOP_{on} = \frac{\sum_j h_j P_h(T_j)}
        {\sum_j h_j \left(\frac{P_h(T_j) - elbu(T_j)}{COP_{bin}(T_j)} + elbu(T_j)\right)}
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Values

DEGRADATION = 0.9
"""Cc of a machine whose maker has not measured it. [-]"""
PRIMARY = 2.5
"""Primary energy of a kilowatt hour of electricity. [-]"""
CONTROL = 0.03
"""F(1) of ηs, for temperature controls. [-]"""
EQUIVALENT_HOURS = 2066.0
"""Active hours at full load of the average climate. [h]"""


@dataclass(frozen=True, slots=True)
class SeasonClimate:
    """Heating season of EN 14825, table B.1: hours in each bin."""

    design: float
    """[°C]"""
    first: int
    """Temperature of the first bin; each is 1 K. [°C]"""
    hours: tuple[int, ...]

    @property
    def temperatures(self) -> Values:
        """Temperatures of the bins. [°C]"""
        return np.arange(self.first, self.first + len(self.hours), dtype=np.float64)


AVERAGE = SeasonClimate(
    -10.0, -10,
    (1, 25, 23, 24, 27, 68, 91, 89, 165, 173, 240, 280, 320, 357, 356, 303, 330, 326, 348, 335,
     315, 215, 169, 151, 105, 74),
)  # fmt: skip
WARMER = SeasonClimate(
    2.0, 2, (3, 22, 63, 63, 175, 162, 259, 360, 428, 430, 503, 444, 384, 294)
)  # fmt: skip


def part_load(outdoor: Values, design: float) -> Values:
    """Return the part load ratio at outdoor temperatures. [-]"""
    return np.asarray((outdoor - 16.0) / (design - 16.0))


def cycling_cop(cop: Values, ratio: Values, degradation: float = DEGRADATION) -> Values:
    """Return the COP of a machine that must cycle, from its declared one.

    Parameters
    ----------
    ratio : ndarray
        Load over the least capacity that it can run at; 1 or more: it does not cycle. [-]
    """
    capped = np.minimum(ratio, 1.0)
    return np.asarray(cop * capped / (degradation * capped + 1.0 - degradation))


def scop_on(hours: Values, load: Values, capacity: Values, cop: Values) -> float:
    """Return the seasonal COP with the electric backup of bins in which the machine falls short.

    Parameters
    ----------
    hours, load, capacity, cop : ndarray of shape (n,)
        Hours, heat load, heat that the machine can give and its COP in each bin.
        [h], [W], [W], [-]
    """
    backup = np.maximum(load - capacity, 0.0)
    used = hours * ((load - backup) / cop + backup)
    return float((hours * load).sum() / used.sum())


def annual_consumption(design_load: float, scop: float, hours: float = EQUIVALENT_HOURS) -> float:
    """Return the electricity of a season: kW in, kWh out."""
    return design_load * hours / scop


def seasonal_efficiency(scop: float) -> float:
    """Return ηs of space heating, EN 14825 clause 11.2. [-]"""
    return scop / PRIMARY - CONTROL
