"""A machine whose performance is known, and its record in a winter: what a calibration must find.

Its electricity is made here from a formula of its own, and not by the models of the product.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from heatpump_twin.config.settings import Plate, PlatePoint
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.derive.plate_performance import PlatePerformance
from heatpump_twin.twin_engine.derive.water import thermal_power
from heatpump_twin.twin_engine.model.calibration.record import Record

START = 1_767_225_600 * MICROSECONDS  # 2026-01-01 00:00 UTC
DAY = 86_400 * MICROSECONDS
PUMP, STANDBY = 40.0, 20.0


def plate() -> Plate:
    return Plate(
        manufacturer="Known",
        model="A1",
        nominal_flow=20.0,
        max_power=3500.0,
        standby_power=STANDBY,
        pump_power=PUMP,
        heating=[
            PlatePoint(outdoor=7, water=35, capacity=7000, power=1500),
            PlatePoint(outdoor=2, water=35, capacity=5600, power=1650),
            PlatePoint(outdoor=7, water=55, capacity=6600, power=2350),
        ],
    )


Power = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def worse_than_its_plate(source: np.ndarray, water: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Take 10 % more than the plate, and less so in warm air. [W]"""
    prior = PlatePerformance(plate().heating)
    rated = heat / (prior.cop(source, water) * (1 + prior.part_load_gain(heat))) + PUMP
    return rated * np.exp(0.10 - 0.004 * (source - 7.0) + 0.003 * (water - 35.0))


def with_a_constant_loss(source: np.ndarray, water: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Lose 700 W at any load. [W]"""
    lift = water - source + 9.0
    return 700.0 + heat * (0.01 + 1.6 * lift / (water + 276.15))


@dataclass
class KnownMachine:
    """Winter of a machine: it heats by the weather, and rests for some hours of each day."""

    power: Power = worse_than_its_plate
    days: int = 20
    step: float = 300.0
    noise: float = 0.01
    seed: int = 1
    changed: dict[int, float] = field(default_factory=dict)
    """Day → factor of the power from then on."""

    def columns(self) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(self.seed)
        n = round(self.days * 86_400 / self.step)
        hour = np.arange(n) * self.step / 3600.0
        weather = np.interp(
            hour, np.arange(0, self.days * 24 + 25, 24), rng.uniform(-8, 11, self.days + 2)
        )
        outdoor = weather + 3.0 * np.sin((hour - 9.0) / 24.0 * 2 * np.pi)
        on = (hour % 24.0) >= 3.0
        demand = np.interp(
            hour, np.arange(0, self.days * 24 + 7, 6), rng.uniform(0.8, 1.25, self.days * 4 + 2)
        )
        heat = np.where(on, np.clip(190.0 * demand * (19.0 - outdoor), 1600.0, 6800.0), 0.0)
        water = np.where(on, 29.0 + 0.55 * np.clip(20.0 - outdoor, 0, 30) * demand, 24.0)
        factor = np.ones(n)
        for day, times in self.changed.items():
            factor[hour >= 24.0 * day] *= times
        running = self.power(outdoor, water, np.maximum(heat, 1.0)) * factor
        running = running * (1.0 + self.noise * rng.standard_normal(n))
        flow = np.where(on, 18.0, 0.0)
        # The return temperature with which flow and temperatures carry just this heat.
        back = water - heat / np.maximum(thermal_power(np.full(n, 18.0), water, water - 1.0), 1.0)
        for _ in range(3):
            carried = thermal_power(np.full(n, 18.0), water, back)
            back = water - (water - back) * heat / np.maximum(carried, 1.0)
        return {
            "electrical_power": np.where(on, running, STANDBY),
            "outdoor_temperature": outdoor,
            "outdoor_humidity": np.full(n, 60.0),
            "meter_supply_temperature": water,
            "meter_return_temperature": np.where(on, back, water),
            "water_flow": flow,
            "compressor_running": on.astype(float),
            "defrost_active": np.zeros(n),
        }

    def record(self, *without: str, emulated: bool = False) -> Record:
        columns = {p: c for p, c in self.columns().items() if p not in without}
        n = len(next(iter(columns.values())))
        time = START + np.arange(n, dtype=np.int64) * round(self.step * MICROSECONDS)
        return Record("hp1", emulated, time, self.step, columns, {p: np.ones(n) for p in columns})
