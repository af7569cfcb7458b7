"""The weather year: same for everybody, physical, and like real years where it matters."""

from __future__ import annotations

import itertools
import statistics

import pytest

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.physics import moist_air as air
from heatpump_twin.drivers.plant.physics.weather_year import WeatherYear, clear_sky_irradiance

HOUR = 3600 * MICROSECONDS


NEW_YEAR = 1_767_225_600 * MICROSECONDS
"""2026-01-01, UTC."""


def year(place: WeatherYear, every_hours: int = 3):
    return [place.at(NEW_YEAR + h * HOUR) for h in range(0, 8760, every_hours)]


def autocorrelation(values: list[float], lag: int) -> float:
    return statistics.correlation(values[:-lag], values[lag:])


@pytest.fixture(scope="module")
def mallorca():
    return WeatherYear(39.637, 2.643, seed=1)


def test_any_moment_is_known_without_stepping_there(mallorca: WeatherYear, at) -> None:
    later = at("2031-08-03T13:37:00")
    first = WeatherYear(39.637, 2.643, seed=1).at(later)
    for moment in range(at("2026-01-01T00:00:00"), at("2026-01-03T00:00:00"), HOUR):
        mallorca.at(moment)
    assert mallorca.at(later) == first
    assert WeatherYear(39.637, 2.643, seed=2).at(later) != first


def test_a_mediterranean_year(mallorca: WeatherYear) -> None:
    weather = year(mallorca)
    temperature = [w.temperature for w in weather]
    assert 16 < statistics.fmean(temperature) < 19
    assert -4 < min(temperature) < 5
    assert 30 < max(temperature) < 39
    # Palma: about 1700 kWh/m² on the horizontal.
    assert 1500 < sum(w.irradiance for w in weather) * 3 / 1000 < 1950
    assert 65 < statistics.fmean(w.relative_humidity for w in weather) < 82


def test_the_north_is_colder_and_darker(mallorca: WeatherYear) -> None:
    south, north = year(mallorca), year(WeatherYear(59.3, 18.0, seed=1))
    assert statistics.fmean(w.temperature for w in north) < 9
    assert min(w.temperature for w in north) < -10
    assert sum(w.irradiance for w in north) < 0.65 * sum(w.irradiance for w in south)


def test_humidity_is_consistent(mallorca: WeatherYear) -> None:
    for weather in year(mallorca, 7):
        pressure = air.vapour_pressure_of(weather.humidity_ratio)
        expected = air.relative_humidity(weather.temperature, pressure)
        assert weather.relative_humidity == pytest.approx(min(expected, 100.0), abs=0.01)
        assert 10 < weather.relative_humidity <= 100


def test_fronts_last_for_days(mallorca: WeatherYear, at) -> None:
    start = at("2026-01-01T00:00:00")
    noon = [
        mallorca.at(start + (24 * d + 12) * HOUR).temperature
        - 8.1 * mallorca.season(start + 24 * d * HOUR)
        for d in range(365)
    ]
    assert 0.4 < autocorrelation(noon, 1) < 0.9
    assert abs(autocorrelation(noon, 8)) < 0.3


def test_temperature_never_jumps(mallorca: WeatherYear, at) -> None:
    start = at("2026-03-01T00:00:00")
    minutes = [mallorca.at(start + m * HOUR // 60).temperature for m in range(3 * 1440)]
    assert max(abs(b - a) for a, b in itertools.pairwise(minutes)) < 0.1


@pytest.mark.parametrize(
    ("latitude", "longitude", "time", "elevation_sine"),
    [
        # Greenwich, equinox noon: elevation = 90° − latitude.
        (51.48, 0.0, "2026-03-20T12:07:00", 0.6229),
        # Tropic of Cancer, solstice noon: the sun is in the zenith.
        (23.44, 0.0, "2026-06-21T12:02:00", 1.0),
        # Midnight sun north of the polar circle, by 2.6° (70° − 67.4°… 90 − 70 − 23.44 = −3.44).
        (70.0, 0.0, "2026-06-22T00:02:00", 0.0600),
    ],
)
def test_the_sun_stands_where_geometry_says(latitude, longitude, time, elevation_sine, at) -> None:
    place = WeatherYear(latitude, longitude, seed=1)
    assert place.sun_height(at(time)) == pytest.approx(elevation_sine, abs=0.004)


def test_clear_sky_noon_and_night() -> None:
    # Haurwitz: 1098 · 0.5 · exp(−0.057/0.5) at 30° elevation.
    assert clear_sky_irradiance(0.5) == pytest.approx(489.9, abs=0.1)
    assert clear_sky_irradiance(-0.1) == 0.0


def test_saturation_pressure_of_published_tables() -> None:
    # WMO-No. 8 and Kaye & Laby: over ice −10 °C 259.9 Pa, over water 20 °C 2339 Pa.
    assert air.saturation_pressure(-10.0) == pytest.approx(259.9, rel=0.006)
    assert air.saturation_pressure(20.0) == pytest.approx(2339.0, rel=0.006)
