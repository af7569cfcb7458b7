"""Bright Sky (brightsky.dev): stations and forecasts (MOSMIX) of the German weather service DWD.

Free, without a key. Asked in its own units (``dwd``): °C, kWh/m² in the hour before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.drivers.weather.errors import WeatherUnreadable
from heatpump_twin.drivers.weather.weather_forecast import WeatherForecast
from heatpump_twin.drivers.weather.weather_service import (
    HOURS,
    Location,
    Query,
    column,
    members,
    microseconds,
)

_WATTS = 1000.0
"""Of a kilowatt hour in an hour."""


@dataclass(frozen=True, slots=True)
class BrightSky:
    """The forecast of the nearest station. No issue time is told."""

    url: str = "https://api.brightsky.dev/weather"
    name: ClassVar[str] = "Bright Sky"

    def query(self, place: Location, now: int) -> Query:
        """Return what to ask for a place."""
        start = datetime.fromtimestamp(now / 1e6, UTC).replace(minute=0, second=0, microsecond=0)
        return Query(
            self.url,
            {
                "lat": f"{place.latitude:.4f}",
                "lon": f"{place.longitude:.4f}",
                "date": start.isoformat(),
                "last_date": (start + timedelta(hours=HOURS)).isoformat(),
                "units": "dwd",
                "tz": "Etc/UTC",
            },
        )

    def forecast(self, answer: Any, received: int) -> WeatherForecast:
        """Return the forecast of an answer; raise `WeatherUnreadable`."""
        try:
            rows = answer["weather"]
            time = microseconds("timestamp", [row["timestamp"] for row in rows])
            temperature, humidity, dew_point, solar = (
                column(name, [row.get(name) for row in rows], len(rows))
                for name in ("temperature", "relative_humidity", "dew_point", "solar")
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise WeatherUnreadable(f"{self.name}: no forecast in its answer") from error
        except WeatherUnreadable as error:
            raise WeatherUnreadable(f"{self.name}: {error}") from error
        # Forecasts of the DWD have the dew point alone.
        humidity = np.where(np.isnan(humidity), _humidity(temperature, dew_point), humidity)
        columns = (temperature, humidity, solar * _WATTS)
        return WeatherForecast(
            self.name, received, time, *(members([values]) for values in columns)
        )


def _humidity(temperature: Values, dew_point: Values) -> Values:
    """Return the relative humidity of air by its dew point. [%]

    Magnus' formula with the constants of WMO-No. 8 (2018), Annex 4.B; within 0.5 % above water.
    """

    def pressure(t: Values) -> Values:
        return np.exp(17.62 * t / (243.12 + t))

    return np.minimum(100.0 * pressure(dew_point) / pressure(temperature), 100.0)
