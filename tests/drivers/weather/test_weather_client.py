"""A weather service over real HTTP, in all the ways in which one can fail."""

from __future__ import annotations

import json
import random
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_httpserver import HTTPServer

from heatpump_twin.drivers.clock import MICROSECONDS, ManualClock
from heatpump_twin.drivers.weather.forecast_cache import ForecastCache
from heatpump_twin.drivers.weather.open_meteo import OpenMeteo
from heatpump_twin.drivers.weather.weather_client import WeatherClient
from heatpump_twin.drivers.weather.weather_service import Location

NOW = 1_767_600_000 * MICROSECONDS
MINUTE = 60 * MICROSECONDS
HOUR = 60 * MINUTE
PLACE = Location(39.637, 2.643)
COUNT = 48


def answer(first: float = 5.0, **changes: Any) -> dict[str, Any]:
    hours = [NOW // MICROSECONDS + 3600 * k for k in range(COUNT)]
    hourly = {
        "time": hours,
        "temperature_2m": [first + 0.1 * k for k in range(COUNT)],
        "relative_humidity_2m": [80] * COUNT,
        "shortwave_radiation": [0.0] * COUNT,
    }
    units = {
        "time": "unixtime",
        "temperature_2m": "°C",
        "relative_humidity_2m": "%",
        "shortwave_radiation": "W/m²",
    }
    return {"hourly": hourly | changes, "hourly_units": units}


def from_now(later: timedelta) -> str:
    """A time of the service's clock, which is that of this machine."""
    return format_datetime(datetime.now(UTC) + later, usegmt=True)


class Rig:
    """A client of a local service, with a clock of its own."""

    def __init__(self, server: HTTPServer, folder: Path) -> None:
        self.server = server
        self.clock = ManualClock(NOW)
        self.path = folder / "weather.json"
        self.client = self.made()

    def made(self, url: str | None = None) -> WeatherClient:
        return WeatherClient(
            OpenMeteo(url or self.server.url_for("/v1/forecast")),
            PLACE,
            ForecastCache(self.path),
            self.clock,
            "heatpump-twin/test office@example.org",
            random.Random(1),
        )

    def says(self, body: Any, status: int = 200, **headers: str) -> None:
        content = body if isinstance(body, str) else json.dumps(body)
        self.server.clear_all_handlers()
        self.server.expect_request("/v1/forecast").respond_with_data(
            content, status, headers, "application/json"
        )

    def later(self, wait: int) -> None:
        self.clock.set(self.clock.now() + wait)

    @property
    def asked(self) -> int:
        return len(self.server.log)


@pytest.fixture
def rig(httpserver: HTTPServer, tmp_path: Path) -> Rig:
    return Rig(httpserver, tmp_path)


def test_a_forecast_is_asked_for_when_it_is_time_to_and_not_before(rig: Rig) -> None:
    rig.says(answer(5.0))
    forecast = rig.client.refresh()
    assert forecast is not None
    assert forecast.temperature[0, 0] == 5.0
    assert (forecast.time[0], forecast.issued) == (NOW, NOW)
    request, _ = rig.server.log[0]
    assert request.headers["User-Agent"] == "heatpump-twin/test office@example.org"
    assert request.args["latitude"] == "39.6370"
    rig.says(answer(6.0))
    assert rig.client.refresh() is None
    rig.later(29 * MINUTE)
    assert rig.client.refresh() is None
    assert rig.asked == 1
    rig.later(10 * MINUTE)
    fresh = rig.client.refresh()
    assert fresh is not None
    assert fresh.temperature[0, 0] == 6.0


def test_expires_is_honoured_by_the_clock_of_the_service(rig: Rig) -> None:
    # The service's clock is months away from the twin's: what counts is how long.
    rig.says(answer(), Expires=from_now(timedelta(hours=2)))
    assert rig.client.refresh()
    rig.later(119 * MINUTE)
    assert rig.client.refresh() is None
    assert rig.asked == 1
    rig.later(30 * MINUTE)
    assert rig.client.refresh()


def test_what_has_not_changed_is_not_sent_again(rig: Rig) -> None:
    rig.says(answer(), ETag='"a1"')
    assert rig.client.refresh()

    rig.server.clear_all_handlers()
    rig.server.expect_request("/v1/forecast", headers={"If-None-Match": '"a1"'}).respond_with_data(
        status=304
    )
    rig.later(HOUR)
    assert rig.client.refresh() is None
    rig.server.check_assertions()
    assert not rig.client.problem
    assert rig.client.due > rig.clock.now()
    assert rig.client.forecast is not None


def test_a_restart_knows_what_was_known(rig: Rig) -> None:
    rig.says(answer(7.0))
    rig.client.refresh()
    again = rig.made()
    forecast = again.start()
    assert forecast is not None
    assert forecast.temperature[0, 0] == 7.0
    assert again.refresh() is None
    assert rig.asked == 1


def test_a_damaged_cache_is_set_aside(rig: Rig) -> None:
    rig.says(answer())
    rig.client.refresh()
    rig.path.write_text('{"url": ', encoding="utf-8")
    again = rig.made()
    assert again.start() is None
    assert list(rig.path.parent.glob("weather.json.damaged-*"))
    assert again.refresh() is not None


@pytest.mark.parametrize(
    ("status", "headers", "least", "most"),
    [
        (429, {"Retry-After": "7200"}, 119, 121),
        (429, {}, 1, 2),
        (503, {}, 1, 2),
        (503, {"Retry-After": "{in half an hour}"}, 29, 31),
    ],
)
def test_a_service_that_wants_to_be_left_alone_is(
    rig: Rig, status: int, headers: dict[str, str], least: float, most: float
) -> None:
    if "Retry-After" in headers and not headers["Retry-After"].isdigit():
        headers = {"Retry-After": from_now(timedelta(minutes=30))}
    rig.says("", status, **headers)
    assert rig.client.refresh() is None
    assert str(status) in rig.client.problem
    assert least * MINUTE <= rig.client.due - NOW <= most * MINUTE


def test_who_does_not_answer_is_asked_ever_more_rarely(rig: Rig) -> None:
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        client = rig.made(f"http://127.0.0.1:{port.getsockname()[1]}/v1/forecast")
    waits = []
    for _ in range(9):
        assert client.refresh() is None
        waits.append((client.due - rig.clock.now()) / MINUTE)
        rig.clock.set(client.due)
    assert all(2**k <= wait <= 1.2 * 2**k for k, wait in enumerate(waits[:6]))
    assert all(60 <= wait <= 72 for wait in waits[6:])
    assert "no connection" in client.problem


BAD = {
    "truncated": json.dumps(answer())[:300],
    "empty": "",
    "no JSON": "<html>Bad gateway</html>",
    "another JSON": "[1, 2]",
    "an error": '{"error": true, "reason": "Daily API request limit exceeded"}',
    "too few": answer(temperature_2m=[1.0]),
    "texts": answer(temperature_2m=["5"] * COUNT),
    "infinite": '{"hourly": {"time": [1767600000], "temperature_2m": [Infinity]},'
    ' "hourly_units": {"temperature_2m": "°C"}}',
    "mostly null": answer(temperature_2m=[5.0] * 10 + [None] * (COUNT - 10)),
    "kelvin in disguise": answer(temperature_2m=[278.0] * COUNT),
    "a sun too near": answer(shortwave_radiation=[3e4] * COUNT),
    "times back and forth": answer(time=[NOW // MICROSECONDS] * COUNT),
    "no time": answer(time=[None] * COUNT),
    "another year": answer(time=[3600 * k for k in range(COUNT)]),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_forecast_leaves_the_one_before(rig: Rig, name: str) -> None:
    rig.says(answer(4.0))
    rig.client.refresh()
    rig.later(HOUR)
    rig.says(BAD[name])
    assert rig.client.refresh() is None
    assert rig.client.problem
    assert rig.client.forecast is not None
    assert rig.client.forecast.temperature[0, 0] == 4.0
    # And it goes on as soon as there is one again.
    rig.later(2 * MINUTE)
    rig.says(answer(3.0))
    assert rig.client.refresh() is not None
    assert not rig.client.problem


def test_other_units_are_refused_by_name(rig: Rig) -> None:
    wrong = answer()
    wrong["hourly_units"]["temperature_2m"] = "°F"
    rig.says(wrong)
    assert rig.client.refresh() is None
    assert "°F" in rig.client.problem


def test_some_nulls_are_unknown_and_the_rest_is_there(rig: Rig) -> None:
    rig.says(
        answer(temperature_2m=[None] + [5.0] * (COUNT - 1), shortwave_radiation=[None] * COUNT)
    )
    forecast = rig.client.refresh()
    assert forecast is not None
    assert np.isnan(forecast.temperature[0, 0])
    assert forecast.temperature[0, 1] == 5.0
    assert np.isnan(forecast.irradiance).all()


def test_an_ensemble_has_all_its_members(rig: Rig) -> None:
    more = {f"temperature_2m_member{k:02}": [float(k)] * COUNT for k in (1, 2, 3)}
    answered = answer(1.0, **more)
    answered["hourly_units"] |= dict.fromkeys(more, "°C")
    rig.says(answered)
    forecast = rig.client.refresh()
    assert forecast is not None
    assert forecast.temperature[:, 0].tolist() == [1.0, 1.0, 2.0, 3.0]
    assert forecast.humidity.shape == (4, COUNT)


def test_a_clock_that_was_set_back_does_not_silence_it(rig: Rig) -> None:
    rig.says(answer())
    rig.client.refresh()
    rig.later(-30 * 24 * HOUR)
    rig.says(answer())
    rig.client.refresh()
    assert rig.asked == 2


def test_it_is_stale_after_half_a_day(rig: Rig) -> None:
    rig.says(answer())
    forecast = rig.client.refresh()
    assert forecast is not None
    assert not forecast.is_stale(NOW + 11 * HOUR)
    assert forecast.is_stale(NOW + 13 * HOUR)
