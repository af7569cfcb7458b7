"""The thermal envelope of a house as a network of resistances and capacities (RC)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

Floats = NDArray[np.float64]

STATES = 3
"""Air, envelope, interior mass; a house of the structure 2R2C has no interior mass."""
INPUTS = 4
"""Outdoor air [°C]; heat of emitters, pipes and tank, sun, people [W]."""


class Structure(StrEnum):
    """How many resistances and capacities stand for a house."""

    R2C2 = "2R2C"
    R3C3 = "3R3C"


@dataclass(frozen=True, slots=True)
class Envelope:
    r"""A house as air, envelope and interior mass, each of one temperature.

    .. math::
        C_a \dot T_a &= H_d (T_o - T_a) + H_e (T_e - T_a) + H_m (T_m - T_a) + Q_a \\
        C_e \dot T_e &= H_o (T_o - T_e) + H_e (T_a - T_e) + Q_e \\
        C_m \dot T_m &= H_m (T_a - T_m) + Q_m

    The defaults are those of a well insulated house of 140 m².

    References
    ----------
    Bacher and Madsen, Identifying suitable models for the heat dynamics of buildings, Energy and
    Buildings 43 (2011) 1511–1522. ISO 13790:2008, 12.3.1.2, has capacities by class of building.
    """

    loss: float = 150.0
    """Steady heat loss from the air to outdoors, by all ways. [W/K]"""
    direct_share: float = 0.4
    """Share of the loss that passes no mass: ventilation, windows. [-]"""
    air_capacity: float = 4e6
    """Heat capacity of air and furniture. [J/K]"""
    envelope_capacity: float = 25e6
    """Heat capacity of walls, floors and roof. [J/K]"""
    envelope_coupling: float = 1200.0
    """Conductance from the air to the envelope. [W/K]"""
    interior_capacity: float = 0.0
    """Heat capacity of inner walls and floors; 0: the structure has none. [J/K]"""
    interior_coupling: float = 800.0
    """Conductance from the air to the interior mass. [W/K]"""
    heat_to_air: float = 1.0
    """Share of the emitters' heat that warms the air, the rest the mass indoors. [-]"""
    sun_to_air: float = 0.3
    """Share of the sun's heat that warms the air at once. [-]"""
    people_to_air: float = 0.7
    """Share of the heat of people and appliances that warms the air at once. [-]"""

    @property
    def structure(self) -> Structure:
        """Whether the house has an interior mass of its own."""
        return Structure.R3C3 if self.interior_capacity > 0.0 else Structure.R2C2

    @property
    def time_constants(self) -> tuple[float, ...]:
        """Time constants of the house, slowest first. [s]"""
        matrix = state_space(self)[0][: len(self._capacities), : len(self._capacities)]
        return tuple(sorted((-1.0 / np.linalg.eigvals(matrix).real).tolist(), reverse=True))

    @property
    def _capacities(self) -> tuple[float, ...]:
        capacities = (self.air_capacity, self.envelope_capacity, self.interior_capacity)
        return capacities if self.interior_capacity > 0.0 else capacities[:2]


def state_space(house: Envelope) -> tuple[Floats, Floats]:
    """Return A (3, 3) in 1/s and B (3, 4) of dT/dt = A T + B u.

    Without interior mass its row is zero: that temperature stays, and warms nothing.
    """
    direct = house.loss * house.direct_share
    through = house.loss - direct
    # The coupling is in series with the envelope's outer conductance.
    outer = 1.0 / max(1.0 / through - 1.0 / house.envelope_coupling, 1e-9)
    a, b = np.zeros((STATES, STATES)), np.zeros((STATES, INPUTS))
    a[0] = (-direct - house.envelope_coupling, house.envelope_coupling, 0.0)
    a[1] = (house.envelope_coupling, -house.envelope_coupling - outer, 0.0)
    b[0] = (direct, house.heat_to_air, house.sun_to_air, house.people_to_air)
    b[1, 0] = outer
    # What does not warm the air warms the mass indoors.
    mass = 1 if house.interior_capacity <= 0.0 else 2
    b[mass, 1:] = 1.0 - b[0, 1:]
    capacity = np.array([house.air_capacity, house.envelope_capacity, 1.0])
    if house.interior_capacity > 0.0:
        a[0] += (-house.interior_coupling, 0.0, house.interior_coupling)
        a[2] = (house.interior_coupling, 0.0, -house.interior_coupling)
        capacity[2] = house.interior_capacity
    return a / capacity[:, None], b / capacity[:, None]


def discretised(houses: Sequence[Envelope], step: float) -> tuple[Floats, Floats]:
    """Return the exact transition over a step in s with constant inputs, of each house.

    Returns
    -------
    tuple of array
        A of shape (n, 3, 3) and B of shape (n, 3, 4): T(t + step) = A T(t) + B u(t).

    References
    ----------
    Van Loan, Computing integrals involving the matrix exponential, IEEE Trans. Autom. Control 23
    (1978) 395–404.
    """
    different = tuple(dict.fromkeys(houses))
    whole = _transitions(different, step)
    places = {house: i for i, house in enumerate(different)}
    of = [places[house] for house in houses]
    return whole[of, :STATES, :STATES], whole[of, :STATES, STATES:]


@lru_cache(8)
def _transitions(different: tuple[Envelope, ...], step: float) -> Floats:
    """Return both of each house as one matrix; simulations ask again for the same houses."""
    block = np.zeros((len(different), STATES + INPUTS, STATES + INPUTS))
    for i, house in enumerate(different):
        block[i, :STATES, :STATES], block[i, :STATES, STATES:] = state_space(house)
    whole: Floats = expm(block * step)
    return whole


def steady(house: Envelope, inputs: Floats) -> Floats:
    """Return the temperatures at which a house rests with constant inputs, shape (3,). [°C]"""
    a, b = state_space(house)
    n = STATES if house.interior_capacity > 0.0 else STATES - 1
    rest: Floats = np.zeros(STATES)
    rest[:n] = np.linalg.solve(a[:n, :n], -(b @ inputs)[:n])
    return rest
