"""What a model expects of a point at times to come: the form in which forecasts are written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.drivers.status import BAD_NO_DATA, UNCERTAIN
from heatpump_twin.twin_engine.history import Samples


class Curve(Enum):
    """The curves of a trajectory that variables show: the middle and the ends of its interval."""

    LOWER = "lower"
    MIDDLE = "middle"
    UPPER = "upper"


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """A forecast of one point, issued at one moment.

    Raises
    ------
    ValueError
        The arrays do not fit one another, or times or quantiles are not in order.
    """

    key: str
    """The predicted point: ``hp1.heat_up_time``."""
    issued: int
    """When it was made; of what came later it knows nothing. [µs since the Unix epoch]"""
    time: Times
    """Shape (n,), in order. [µs since the Unix epoch]"""
    quantiles: Values
    """Shape (q,), in order. [0 to 1]"""
    values: Values
    """Shape (q, n): each quantile over time; NaN where nothing is known. [unit of the point]"""
    model: str
    """Name and version of the model that it is from."""
    status: int = UNCERTAIN
    """How it is to be taken; never Good: it is no measurement."""
    scenario: str = ""
    """The simulation that it is a part of; empty: it is the forecast."""

    def __post_init__(self) -> None:
        shape = (len(self.quantiles), len(self.time))
        if self.values.shape != shape or not all(shape):
            raise ValueError(f"{self.key}: values have the shape {self.values.shape}, not {shape}")
        if (np.diff(self.time) <= 0).any() or (np.diff(self.quantiles) <= 0).any():
            raise ValueError(f"{self.key}: times and quantiles must be in order")

    def curve(self, which: Curve) -> Samples:
        """Return one quantile as samples; the middle is that nearest to the median."""
        row = {Curve.LOWER: 0, Curve.UPPER: -1}.get(which)
        if row is None:
            row = int(np.abs(self.quantiles - 0.5).argmin())
        value = self.values[row]
        status = np.where(np.isnan(value), BAD_NO_DATA, self.status).astype(np.uint32)
        return Samples(value, status, self.time)
