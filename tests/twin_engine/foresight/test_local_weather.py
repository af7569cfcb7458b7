"""The forecast of a service, corrected by the sensor of the site."""

from __future__ import annotations

import numpy as np
import pytest

from heatpump_twin.drivers.status import GOOD
from heatpump_twin.drivers.weather.weather_forecast import HOUR, WeatherForecast
from heatpump_twin.twin_engine.foresight.local_weather import (
    SensorError,
    grid,
    local_temperature,
    sensor_error,
    usual_weather,
)
from heatpump_twin.twin_engine.history import NO_SAMPLES, Samples

NOW = 1_767_600_000_000_000
UNKNOWN = np.full((3, 193), np.nan)


def samples(first: int, step: int, values: np.ndarray) -> Samples:
    time = first + step * np.arange(len(values), dtype=np.int64)
    return Samples(values.astype(float), np.full(len(values), GOOD, np.uint32), time)


def service(temperature: np.ndarray, issued: int = NOW) -> WeatherForecast:
    hours = issued + HOUR * np.arange(temperature.shape[1], dtype=np.int64)
    return WeatherForecast("test", issued, hours, temperature)


def past(error: np.ndarray) -> SensorError:
    """What follows from three days, in each hour of which the sensor is off by so much."""
    start = NOW - 72 * HOUR
    expected = 5.0 + np.sin(np.arange(73) / 4)
    measured = samples(start, HOUR, expected + error)
    issues = [
        (start + 6 * k * HOUR, samples(start + 6 * k * HOUR, HOUR, expected[6 * k :]))
        for k in range(12)
    ]
    return sensor_error(measured, issues, NOW)


def test_a_place_that_is_colder_for_days_is_forecast_colder() -> None:
    error = past(np.full(73, -2.0))
    assert error.mean == pytest.approx(-2.0 * 84 / 96, abs=0.05)  # 84 hours: ends are seen twice
    assert error.deviation == pytest.approx(0.0, abs=1e-9)
    expected = local_temperature(service(np.full((5, 60), 4.0)), error, UNKNOWN, grid(NOW))
    assert expected[1, 0] == pytest.approx(2.0, abs=0.05)
    assert expected[1, -1] == pytest.approx(4.0 + error.mean, abs=0.01)


def test_an_error_of_now_fades() -> None:
    shown = np.zeros(73)
    shown[-1] = 3.0
    error = past(shown)
    assert error.now == pytest.approx(3.0)
    assert error.at(np.array([0.0, 6.0, 48.0])) == pytest.approx(
        [3.0, error.mean + (3.0 - error.mean) / np.e, error.mean], abs=0.01
    )


def test_nothing_seen_corrects_nothing() -> None:
    assert sensor_error(NO_SAMPLES, [], NOW) == SensorError()


def test_one_forecast_is_the_less_certain_the_further_ahead() -> None:
    expected = local_temperature(service(np.full((1, 60), 4.0)), SensorError(), UNKNOWN, grid(NOW))
    width = expected[2] - expected[0]
    assert (np.diff(width) > 0).all()
    assert width[0] == pytest.approx(2 * 1.2816 * 0.7, abs=0.01)


def test_an_old_forecast_is_less_certain_than_it_was() -> None:
    fresh = service(np.full((1, 72), 4.0))
    old = service(np.full((1, 72), 4.0), NOW - 20 * HOUR)
    widths = [
        np.ptp(local_temperature(one, SensorError(), UNKNOWN, grid(NOW)), axis=0)[0]
        for one in (fresh, old)
    ]
    assert widths[1] > 1.5 * widths[0]


def test_where_the_forecast_ends_it_is_as_usual_at_that_time_of_day() -> None:
    # A week of days with 10 °C at noon and 0 °C at midnight, each a little other.
    hours = np.arange(7 * 24)
    day = 5.0 - 5.0 * np.cos(2 * np.pi * ((NOW // HOUR + hours) % 24) / 24)
    measured = samples(NOW - 7 * 24 * HOUR, HOUR, day + (hours // 24 - 3) * 0.5)
    times = grid(NOW)
    usual = usual_weather(measured, times)
    expected = local_temperature(service(np.full((1, 13), 4.0)), SensorError(), usual, times)
    assert expected[1, 0] == pytest.approx(4.0)
    assert np.isfinite(expected).all()
    noon = np.flatnonzero((times // HOUR) % 24 == 12)[-1]
    assert expected[1, noon] == pytest.approx(10.0, abs=0.6)
    assert (expected[0] <= expected[1]).all()
    assert (expected[1] <= expected[2]).all()


def test_two_days_tell_nothing_of_what_is_usual() -> None:
    measured = samples(NOW - 46 * HOUR, HOUR, np.zeros(46))
    assert np.isnan(usual_weather(measured, grid(NOW))[:, :-1]).all()
