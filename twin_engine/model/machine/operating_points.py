"""Conditions in which a machine runs steadily, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Values

STEADY_PERIOD = 600.0
"""How long a machine has to be observed to be called steady. [s]"""
STEADY_RANGE = 1.5
"""Difference of the leaving water in that time from which on it is only nearly steady. [K]"""


@dataclass(frozen=True, slots=True, eq=False)
class OperatingPoints:
    """Conditions of n running machines, or of one machine at n times: arrays of shape (n,)."""

    source: Values
    """Air or brine that enters. [°C]"""
    water: Values
    """Water that leaves. [°C]"""
    heat: Values
    """Heat into the water. [W]"""
    frost: Values
    """Ice on the coil, as a share of what starts a defrost. [-]"""
    warming: Values
    """How fast the leaving water warms up: what stores heat takes some before the meter. [K/s]"""

    @classmethod
    def steady(cls, source: Values, water: Values, heat: Values) -> OperatingPoints:
        """Return conditions at constant temperatures, with a clean coil."""
        parts = np.broadcast_arrays(source, water, heat, 0.0, 0.0)
        return cls(*(np.asarray(part, dtype=np.float64) for part in parts))

    def __getitem__(self, which: NDArray[np.bool_] | NDArray[np.int64] | slice) -> OperatingPoints:
        """Return some of them: by a flag for each, by places, or by a slice."""
        return OperatingPoints(*(getattr(self, part.name)[which] for part in fields(self)))

    def __len__(self) -> int:
        return len(self.heat)

    def giving(self, heat: Values) -> OperatingPoints:
        """Return the same conditions with another heat. [W]"""
        return OperatingPoints(self.source, self.water, heat, self.frost, self.warming)
