"""Records of the emulated plant: what its sensors show, on the grid that models learn from.

The plant is read in its own process: what Modbus adds is rounding, which averages out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from bench.plant_year import CLIMATES, Climate
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HouseKind, Plate, SiteInfo
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import SHORT_WARM_UP, EmulatedHeatPump
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.model.calibration.record import Record, edges_between, record_of

STEP = 20.0
"""Of the plant, and between two readings. [s]"""
GRID = 60.0
"""Of the record. [s]"""
POINTS = (
    "electrical_power",
    "water_flow",
    "meter_supply_temperature",
    "meter_return_temperature",
    "supply_temperature",
    "return_temperature",
    "outdoor_temperature",
    "outdoor_humidity",
    "ambient_temperature",
    "room_temperature",
    "dhw_temperature",
    "compressor_frequency",
    "compressor_running",
    "defrost_active",
    "dhw_heating",
    "backup_heater_on",
    "dhw_heater_on",
    "operation_cycle",
    "supply_setpoint",
)
_DAY = 86_400 * MICROSECONDS
_BEGINS = ((2025, 11, 20), (2025, 12, 10), (2026, 1, 1), (2026, 1, 20))


@dataclass(frozen=True)
class Installation:
    """A heat pump of the emulated plant: house, machine, climate and people by its seed."""

    seed: int

    @property
    def climate(self) -> Climate:
        """Where it stands."""
        return CLIMATES[self.seed % len(CLIMATES)]

    @property
    def begin(self) -> int:
        """When it is observed from on. [µs since the Unix epoch, UTC]"""
        begin = datetime(*_BEGINS[self.seed % len(_BEGINS)], tzinfo=UTC)
        return round(begin.timestamp()) * MICROSECONDS

    @property
    def plate(self) -> Plate:
        """What its maker states: that of the default site."""
        return load_site("default", environment={}).heat_pumps[0].plate

    def observe(self, days: int, points: tuple[str, ...] = POINTS) -> Record:
        """Return the record of so many days."""
        return observed(self._pump(), self.begin, days, points)

    def _pump(self) -> EmulatedHeatPump:
        settings = load_site("default", environment={}).heat_pumps[0]
        place = SiteInfo(
            name=self.climate.name,
            latitude=self.climate.latitude,
            longitude=self.climate.longitude,
            timezone="UTC",
        )
        return EmulatedHeatPump(
            settings,
            place,
            self.seed,
            self.begin,
            step=STEP,
            warm_up=SHORT_WARM_UP,
            house=HouseKind.VARIED,
        )


def observed(
    pump: EmulatedHeatPump,
    begin: int,
    days: int,
    points: tuple[str, ...] = POINTS,
    step: float = STEP,
) -> Record:
    """Let a heat pump live so many days from its begin in µs, and return their record."""
    count = round(days * 86_400 / step) + 1
    values = np.empty((len(points), count))
    for k in range(count):
        pump.advance(begin + round(k * step * MICROSECONDS))
        values[:, k] = [pump.read(point) for point in points]
    time = begin + np.arange(count, dtype=np.int64) * round(step * MICROSECONDS)
    good = np.zeros(count, np.uint32)
    samples = [
        (point, Samples(column, good, time)) for point, column in zip(points, values, strict=True)
    ]
    edges = edges_between(begin, begin + days * _DAY, GRID)
    return record_of(samples, edges, asset="hp1", emulated=True)
