"""Heating seasons of emulated installations, with the weather forecasts that came in them.

``python -m bench.forecast_seasons DIR`` keeps a file for each seed, from which
``bench.forecasts`` forecasts. Each installation is drawn by its seed: house, emitters, machine,
climate and people. What its sensors show each minute is kept, and what the emulated weather
service said every six hours.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.house_months import LIGHT, POINTS, lived
from bench.observed_plant import Installation
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.drivers.plant.physics.weather_outlook import RUN, WeatherOutlook
from heatpump_twin.drivers.plant.physics.weather_year import WeatherYear
from heatpump_twin.twin_engine.model.calibration.record import Record

BEGIN = round(datetime(2025, 10, 15, tzinfo=UTC).timestamp()) * MICROSECONDS
DAYS = 166
"""Until the end of March."""
_HOUR = 3600 * MICROSECONDS
_AHEAD = 56
"""Hours of a forecast that are kept: six have passed when the next one comes."""


@dataclass(frozen=True, slots=True, eq=False)
class Season:
    """A season of one installation."""

    plant: Installation
    record: Record
    issued: Times
    """When each weather forecast was made, shape (i,). [µs since the Unix epoch, UTC]"""
    temperature: Values
    """Of its members at each hour from its issue on, shape (i, members, hours). [°C]"""
    humidity: Values
    """[%]"""
    irradiance: Values
    """[W/m²]"""


def season(seed: int, folder: Path) -> Season:
    """Return the season of a seed, from a folder that `main` has filled."""
    with np.load(folder / f"season_{seed}.npz") as kept:
        values, weather = kept["values"].astype(float), kept["weather"].astype(float)
    time = _times(values.shape[1])
    columns = dict(zip((*POINTS, LIGHT), values, strict=True))
    ones = np.ones(len(time))
    record = Record("hp1", True, time, 60.0, columns, dict.fromkeys(columns, ones))
    issued = BEGIN + np.arange(weather.shape[1], dtype=np.int64) * RUN
    return Season(Installation(seed), record, issued, *weather)


def main() -> None:
    """Live through the seasons."""
    parser = argparse.ArgumentParser(prog="python -m bench.forecast_seasons", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 9)))
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for seed in arguments.seeds:
        np.savez_compressed(
            arguments.folder / f"season_{seed}.npz",
            values=lived(Installation(seed), _times(DAYS * 1440)).astype(np.float32),
            weather=_outlooks(Installation(seed)).astype(np.float32),
        )
        print(f"seed {seed}", flush=True)


def _times(count: int) -> Times:
    return BEGIN + np.arange(count, dtype=np.int64) * 60 * MICROSECONDS


def _outlooks(plant: Installation) -> Values:
    """Return all forecasts of the weather: of temperature, humidity and irradiance."""
    climate = plant.climate
    outlook = WeatherOutlook(
        WeatherYear(climate.latitude, climate.longitude, plant.seed), plant.seed
    )
    found = []
    for k in range(DAYS * 86_400 * MICROSECONDS // RUN):
        issued = BEGIN + k * RUN
        members = outlook.members(issued, [issued + h * _HOUR for h in range(_AHEAD)])
        found.append([
            [one.temperature for one in members],
            [one.relative_humidity for one in members],
            [one.irradiance for one in members],
        ])  # fmt: skip
    return np.array(found).transpose(1, 0, 2, 3)


if __name__ == "__main__":
    main()
