"""The weather service of a site, as its settings name it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import structlog

from heatpump_twin import __version__
from heatpump_twin.config.settings import Site
from heatpump_twin.config.weather.weather_settings import WeatherSource
from heatpump_twin.drivers.plant.serve.forecast_page import PATH
from heatpump_twin.drivers.weather.bright_sky import BrightSky
from heatpump_twin.drivers.weather.errors import WeatherError
from heatpump_twin.drivers.weather.forecast_cache import ForecastCache
from heatpump_twin.drivers.weather.met_norway import MetNorway
from heatpump_twin.drivers.weather.open_meteo import OpenMeteo
from heatpump_twin.drivers.weather.weather_client import WeatherClient
from heatpump_twin.drivers.weather.weather_file import WeatherFile
from heatpump_twin.drivers.weather.weather_forecast import WeatherForecast
from heatpump_twin.drivers.weather.weather_service import Location, WeatherService
from heatpump_twin.errors import TwinError
from heatpump_twin.runtime.parts.foundation import Foundation

log = structlog.stdlib.get_logger(__name__)


class Forecasting(Protocol):
    """Whatever has forecasts of the weather."""

    forecast: WeatherForecast | None

    def start(self) -> WeatherForecast | None:
        """Return what was known before; blocks."""
        ...

    def refresh(self) -> WeatherForecast | None:
        """Return a forecast that is new; blocks."""
        ...


def service_of(foundation: Foundation) -> Forecasting | None:
    """Return the weather service of a site; None: it has none."""
    site, wanted = foundation.site, foundation.site.weather
    if wanted.file is not None:
        return _FileService(WeatherFile(wanted.file))
    make = _SERVICES.get(wanted.source)
    if make is None:
        return None
    place = Location(site.site.latitude, site.site.longitude, wanted.altitude)
    agent = " ".join(filter(None, (f"heatpump-twin/{__version__}", wanted.contact)))
    cache = ForecastCache(foundation.data.weather)
    return WeatherClient(make(site), place, cache, foundation.clock, agent)


def _open_meteo(site: Site) -> WeatherService:
    wanted = site.weather
    try:
        key = "" if wanted.key is None else wanted.key.read()
    except OSError as error:
        raise TwinError(f"weather.key cannot be read: {error}") from error
    known = {"url": wanted.url} if wanted.url else {}
    return OpenMeteo(**known, ensemble=wanted.ensemble, key=key)


def _emulated(site: Site) -> WeatherService:
    plant = site.plant
    assert plant is not None  # noqa: S101 (`Site`)
    return OpenMeteo(f"http://{plant.host}:{plant.control_port}{PATH}", name="Emulated weather")


_SERVICES: dict[WeatherSource, Callable[[Site], WeatherService]] = {
    WeatherSource.OPEN_METEO: _open_meteo,
    WeatherSource.EMULATED: _emulated,
    WeatherSource.MET_NORWAY: lambda s: MetNorway(*filter(None, [s.weather.url])),
    WeatherSource.BRIGHT_SKY: lambda s: BrightSky(*filter(None, [s.weather.url])),
}


class _FileService:
    """A file as a service: it is read again when it was written."""

    def __init__(self, file: WeatherFile) -> None:
        self._file = file
        self.forecast: WeatherForecast | None = None
        self._problem = ""

    def start(self) -> WeatherForecast | None:
        return self.refresh()

    def refresh(self) -> WeatherForecast | None:
        try:
            found = self._file.read()
        except WeatherError as error:
            if self._problem != str(error):
                log.warning("no weather forecast", error=str(error))
            self._problem = str(error)
            return None
        self._problem = ""
        if self.forecast is not None and self.forecast.issued == found.issued:
            return None
        self.forecast = found
        return found
