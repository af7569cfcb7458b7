"""Read one quantity of every heat pump as arrays, and aggregate it for the site."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.drivers.frame import Statuses, Times, Values
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD, UNCERTAIN_SUB_NORMAL
from heatpump_twin.twin_engine.image import Image

_BAD = np.uint32(0x8000_0000)


class FleetReading(NamedTuple):
    """One quantity of n heat pumps, arrays of shape (n,); NaN and BadNoData where one lacks it."""

    value: Values
    status: Statuses
    time: Times

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Mask of the heat pumps that have a value."""
        return np.asarray((self.status & _BAD == 0) & ~np.isnan(self.value), dtype=bool)

    @property
    def good(self) -> NDArray[np.bool_]:
        """Mask of the heat pumps that have a Good value."""
        return np.asarray(self.usable & (self.status >> 30 == 0), dtype=bool)

    def where(self, mask: NDArray[np.bool_]) -> FleetReading:
        """Return the reading of the heat pumps in a mask."""
        return FleetReading(self.value[mask], self.status[mask], self.time[mask])


class Column:
    """Image indices of one point of each of ``assets`` that has it."""

    def __init__(self, table: PointTable, assets: Sequence[str], point: str) -> None:
        found = [table.by_asset.get(asset, {}).get(point) for asset in assets]
        self._index = np.array([p.index for p in found if p is not None], dtype=np.int32)
        self.present = np.array([p is not None for p in found], dtype=bool)
        """Which heat pumps have it."""

    @property
    def exists(self) -> bool:
        """Whether any heat pump has the point."""
        return len(self._index) > 0

    @property
    def points(self) -> NDArray[np.int32]:
        """Indices of the point in the image."""
        return self._index

    def read(self, image: Image) -> FleetReading:
        """Return the values, statuses and times that the image holds now."""
        n, here = len(self.present), self.present
        value = np.full(n, np.nan)
        status = np.full(n, BAD_NO_DATA, dtype=np.uint32)
        time = np.zeros(n, dtype=np.int64)
        value[here], status[here] = image.value[self._index], image.status[self._index]
        time[here] = image.time[self._index]
        return FleetReading(value, status, time)


def joint_status(reading: FleetReading) -> int:
    """Return the joint status of a reading, for what is aggregated from it.

    Bad if nobody has a value, or nobody could have one; Uncertain if one has none, or one that is
    Uncertain; else Good.
    """
    if not len(reading.status):
        return BAD_NO_DATA
    usable = reading.usable
    if not usable.any():
        # Of those that could have one: why they have not.
        return int(reading.status[np.argmax(reading.time)])
    all_good = usable.all() and not (reading.status >> 30).any()
    return GOOD if all_good else UNCERTAIN_SUB_NORMAL


def total(reading: FleetReading) -> tuple[float, int]:
    """Return the sum over all heat pumps that have a value, and the sum's status."""
    status = joint_status(reading)
    usable = reading.usable
    return (float(reading.value[usable].sum()) if usable.any() else np.nan), status


def count(reading: FleetReading, code: float) -> tuple[float, int]:
    """Return how many heat pumps have this code, and the count's status."""
    status = joint_status(reading)
    usable = reading.usable
    counted = float(np.count_nonzero(reading.value[usable] == code))
    return (counted if usable.any() else np.nan), status


def median(reading: FleetReading, contradiction: float) -> tuple[float, int]:
    """Return the median of the Good sensors: one in the sun or stuck does not move it.

    It is Good if at least half of all sensors are; without a Good one, it is that of the Uncertain.
    Where the two in the middle contradict each other it is the lower, and Uncertain: half of the
    sensors are wrong then, and nobody knows which.
    """
    good, usable = reading.good, reading.usable
    if not usable.any():
        return np.nan, joint_status(reading)
    value = np.sort(reading.value[good if good.any() else usable])
    low, high = value[(len(value) - 1) // 2], value[len(value) // 2]
    agree = high - low <= contradiction
    # The mean of two that differ is no median: a sensor in the sun would move it by half of what it
    # is off. The lower is less likely to be in the sun.
    middle = (low + high) / 2 if agree else low
    certain = 2 * np.count_nonzero(good) >= len(good) and agree
    return float(middle), GOOD if certain else UNCERTAIN_SUB_NORMAL
