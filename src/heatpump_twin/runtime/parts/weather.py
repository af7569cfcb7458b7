"""Keep the forecast of the weather: ask the service, correct it, record it, show what it says."""

from __future__ import annotations

import asyncio
from enum import IntEnum

import numpy as np
import structlog

from heatpump_twin.config.catalogue import SITE
from heatpump_twin.drivers.clock import real_period
from heatpump_twin.drivers.frame import Frame, Times, Values
from heatpump_twin.drivers.status import BAD_NO_DATA, UNCERTAIN, UNCERTAIN_LAST_USABLE_VALUE
from heatpump_twin.drivers.weather.weather_forecast import HOUR, WeatherForecast
from heatpump_twin.runtime.parts.archive import Archive
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart
from heatpump_twin.runtime.parts.twin_health import TwinHealth
from heatpump_twin.runtime.parts.weather_services import service_of
from heatpump_twin.twin_engine.detached import detached
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.foresight.local_weather import (
    LOOK_BACK,
    QUANTILES,
    SensorError,
    grid,
    local_temperature,
    member_quantiles,
    sensor_error,
    usual_weather,
)
from heatpump_twin.twin_engine.history import NO_SAMPLES, Samples
from heatpump_twin.twin_engine.trajectory import Trajectory

log = structlog.stdlib.get_logger(__name__)

TEMPERATURE, HUMIDITY, IRRADIANCE = (
    f"{SITE}.forecast_{name}" for name in ("temperature", "humidity", "irradiance")
)
BY_SERVICE = "service"
"""Scenario of a forecast as the service has it, uncorrected."""
_SENSOR = f"{SITE}.outdoor_temperature"
_PERIOD = 60.0
"""How often it is looked whether there is something new. [s]"""
_USUAL = 14 * 24 * HOUR
"""Of so many days the usual weather is made. [µs]"""
_MOST = 500_000


class WeatherState(IntEnum):
    """State of the forecast, as the catalogue has it."""

    NOT_USED = 0
    FRESH = 1
    OLD = 2
    NO_FORECAST = 3


