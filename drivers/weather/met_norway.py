"""MET Norway, Locationforecast 2.0 (api.met.no, CC BY 4.0): the whole world, nine days.

Its terms of service want a User-Agent with a contact, four decimals of a place at most, and nobody
to ask again before ``Expires``. It has no irradiance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

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

_UNITS = {"air_temperature": "celsius", "relative_humidity": "%"}
_PERCENTILES = ("air_temperature_percentile_10", "air_temperature", "air_temperature_percentile_90")


@dataclass(frozen=True, slots=True)
class MetNorway:
    """The forecast; where there are percentiles of the temperature, three members."""

    url: str = "https://api.met.no/weatherapi/locationforecast/2.0/complete"
    name: ClassVar[str] = "MET Norway"

    def query(self, place: Location, now: int) -> Query:  # noqa: ARG002 (it answers all that it has)
        """Return what to ask for a place."""
        parameters = {"lat": f"{place.latitude:.4f}", "lon": f"{place.longitude:.4f}"}
        if place.altitude is not None:
            parameters["altitude"] = f"{place.altitude:.0f}"
        return Query(self.url, parameters)

    def forecast(self, answer: Any, received: int) -> WeatherForecast:  # noqa: ARG002 (it is told)
        """Return the forecast of an answer; raise `WeatherUnreadable`."""
        try:
            properties = answer["properties"]
            meta, series = properties["meta"], properties["timeseries"][:HOURS]
            details = [one["data"]["instant"]["details"] for one in series]
            time = microseconds("time", [one["time"] for one in series])
            (issued,) = microseconds("updated_at", [meta["updated_at"]]).tolist()
            self._check(meta["units"])
            temperature = self._temperature(details)
            humidity = members([_column("relative_humidity", details)])
        except (KeyError, TypeError, AttributeError) as error:
            raise WeatherUnreadable(f"{self.name}: no forecast in its answer") from error
        except WeatherUnreadable as error:
            raise WeatherUnreadable(f"{self.name}: {error}") from error
        return WeatherForecast(self.name, issued, time, temperature, humidity)

    def _check(self, units: Mapping[str, Any]) -> None:
        for name, unit in _UNITS.items():
            if units[name] != unit:
                raise WeatherUnreadable(f"{name} is in {units[name]!r} instead of {unit}")

    def _temperature(self, details: Sequence[Mapping[str, Any]]) -> Any:
        known = [name for name in _PERCENTILES if all(name in one for one in details)]
        wanted = known if len(known) == len(_PERCENTILES) else ["air_temperature"]
        return members([_column(name, details) for name in wanted])


def _column(name: str, details: Sequence[Mapping[str, Any]]) -> Any:
    return column(name, [one.get(name) for one in details], len(details))
