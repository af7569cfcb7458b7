"""Open-Meteo (open-meteo.com, CC BY 4.0): forecasts of the best model for a place, or an ensemble.

Free for non-commercial use; elsewhere with a key, at an address of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.weather.errors import WeatherUnreadable
from heatpump_twin.drivers.weather.weather_forecast import WeatherForecast
from heatpump_twin.drivers.weather.weather_service import HOURS, Location, Query, column, members

_UNITS = {
    "temperature_2m": "°C",
    "relative_humidity_2m": "%",
    "shortwave_radiation": "W/m²",
}
"""Of the variables that are asked for; radiation is the mean of the hour before."""


@dataclass(frozen=True, slots=True)
class OpenMeteo:
    """The forecast, or with ``ensemble`` the members of an ensemble. No issue time is told."""

    url: str = "https://api.open-meteo.com/v1/forecast"
    ensemble: str = ""
    """Name of an ensemble's model, such as ``icon_seamless``; empty: one forecast."""
    key: str = ""
    name: str = "Open-Meteo"

    def query(self, place: Location, now: int) -> Query:  # noqa: ARG002 (asks from now on by itself)
        """Return what to ask for a place."""
        parameters = {
            "latitude": f"{place.latitude:.4f}",
            "longitude": f"{place.longitude:.4f}",
            "hourly": ",".join(_UNITS),
            "timeformat": "unixtime",
            "timezone": "GMT",
            "forecast_hours": str(HOURS),
            "past_hours": "1",
        }
        if place.altitude is not None:
            parameters["elevation"] = f"{place.altitude:.0f}"
        if self.ensemble:
            parameters["models"] = self.ensemble
        if self.key:
            parameters["apikey"] = self.key
        return Query(self.url, parameters)

    def forecast(self, answer: Any, received: int) -> WeatherForecast:
        """Return the forecast of an answer; raise `WeatherUnreadable`."""
        try:
            hourly, units = answer["hourly"], answer["hourly_units"]
            seconds = column("time", hourly["time"], len(hourly["time"]))
            columns = {
                name: self._members(name, unit, hourly, units) for name, unit in _UNITS.items()
            }
        except (KeyError, TypeError, AttributeError) as error:
            raise WeatherUnreadable(f"{self.name}: no forecast in its answer") from error
        except WeatherUnreadable as error:
            raise WeatherUnreadable(f"{self.name}: {error}") from error
        if np.isnan(seconds).any():
            raise WeatherUnreadable(f"{self.name}: a time is missing")
        time = (seconds * MICROSECONDS).astype(np.int64)
        return WeatherForecast(self.name, received, time, *columns.values())

    def _members(
        self, name: str, unit: str, hourly: Mapping[str, Any], units: Mapping[str, Any]
    ) -> Any:
        """Return a variable of all members: the control run, and ``_member01`` and so on."""
        keys = [key for key in hourly if key == name or key.startswith(f"{name}_member")]
        if not keys and name != "temperature_2m":
            return members([])
        if any(units[key] != unit for key in keys):
            raise WeatherUnreadable(f"{name} is in {units[keys[0]]!r} instead of {unit}")
        count = len(hourly["time"])
        return members([column(key, hourly[key], count) for key in sorted(keys)])
