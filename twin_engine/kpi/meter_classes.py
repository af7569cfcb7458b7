"""How exact the meters of a heat pump are, and by which difference its heat meter measures."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from heatpump_twin.config.settings import HeatPump
from heatpump_twin.twin_engine.derive.energy.energy_sources import electricity_source, heat_source
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.kpi.meter_accuracy import electricity_error, heat_error

_WATER = 1.163
"""Heat of a cubic metre of water. [kWh/K]"""
_VOLUME = "heat_volume"


@dataclass(frozen=True, slots=True)
class MeterClasses:
    """What the electricity and the heat of a heat pump are measured with."""

    electricity: str | None
    heat: str | None
    electricity_metered: bool
    heat_metered: bool
    heat_counts_down: bool = False
    """Whether heat that comes back is taken off, as by a power and not by a counter."""

    @classmethod
    def of(cls, heat_pump: HeatPump, ids: Collection[str]) -> MeterClasses:
        """Return those of a heat pump that has the points ``ids``."""
        classes = [device.meter_class for device in heat_pump.devices if device.meter_class]
        used, given = electricity_source(ids), heat_source(ids)
        return cls(
            next((c for c in classes if c in "ABC"), None),
            next((c for c in classes if c in "123"), None),
            used is not None and used.metered,
            given is not None and given.metered,
            given is not None and given.integrated,
        )

    @property
    def electricity_error(self) -> float:
        """Half the relative 90 % interval of the electricity. [-]"""
        return electricity_error(self.electricity, metered=self.electricity_metered)

    def heat_error(self, difference: float) -> float:
        """Return half the relative 90 % interval of the heat, at a mean difference in K. [-]"""
        return heat_error(self.heat, difference, metered=self.heat_metered)


async def mean_difference(
    history: HistoryReader, asset: str, ids: Collection[str], heat: float, start: int, end: int
) -> float:
    """Return the mean of supply less return while a heat in kWh was counted; NaN: not known. [K]"""
    if _VOLUME not in ids or not heat > 0:
        return math.nan
    key = f"{asset}.{_VOLUME}"
    # At the ends alone: the volume of a meter that was replaced in between tells nothing.
    first = (await history.read_raw(key, start, end, limit=4)).usable
    last = (await history.read_raw(key, start, end, limit=4, reverse=True)).usable
    if not len(first) or not len(last) or not last.value[0] > first.value[0]:
        return math.nan
    return heat / (_WATER * float(last.value[0] - first.value[0]))
