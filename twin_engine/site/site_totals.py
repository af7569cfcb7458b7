"""The points of the site as a whole, computed from those of all heat pumps at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from heatpump_twin.config.catalogue import PointRole, PointTable
from heatpump_twin.drivers.frame import Points
from heatpump_twin.drivers.status import (
    BAD_NO_COMMUNICATION,
    BAD_NO_DATA,
    BAD_WAITING_FOR_INITIAL_DATA,
    GOOD,
    UNCERTAIN_SUB_NORMAL,
)
from heatpump_twin.twin_engine.derive.derived import (
    COP_FLOOR,
    COP_SPAN,
    COP_TODAY_FLOOR,
    NO_POWER,
    State,
)
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.quality import at_least_uncertain, limited
from heatpump_twin.twin_engine.site.fleet import (
    Column,
    FleetReading,
    count,
    joint_status,
    median,
    total,
)
from heatpump_twin.twin_engine.site.site_points import HUMIDITY, OUTDOOR, SUMS

TotalValue = tuple[float, int]

_COLUMNS = ("compressor_on", "operating_state", "cop", *SUMS, *OUTDOOR, *HUMIDITY)


class SiteTotals:
    """Reads the image of all heat pumps and makes totals of it, without memory."""

    def __init__(self, table: PointTable, assets: Sequence[str]) -> None:
        self.columns: Mapping[str, Column] = {
            point: Column(table, assets, point) for point in _COLUMNS
        }
        field = [
            (number, point.index)
            for number, asset in enumerate(assets)
            for point in table.by_asset.get(asset, {}).values()
            if point.spec.role in (PointRole.MEASURED, PointRole.SETPOINT)
        ]
        self._owner, self._field = np.array(field, dtype=np.int32).reshape(-1, 2).T
        self._heat_pumps = len(assets)

    @property
    def inputs(self) -> Points:
        """Indices of all points that totals are made of."""
        return np.concatenate([self._field, *(c.points for c in self.columns.values())])

    def now(self, image: Image) -> dict[str, TotalValue]:
        """Return what can be said of this moment alone."""
        read = {point: column.read(image) for point, column in self.columns.items()}
        outdoor = _joined(read[point].where(self.columns[point].present) for point in OUTDOOR)
        humidity = _joined(read[point].where(self.columns[point].present) for point in HUMIDITY)
        return {
            "heat_pumps_running": count(read["compressor_on"], 1.0),
            "heat_pumps_in_fault": count(read["operating_state"], State.FAULT),
            "heat_pumps_unreachable": self._unreachable(image),
            "electrical_power": total(read["electrical_power"]),
            "thermal_power": total(read["thermal_power"]),
            "cop": _cop(read["thermal_power"], read["electrical_power"], read["cop"]),
            "outdoor_temperature": median(outdoor),
            "outdoor_humidity": median(humidity),
        }

    def _unreachable(self, image: Image) -> TotalValue:
        """Count heat pumps with a point that has no communication; those that wait are unknown."""
        status = image.status[self._field]
        heat_pumps = self._heat_pumps
        answered = self._owner[status != BAD_WAITING_FOR_INITIAL_DATA]
        known = np.bincount(answered, minlength=heat_pumps) > 0
        lost = np.bincount(self._owner[status == BAD_NO_COMMUNICATION], minlength=heat_pumps) > 0
        if not known.any():
            return np.nan, BAD_WAITING_FOR_INITIAL_DATA
        return float(lost.sum()), GOOD if known.all() else UNCERTAIN_SUB_NORMAL


def cop_of_day(heat: FleetReading, electricity: FleetReading) -> TotalValue:
    """Return heat over electricity of those heat pumps that count both. [kWh/kWh]"""
    both = heat.usable & electricity.usable
    used = float(electricity.value[both].sum())
    if used <= 0:
        return np.nan, BAD_NO_DATA
    status = GOOD if (heat.good & electricity.good).all() else UNCERTAIN_SUB_NORMAL
    if used < COP_TODAY_FLOOR:
        status = at_least_uncertain(status)
    return float(heat.value[both].sum()) / used, status


def _cop(heat: FleetReading, power: FleetReading, cop: FleetReading) -> TotalValue:
    """Return the ratio of the sums, Good only if each heat pump is steady or at rest."""
    both = heat.usable & power.usable
    watts = float(power.value[both].sum())
    if not both.any():
        return np.nan, joint_status(cop)
    if watts < NO_POWER:
        return np.nan, BAD_NO_DATA
    rests = (np.abs(power.value) < COP_FLOOR) & (np.abs(heat.value) < COP_FLOOR)
    certain = heat.good & power.good & (cop.good | rests)
    status = GOOD if certain.all() and watts >= COP_FLOOR else UNCERTAIN_SUB_NORMAL
    return limited(float(heat.value[both].sum()) / watts, status, COP_SPAN)


def _joined(readings: Iterable[FleetReading]) -> FleetReading:
    value, status, time = zip(*readings, strict=True)
    return FleetReading(np.concatenate(value), np.concatenate(status), np.concatenate(time))
