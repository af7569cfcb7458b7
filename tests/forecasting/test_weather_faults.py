"""A weather service that fails in any way makes forecasts wider: they do not vanish."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from learnt_house import HOURLY, METHOD, course
from pytest_httpserver import HTTPServer

from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.weather.forecast_cache import ForecastCache
from heatpump_twin.drivers.weather.open_meteo import OpenMeteo
from heatpump_twin.drivers.weather.weather_client import WeatherClient
from heatpump_twin.drivers.weather.weather_service import Location
from heatpump_twin.forecasting.weather_issues import members_between
from heatpump_twin.twin_engine.forecasting.course import WeatherIssues
from heatpump_twin.twin_engine.forecasting.quarter_hours import STEP
from heatpump_twin.twin_engine.forecasting.targets import POWER, ROOM
from heatpump_twin.twin_engine.foresight.local_weather import (
    SensorError,
    grid,
    local_temperature,
    usual_weather,
)
from heatpump_twin.twin_engine.history import Samples

HOUR = 4 * STEP
ORIGIN = len(course())
NOW = course().end
Change = Callable[[dict[str, Any]], Any]


def answer(hours: int = 60, begin: int = NOW) -> dict[str, Any]:
    time = begin + HOUR * np.arange(hours)
    told = np.interp(time, HOURLY.time, HOURLY.outdoor)
    return {
        "hourly_units": {
            "time": "unixtime", "temperature_2m": "°C", "relative_humidity_2m": "%",
            "shortwave_radiation": "W/m²",
        },
        "hourly": {
            "time": (time // 1_000_000).tolist(),
            "temperature_2m": told.round(2).tolist(),
            "relative_humidity_2m": [85] * hours,
            "shortwave_radiation": [0.0] * hours,
        },
    }  # fmt: skip


def nulls(body: dict[str, Any]) -> dict[str, Any]:
    body["hourly"]["temperature_2m"][10:] = [None] * 50
    return body


def fahrenheit(body: dict[str, Any]) -> dict[str, Any]:
    body["hourly_units"]["temperature_2m"] = "°F"
    return body


def local_hours(body: dict[str, Any]) -> dict[str, Any]:
    """As a service that forgets the hour that is there twice in October."""
    body["hourly"]["time"][30] = body["hourly"]["time"][29]
    return body


def of_another_year(body: dict[str, Any]) -> dict[str, Any]:
    body["hourly"]["time"] = [t - 365 * 86_400 for t in body["hourly"]["time"]]
    return body


FAULTS: dict[str, tuple[Change, int]] = {
    "429": (lambda body: body, 429),
    "refused": (lambda body: body, 500),
    "truncated": (lambda body: json.dumps(body)[:200], 200),
    "nulls": (nulls, 200),
    "wrong units": (fahrenheit, 200),
    "an hour twice": (local_hours, 200),
    "clock skew": (of_another_year, 200),
}


def client_of(server: HTTPServer, folder: Path, url: str = "/v1/forecast") -> WeatherClient:
    return WeatherClient(
        OpenMeteo(server.url_for(url)), Location(48.5, 7.7), ForecastCache(folder / "weather.json"),
        ManualClock(NOW), "test", random.Random(1),
    )  # fmt: skip


def forecast_by(client: WeatherClient) -> tuple[np.ndarray, np.ndarray]:
    """Return the widths of power and room over 48 hours, in the weather that is known by then."""
    known = course()
    outdoor = known.points["outdoor_temperature"]
    measured = Samples(outdoor, np.zeros(len(outdoor), np.uint32), known.time)
    times = grid(NOW)
    usual = usual_weather(measured, times)
    quantiles = local_temperature(client.forecast, SensorError(), usual, times)
    unknown = np.full((1, 5, len(times)), np.nan)
    issues = WeatherIssues(
        np.array([NOW]), times[np.newaxis], members_between(quantiles)[np.newaxis], unknown, unknown
    )
    found = METHOD.forecast(replace(known, weather=issues), np.array([ORIGIN]))
    widths = [found[target][0, 2] - found[target][0, 0] for target in (POWER, ROOM)]
    assert all(np.isfinite(found[target]).all() for target in (POWER, ROOM))
    return widths[0], widths[1]


@pytest.fixture
def usual_width(httpserver: HTTPServer, tmp_path: Path) -> float:
    """The width of the room's interval with a good forecast."""
    httpserver.expect_request("/good").respond_with_json(answer())
    client = client_of(httpserver, tmp_path, "/good")
    assert client.refresh() is not None
    return float(forecast_by(client)[1].mean())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_widens_the_forecast(
    fault: str, usual_width: float, httpserver: HTTPServer, tmp_path: Path
) -> None:
    change, status = FAULTS[fault]
    body = change(answer())
    text = body if isinstance(body, str) else json.dumps(body)
    httpserver.expect_request("/v1/forecast").respond_with_data(
        text, status=status, content_type="application/json"
    )
    client = client_of(httpserver, tmp_path / "faulty")
    client.refresh()
    assert client.problem
    assert client.forecast is None
    assert forecast_by(client)[1].mean() > usual_width


def test_an_old_forecast_is_stale_and_wider(
    usual_width: float, httpserver: HTTPServer, tmp_path: Path
) -> None:
    begin = NOW - 20 * HOUR
    httpserver.expect_request("/v1/forecast").respond_with_json(answer(60, begin))
    client = client_of(httpserver, tmp_path / "old")
    found = client.refresh()
    assert found is not None
    object.__setattr__(client, "forecast", replace(found, issued=begin))
    assert client.forecast is not None
    assert client.forecast.is_stale(NOW)
    assert forecast_by(client)[1].mean() > usual_width
