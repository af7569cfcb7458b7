"""Months of the emulated plant: what its meters would have measured without error, each minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from bench.plant_year import CLIMATES, STEP, Climate
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HeatPump, HouseKind, SiteInfo
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import SHORT_WARM_UP, EmulatedHeatPump
from heatpump_twin.drivers.plant.physics.meters import JOULES_PER_KWH

MONTHS = (1, 4, 7, 11)
"""One of each season."""
_MINUTES = 30 * 1440
Minutes = NDArray[np.float64]


@dataclass(frozen=True)
class PlantMonth:
    """Thirty days of a plant, minute by minute: arrays of shape (n,)."""

    climate: Climate
    seed: int
    month: int
    start: int
    """[µs since the Unix epoch, UTC]"""
    power: Minutes
    """[W]"""
    flow: Minutes
    """[l/min]"""
    supply: Minutes
    back: Minutes
    """Water at the heat meter. [°C]"""
    defrosting: Minutes
    electricity: float
    """By the plant's ledger. [kWh]"""
    heat: float
    """Into the water, less what defrosts took out of it. [kWh]"""

    @property
    def time(self) -> NDArray[np.int64]:
        """Ends of the minutes. [µs since the Unix epoch, UTC]"""
        return self.start + (1 + np.arange(len(self.power))) * round(STEP * MICROSECONDS)


def heat_pump() -> HeatPump:
    """Return the heat pump that lives through them."""
    return load_site("default", environment={}).heat_pumps[0]


def live_month(climate: Climate, seed: int, month: int) -> PlantMonth:
    """Let a heat pump live through the first thirty days of a month."""
    start = round(datetime(2026, month, 1, tzinfo=UTC).timestamp()) * MICROSECONDS
    place = SiteInfo(
        name=climate.name, latitude=climate.latitude, longitude=climate.longitude, timezone="UTC"
    )
    pump = EmulatedHeatPump(
        heat_pump(), place, seed, start, step=STEP, warm_up=SHORT_WARM_UP, house=HouseKind.VARIED
    )
    x, before = pump.physics, (pump.ledger.electricity, _heat(pump))
    rows = np.empty((5, _MINUTES))
    for i in range(_MINUTES):
        x.step(STEP)
        active = float(x.controller.defrost.active)
        rows[:, i] = (
            x.electrical_power,
            x.circulation.flow,
            x.loop.meter_supply,
            x.loop.meter_return,
            active,
        )
    used, given = pump.ledger.electricity - before[0], _heat(pump) - before[1]
    return PlantMonth(
        climate, seed, month, start, *rows, used / JOULES_PER_KWH, given / JOULES_PER_KWH
    )


def _heat(pump: EmulatedHeatPump) -> float:
    of = pump.ledger
    return of.heat_to_water - of.defrost_from_water + of.backup_heater - of.cooling_from_water


__all__ = ["CLIMATES", "MONTHS", "PlantMonth", "heat_pump", "live_month"]
