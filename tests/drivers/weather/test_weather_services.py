"""What each service answers, in its own format and units, as a forecast."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.weather.bright_sky import BrightSky
from heatpump_twin.drivers.weather.errors import WeatherAway, WeatherUnreadable
from heatpump_twin.drivers.weather.met_norway import MetNorway
from heatpump_twin.drivers.weather.open_meteo import OpenMeteo
from heatpump_twin.drivers.weather.weather_file import WeatherFile
from heatpump_twin.drivers.weather.weather_service import Location

NOW = 1_767_600_000 * MICROSECONDS
"""2026-01-05T08:00Z."""
PLACE = Location(59.9139, 10.7522, 23.0)


def norwegian(**details: float) -> dict[str, Any]:
    """As its answer has it: two hours, values at a time."""
    known = {"air_temperature": -3.2, "relative_humidity": 88.4} | details
    return {
        "type": "Feature",
        "properties": {
            "meta": {
                "updated_at": "2026-01-05T07:21:09Z",
                "units": {
                    "air_temperature": "celsius",
                    "relative_humidity": "%",
                    "air_pressure_at_sea_level": "hPa",
                },
            },
            "timeseries": [
                {"time": f"2026-01-05T{hour:02}:00:00Z", "data": {"instant": {"details": known}}}
                for hour in (8, 9)
            ],
        },
    }


def german(**fields: Any) -> dict[str, Any]:
    row = {
        "temperature": 8.0, "dew_point": 6.8, "relative_humidity": None, "solar": 0.12,
        "cloud_cover": 99,
    }  # fmt: skip
    return {
        "weather": [
            {"timestamp": f"2026-01-05T{hour:02}:00:00+00:00", **row, **fields} for hour in (8, 9)
        ],
        "sources": [{"observation_type": "forecast"}],
    }


def test_met_norway_says_when_it_was_made() -> None:
    forecast = MetNorway().forecast(norwegian(), NOW)
    assert forecast.issued == NOW - (38 * 60 + 51) * MICROSECONDS
    assert forecast.time.tolist() == [NOW, NOW + 3600 * MICROSECONDS]
    assert forecast.temperature.tolist() == [[-3.2, -3.2]]
    assert forecast.humidity[0, 0] == 88.4
    assert np.isnan(forecast.irradiance).all()


def test_its_percentiles_are_members() -> None:
    spread = {"air_temperature_percentile_10": -5.0, "air_temperature_percentile_90": -1.0}
    forecast = MetNorway().forecast(norwegian(**spread), NOW)
    assert forecast.temperature[:, 0].tolist() == [-5.0, -3.2, -1.0]
    assert forecast.humidity[:, 0].tolist() == [88.4] * 3


def test_it_wants_four_decimals_at_most() -> None:
    asked = MetNorway().query(Location(59.913868, 10.752245, 23.4), NOW).parameters
    assert asked == {"lat": "59.9139", "lon": "10.7522", "altitude": "23"}


def test_bright_sky_has_the_units_of_the_weather_service() -> None:
    forecast = BrightSky().forecast(german(), NOW)
    assert forecast.irradiance[0, 0] == 120.0
    # 8.0 °C with a dew point of 6.8 °C: 92.1 % by the tables of WMO-No. 8.
    assert forecast.humidity[0, 0] == pytest.approx(92.1, abs=0.2)


def test_bright_sky_is_asked_for_three_days_from_this_hour() -> None:
    asked = BrightSky().query(PLACE, NOW + 1234 * MICROSECONDS).parameters
    assert asked["date"] == "2026-01-05T08:00:00+00:00"
    assert asked["last_date"] == "2026-01-08T08:00:00+00:00"
    assert asked["units"] == "dwd"


@pytest.mark.parametrize("change", ["fahrenheit", "kelvin", "K"])
def test_other_units_are_refused(change: str) -> None:
    answer = norwegian()
    answer["properties"]["meta"]["units"]["air_temperature"] = change
    with pytest.raises(WeatherUnreadable, match=change):
        MetNorway().forecast(answer, NOW)


@pytest.mark.parametrize("service", [MetNorway(), BrightSky(), OpenMeteo()])
@pytest.mark.parametrize("answer", [None, [], {}, {"properties": None}, {"weather": [None]}, "x"])
def test_what_is_no_forecast_is_told_by_name(service: Any, answer: Any) -> None:
    with pytest.raises(WeatherUnreadable, match=service.name):
        service.forecast(answer, NOW)


@pytest.mark.parametrize("time", ["2026-01-05T08:00:00", "2026-01-05T08:00:00+01:00", "08:00"])
def test_a_time_without_a_zone_is_refused(time: str) -> None:
    answer = norwegian()
    answer["properties"]["timeseries"][0]["time"] = time
    with pytest.raises(WeatherUnreadable, match="time"):
        MetNorway().forecast(answer, NOW)


def test_a_file_is_as_old_as_its_last_writing(tmp_path: Path) -> None:
    path = tmp_path / "weather.json"
    with pytest.raises(WeatherAway, match="cannot be read"):
        WeatherFile(path).read()
    hourly = {"time": [NOW // MICROSECONDS], "temperature_2m": [4.5]}
    path.write_text(json.dumps({"hourly": hourly, "hourly_units": {"temperature_2m": "°C"}}))
    os.utime(path, (NOW / 1e6 - 60, NOW / 1e6 - 60))
    forecast = WeatherFile(path).read()
    assert (forecast.temperature[0, 0], forecast.issued) == (4.5, NOW - 60 * MICROSECONDS)
    path.write_text("{")
    with pytest.raises(WeatherUnreadable, match=r"weather\.json is not JSON"):
        WeatherFile(path).read()
