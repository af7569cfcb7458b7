"""The weather service of the emulated plant: forecasts of its weather, as Open-Meteo answers.

``GET /forecast``; what is asked for beside is ignored: it knows one place.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

from aiohttp import web

from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.drivers.plant.physics.weather_outlook import RUN, OutlookMember, WeatherOutlook

PATH = "/forecast"
HOURS = 72
_HOUR = 3600 * MICROSECONDS
_UNITS = {"temperature_2m": "°C", "relative_humidity_2m": "%", "shortwave_radiation": "W/m²"}


class ForecastPage:
    """The page with the newest forecast, by the plant's clock."""

    def __init__(self, outlook: WeatherOutlook, clock: Clock) -> None:
        self._outlook = outlook
        self._clock = clock

    @property
    def route(self) -> web.RouteDef:
        """Where it is found."""
        return web.get(PATH, self._answer)

    async def _answer(self, _: web.Request) -> web.Response:
        now = self._clock.now()
        issued = self._outlook.issued(now)
        first = now // _HOUR * _HOUR - _HOUR
        times = [first + k * _HOUR for k in range(HOURS + 2)]
        hourly: dict[str, list[float]] = {"time": [time / MICROSECONDS for time in times]}
        for number, member in enumerate(self._outlook.members(issued, times)):
            hourly |= _columns(number, member)
        units = {name: _UNITS[name.partition("_member")[0]] for name in hourly if name != "time"}
        body = {"hourly_units": {"time": "unixtime", **units}, "hourly": hourly}
        # On a fast clock the next run is there sooner than it says here: it is asked for by the
        # twin's clock, which is the same one.
        left = (issued + RUN - now) / MICROSECONDS
        moment = format_datetime(datetime.fromtimestamp(issued / MICROSECONDS, UTC), usegmt=True)
        headers = {"Cache-Control": f"max-age={max(left, 0.0):.0f}", "Last-Modified": moment}
        return web.json_response(body, headers=headers)


def _columns(number: int, member: OutlookMember) -> dict[str, list[float]]:
    behind = f"_member{number:02}" if number else ""
    columns = (member.temperature, member.relative_humidity, member.irradiance)
    return {f"{name}{behind}": values for name, values in zip(_UNITS, columns, strict=True)}
