"""Estimate the COP of a fault-free machine at any conditions from its rated points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from heatpump_twin.config.settings import PlatePoint
from heatpump_twin.twin_engine.derive.water import Number

MARGIN = 5.0
"""How far beyond the plate's points it is still trusted: half the distance between the water
temperatures at which EN 14511 rates (35, 45, 55 °C). [K]"""
LEAST_LOAD, MOST_LOAD = 0.25, 1.25
"""Heat over rated capacity between which it is trusted: what an inverter does in one run. [-]"""
_GAIN_LOADS, _GAINS = (0.3, 0.6, 1.0), (0.2, 0.1, 0.0)
"""What a machine with a variable speed gains at part load, over heat over rated capacity. [-]"""
_KELVIN = 273.15
_CONDENSER_APPROACH = 4.0
"""Condensing less leaving water temperature. [K]"""
_EVAPORATOR_APPROACH = 6.0
"""Entering source less evaporating temperature. [K]"""
_SHARE_PER_WATER = -0.007
"""Change of the Carnot share with the water temperature, where the plate does not tell. [1/K]"""
_REFERENCE_WATER = 35.0
_LEAST_LIFT = 20.0
"""A compressor needs a pressure ratio, however little is asked of it. [K]"""


class PlatePerformance:
    r"""COP of a heat pump in steady heating, from the rated points on its plate.

    .. math::
        COP = \eta(T_s, T_w) \frac{T_c}{T_c - T_e}, \quad
        T_c = T_w + 4\,\mathrm{K}, \quad T_e = T_s - 6\,\mathrm{K}

    The share :math:`\eta` of the Carnot limit falls by 0.7 % per kelvin of water; what the plate's
    points say beyond this is a plane in source and water temperature, fitted by least squares,
    level in a direction of which they say nothing, and never outside what they span: a point rated
    at 2 °C has the loss by frost in it.

    Notes
    -----
    At part load the exchangers' approaches shrink: variable-speed machines gain 10 % at 60 % of
    their capacity and 20 % at 30 % (`part_load_gain`). In 83 air-to-water
    systems metered for a year (OpenEnergyMonitor; heating with water of 29 to 37 °C at 38 to 66 %
    load) one share for all has a mean error of 7 %: within this span load matters little. The share
    falls there by 0.9 % per kelvin of water; rated points at 35 and 55 °C show 0.5 to 0.7 %.
    Rated input is that of EN 14511-3: controls and fan, of the circulation pump only the part for
    the machine's own pressure drop.

    Against the emulated plant, whose physics are others: where an expected value is Good, its mean
    error is 3 to 4 % of the COP (90 % quantile 5 to 6 %); with water of 45 °C the same, and 10 to
    24 % too high while a tank is charged, more than that at 60 °C.
    """

    def __init__(self, points: Sequence[PlatePoint]) -> None:
        rated = np.array([(p.outdoor, p.water, p.capacity, p.power) for p in points])
        self.rated_capacity: Any = float(rated[:, 2].max())
        """The largest on the plate. [W]"""
        temperatures = rated[:, :2]
        self.span: Any = (temperatures.min(axis=0) - MARGIN, temperatures.max(axis=0) + MARGIN)
        share = rated[:, 2] / rated[:, 3] / _usual_cop(rated[:, 0], rated[:, 1])
        # A plane through two or three points runs away outside them; the share never leaves what
        # was rated.
        self.share_span: Any = float(share.min()), float(share.max())
        mean, mean_share = temperatures.mean(axis=0), share.mean()
        # The shortest slope that fits best: zero in a direction of which the plate tells nothing.
        slope = np.linalg.lstsq(temperatures - mean, share - mean_share, rcond=None)[0]
        self.plane: Any = float(mean_share - slope @ mean), float(slope[0]), float(slope[1])

    @classmethod
    def stacked(cls, machines: Sequence[PlatePerformance]) -> PlatePerformance:
        """Return the performance of n machines at once: arguments and results have shape (n,)."""
        both = cls.__new__(cls)
        both.rated_capacity = np.array([m.rated_capacity for m in machines])
        both.plane = np.array([m.plane for m in machines]).T
        both.share_span = np.array([m.share_span for m in machines]).T
        both.span = np.array([m.span for m in machines]).transpose(1, 2, 0)
        return both

    def cop(self, source: Number, water: Number) -> Any:
        """Return heat over electrical input as the plate counts it. [-]

        Parameters
        ----------
        source, water : array-like
            Air or brine entering and water leaving the machine. [°C]
        """
        level, per_source, per_water = self.plane
        share = level + per_source * source + per_water * water
        lowest, highest = self.share_span
        return np.minimum(np.maximum(share, lowest), highest) * _usual_cop(source, water)

    def part_load_gain(self, heat: Number) -> Any:
        """Return what is gained at this heat (W) over the COP at rated capacity. [-]"""
        return np.interp(np.asarray(heat) / self.rated_capacity, _GAIN_LOADS, _GAINS)

    def covers(self, source: Number, water: Number, heat: Number) -> Any:
        """Tell whether temperatures (°C) and heat (W) are in or near what the plate spans."""
        low, high = self.span
        load = heat / self.rated_capacity
        known = (source >= low[0]) & (source <= high[0]) & (water >= low[1]) & (water <= high[1])
        return known & (load >= LEAST_LOAD) & (load <= MOST_LOAD)


def carnot_cop(source: Number, water: Number, condenser_approach: float) -> Any:
    """Return the Carnot limit between the refrigerant's temperatures. [-]

    Parameters
    ----------
    source, water : array-like
        What enters and what leaves the machine. [°C]
    condenser_approach : float
        Condensing less leaving water temperature. [K]
    """
    condensing = water + condenser_approach
    # Without a least lift the Carnot limit has no bound as source and water come together.
    lift = np.maximum(condensing - (source - _EVAPORATOR_APPROACH), _LEAST_LIFT)
    return (condensing + _KELVIN) / lift


def _usual_cop(source: Number, water: Number) -> Any:
    """Return the Carnot limit, less for warmer water."""
    less = 1.0 + _SHARE_PER_WATER * (water - _REFERENCE_WATER)
    return carnot_cop(source, water, _CONDENSER_APPROACH) * less
