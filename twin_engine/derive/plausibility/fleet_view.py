"""The latest values of some points of all heat pumps, as one array."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, Point, PointRole
from heatpump_twin.config.settings import Plate
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import BAD
from heatpump_twin.twin_engine.image import Image

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
PLATE = ("nominal_flow", "max_power", "standby_power", "pump_power")
"""Numbers of the plate that can be asked for."""


class FleetView:
    """View of the p points of the catalogue of n heat pumps, by id; a heat pump keeps its place."""

    def __init__(self) -> None:
        # All but the tables: one gather of 110 by 250 a second costs less than to know which.
        known = (p for p, s in CATALOGUE[HEAT_PUMP].items() if s.role is not PointRole.TALLIED)
        self._row = {point: row for row, point in enumerate(known)}
        self.index = np.empty((len(self._row), 0), dtype=np.int64)
        """Of shape (p, n): places in the image; -1 where a heat pump has no such point."""
        self._plate = np.empty((len(PLATE) + 1, 0))
        self._value: Array = np.empty((len(self._row), 0))
        self._time: Array = np.empty((len(self._row), 0))
        self.elapsed = 0.0
        """Since the last look. [s]"""

    @property
    def size(self) -> int:
        """Number of places, n."""
        return self.index.shape[1]

    def add(self, points: Mapping[str, Point], plate: Plate) -> int:
        """Add a heat pump and return its place."""
        column = [points[p].index if p in points else -1 for p in self._row]
        numbers = [float(getattr(plate, name)) for name in PLATE]
        capacity = max(rated.capacity for rated in plate.heating)
        self.index = np.column_stack((self.index, column)).astype(np.int64)
        self._plate = np.column_stack((self._plate, [*numbers, capacity]))
        return self.size - 1

    def remove(self, place: int) -> None:
        """Forget a heat pump; its place stays."""
        self.index[:, place] = -1

    def look(self, image: Image, elapsed: float) -> None:
        """Take the latest values of the image; NaN where there is none that is usable."""
        unknown = (self.index < 0) | (image.status[self.index] >= BAD)
        self._value = np.where(unknown, np.nan, image.value[self.index])
        self._time = np.where(unknown, np.nan, image.time[self.index] / MICROSECONDS)
        self.elapsed = elapsed

    def __getitem__(self, point: str) -> Array:
        """Return a point's values, of shape (n,); NaN where there is none."""
        return np.asarray(self._value[self._row[point]])

    def on(self, point: str) -> Mask:
        """Tell where a switch is known to be on."""
        return np.asarray(self[point] > 0)

    def told(self, *points: str) -> Mask:
        """Tell where one of some points has a value."""
        return np.asarray(~np.isnan(self._value[[self._row[point] for point in points]]).all(0))

    def sampled(self, points: tuple[str, ...]) -> tuple[Array, Array]:
        """Return when the oldest and the newest of some points were sampled, each of shape (n,).

        In s since the Unix epoch; NaN where none of them has a value.
        """
        times = self._time[[self._row[point] for point in points]]
        return np.fmin.reduce(times), np.fmax.reduce(times)

    def indices(self, point: str) -> NDArray[np.int64]:
        """Return a point's places in the image, of shape (n,)."""
        return np.asarray(self.index[self._row[point]])

    @property
    def nominal_flow(self) -> Array:
        """Water flow on the plate. [l/min]"""
        return np.asarray(self._plate[0])

    @property
    def max_power(self) -> Array:
        """Largest electrical input. [W]"""
        return np.asarray(self._plate[1])

    @property
    def idle_power(self) -> Array:
        """Standby and circulation pump together. [W]"""
        return np.asarray(self._plate[2] + self._plate[3])

    @property
    def standby_power(self) -> Array:
        """Electrical input at rest. [W]"""
        return np.asarray(self._plate[2])

    @property
    def capacity(self) -> Array:
        """Largest rated heat. [W]"""
        return np.asarray(self._plate[4])
