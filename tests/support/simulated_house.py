"""A house in a made-up winter, to simulate."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.model.simulation.circuit import HeatingCircuit
from heatpump_twin.twin_engine.model.simulation.plate_machine import PlateMachine
from heatpump_twin.twin_engine.model.simulation.simulate import Installation
from heatpump_twin.twin_engine.model.simulation.weather import WeatherSeries

DAY = 86_400 * MICROSECONDS
START = 1_767_225_600 * MICROSECONDS
ZONE = ZoneInfo("Europe/Berlin")
PLATE = load_site("default", environment={}).heat_pumps[0].plate
HOUSE = Installation(PlateMachine(PLATE), circuit=HeatingCircuit(emitter_power=6000.0))


def winter(days: float = 40.0, *, mean: float = 3.0, humidity: float = 85.0) -> WeatherSeries:
    """Return hourly weather from the start on: fronts, nights and days, a sun behind clouds."""
    time = START + np.arange(round(days * 24) + 1, dtype=np.int64) * 3600 * MICROSECONDS
    day = (time - START) / DAY
    front = 4.0 * np.sin(2.0 * np.pi * day / 6.3)
    outdoor = mean + front - 2.5 * np.cos(2.0 * np.pi * (day - 0.12))
    unknown = np.full(len(time), np.nan)
    return WeatherSeries(time, outdoor, unknown, np.full(len(time), humidity), 48.5, 7.7)
