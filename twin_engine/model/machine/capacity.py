"""Heat that a machine gives at full load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heatpump_twin.config.settings import PlatePoint
from heatpump_twin.drivers.frame import Values

PER_SOURCE, PER_WATER = 0.02, -0.003
"""Change of the capacity with source and water, where a plate does not tell: air-to-water machines
of the Keymark database gain about 2 % per kelvin of air. [1/K]"""
_SPAN = (0.25, 1.5)
_FROSTED = 0.1
"""Weight of a point that is rated with frost."""
_USUAL = 25.0
"""Weight of the usual slopes: as much as that of two points 7 K apart. [K²]"""


@dataclass(frozen=True, slots=True, eq=False)
class Capacity:
    """Full-load capacity as a plane over source and water; each field a number or an array (n,)."""

    at_reference: Values | float
    """At A7/W35. [W]"""
    per_source: Values | float
    """[1/K]"""
    per_water: Values | float
    """[1/K]"""

    @classmethod
    def of_plate(cls, points: Sequence[PlatePoint]) -> Capacity:
        """Return the capacity that fits rated points best, with the usual slopes where few tell."""
        terms = np.array([(1.0, p.outdoor - 7.0, p.water - 35.0) for p in points])
        capacity = np.array([p.capacity for p in points])
        rated = float(capacity.max())
        usual = np.array([1.0, PER_SOURCE, PER_WATER])
        # Points near freezing are rated with frost and defrost, and the line between them and
        # milder ones is too steep for a clean coil.
        weight = np.array([_FROSTED if -2.0 <= p.outdoor <= 5.0 else 1.0 for p in points])
        left = (terms * weight[:, None]).T @ terms + np.diag([1e-4, _USUAL, _USUAL])
        plane = usual + np.linalg.solve(
            left, terms.T @ (weight * (capacity / rated - terms @ usual))
        )
        level = float(plane[0])
        return cls(rated * level, float(plane[1]) / level, float(plane[2]) / level)

    def full(self, source: Values, water: Values) -> Values:
        """Return the capacity at full load with a clean coil. [W]

        Parameters
        ----------
        source, water : array-like
            Air or brine that enters, water that leaves. [°C]
        """
        share = 1.0 + self.per_source * (source - 7.0) + self.per_water * (water - 35.0)
        return np.asarray(self.at_reference * np.clip(share, *_SPAN))
