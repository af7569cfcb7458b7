"""A forecast in a file that something else writes: JSON as Open-Meteo answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.weather.errors import WeatherAway, WeatherUnreadable
from heatpump_twin.drivers.weather.open_meteo import OpenMeteo
from heatpump_twin.drivers.weather.weather_forecast import WeatherForecast

LARGEST = 10_000_000
"""No forecast of one place is larger. [B]"""


@dataclass(frozen=True, slots=True)
class WeatherFile:
    """A file in the format of Open-Meteo; what it says is issued when it was written."""

    path: Path
    name: ClassVar[str] = "Weather file"

    def read(self) -> WeatherForecast:
        """Return its forecast.

        Raises
        ------
        WeatherAway
            It cannot be read.
        WeatherUnreadable
            It is no forecast.
        """
        try:
            written = self.path.stat()
            if written.st_size > LARGEST:
                raise WeatherUnreadable(f"{self.path} is larger than {LARGEST / 1e6:.0f} MB")
            content = self.path.read_bytes()
        except OSError as error:
            raise WeatherAway(f"{self.path} cannot be read: {error.strerror}") from error
        try:
            answer = json.loads(content)
        except ValueError as error:
            raise WeatherUnreadable(f"{self.path} is not JSON: {error}") from error
        return OpenMeteo().forecast(answer, int(written.st_mtime * MICROSECONDS))