class Weather(HeatPumpPart):
    """The weather part of a twin: without a service it does nothing."""

    def __init__(self, foundation: Foundation, archive: Archive, health: TwinHealth) -> None:
        self._clock, self._image = foundation.clock, foundation.image
        self._archive = archive
        self._service = service_of(foundation)
        self._period = real_period(_PERIOD, foundation.clock.speed)
        self._issued: dict[str, Trajectory] = {}
        self._due = 0
        health.watch("weather_state", lambda: self.state)
        health.watch("weather_age", self._age)

    @property
    def state(self) -> WeatherState:
        """Whether there is a forecast, and one of today."""
        if self._service is None:
            return WeatherState.NOT_USED
        forecast = self._service.forecast
        if forecast is None or forecast.ends() < self._clock.now():
            return WeatherState.NO_FORECAST
        stale = forecast.is_stale(self._clock.now())
        return WeatherState.OLD if stale else WeatherState.FRESH

    def is_old(self) -> bool:
        """Tell whether there is a forecast, and it is older than it should be."""
        return self.state is WeatherState.OLD

    def _age(self) -> float | None:
        """Return how old the newest forecast is. [h]"""
        forecast = self._service.forecast if self._service is not None else None
        return None if forecast is None else (self._clock.now() - forecast.issued) / HOUR

    async def announce(self) -> None:
        """Have the points known as those of which there are forecasts, before clients see them."""
        if self._service is not None:
            await self._archive.trajectories.announce((TEMPERATURE, HUMIDITY, IRRADIANCE))

    async def run(self) -> None:
        """Keep the forecast for ever."""
        if self._service is None:
            return
        await asyncio.to_thread(self._service.start)
        while True:
            fresh = await detached(self._service.refresh, "weather")
            now = self._clock.now()
            # Long before that it is only where the clock was set back.
            if fresh is not None or not self._due - HOUR <= now < self._due:
                await self._issue(fresh, now)
            self._show(now)
            await asyncio.sleep(self._period)

    async def _issue(self, fresh: WeatherForecast | None, now: int) -> None:
        """Record what is expected now, and first what the service has said itself."""
        assert self._service is not None  # noqa: S101 (`run`)
        self._due = now + HOUR
        error, usual = SensorError(), np.full((len(QUANTILES), len(grid(now))), np.nan)
        try:
            if fresh is not None:
                await self._archive.trajectories.write([_by_service(fresh, now)])
            error, usual = await self._seen(now)
        except EngineError as failure:
            log.warning("a weather forecast is not corrected", error=str(failure))
        issued = _expected(self._service.forecast, error, usual, now)
        # Shown whether or not it can be recorded.
        self._issued = {one.key: one for one in issued}
        try:
            await self._archive.trajectories.write(issued)
        except EngineError as failure:
            log.warning("a weather forecast is not recorded", error=str(failure))

    async def _seen(self, now: int) -> tuple[SensorError, Values]:
        """Return how the sensor differs from the service, and what is usual at this time of day."""
        history, trajectories = self._archive.historian, self._archive.trajectories
        measured = NO_SAMPLES
        if _SENSOR in self._image.table.by_key:
            read = await history.read_raw(_SENSOR, now - _USUAL, now + 1, limit=_MOST)
            measured = read.usable
        issues = await trajectories.issued(
            TEMPERATURE, now - LOOK_BACK, now, limit=1000, scenario=BY_SERVICE
        )
        times = grid(now)

        def work() -> tuple[SensorError, Values]:
            middle = [(one.issued, _middle(one)) for one in issues]
            return sensor_error(measured, middle, now), usual_weather(measured, times)

        return await asyncio.to_thread(work)

    def _show(self, now: int) -> None:
        """Put what is expected of now into the image."""
        points = self._image.table.by_asset[SITE]
        frames = []
        for key, names in _SHOWN.items():
            indexes = [points[name].index for name in names]
            one = self._issued.get(key)
            values = np.full(len(QUANTILES), np.nan) if one is None else _values(one, now)
            values = values if len(names) == len(QUANTILES) else values[1:2]
            status = np.where(np.isnan(values), BAD_NO_DATA, self._status())
            frames.append(Frame.of(indexes, values, status, now))
        self._image.ingest(Frame.concat(frames))

    def _status(self) -> int:
        return UNCERTAIN if self.state is WeatherState.FRESH else UNCERTAIN_LAST_USABLE_VALUE


_SHOWN = {
    TEMPERATURE: (
        "forecast_temperature_lower",
        "forecast_temperature",
        "forecast_temperature_upper",
    ),
    HUMIDITY: ("forecast_humidity",),
    IRRADIANCE: ("forecast_irradiance",),
}


def _by_service(forecast: WeatherForecast, now: int) -> Trajectory:
    times = forecast.time
    values = member_quantiles(forecast, forecast.temperature, times)
    return _trajectory(TEMPERATURE, now, times, values, forecast.source, BY_SERVICE)


def _expected(
    forecast: WeatherForecast | None, error: SensorError, usual: Values, now: int
) -> list[Trajectory]:
    """Return what is expected: of the temperature in any case, of the rest by the service."""
    times = grid(now)
    model = "usual weather" if forecast is None else forecast.source
    temperature = local_temperature(forecast, error, usual, times)
    found = [_trajectory(TEMPERATURE, now, times, temperature, model)]
    if forecast is not None:
        for key, members in ((HUMIDITY, forecast.humidity), (IRRADIANCE, forecast.irradiance)):
            values = member_quantiles(forecast, members, times)
            if np.isfinite(values).any():
                found.append(_trajectory(key, now, times, values, model))
    return found


def _trajectory(
    key: str, issued: int, times: Times, values: Values, model: str, scenario: str = ""
) -> Trajectory:
    return Trajectory(key, issued, times, QUANTILES, values, model, scenario=scenario)


def _middle(one: Trajectory) -> Samples:
    value = one.values[len(QUANTILES) // 2]
    return Samples(value, np.zeros(len(value), np.uint32), one.time)


def _values(one: Trajectory, now: int) -> Values:
    """Return the quantiles of a trajectory at a time."""
    return np.array([np.interp(now, one.time, row, np.nan, np.nan) for row in one.values])
