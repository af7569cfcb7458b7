"""A synthetic weather year: physical, autocorrelated, and the same for everybody who asks.

Season, day and sun come from geometry; fronts and clouds are smooth noise of the seed, so the
weather of any moment is known without stepping there. Climates are drawn with a broad brush (a
latitude for warmth, a longitude for the distance from the Atlantic): a place that feels right, not
a forecast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.noise import channel, smooth
from heatpump_twin.drivers.plant.physics import moist_air as air

_DAY = 86_400.0
_YEAR = 365.2425
_J2000 = 946_728_000.0
"""2000-01-01 12:00 UTC, seconds since the Unix epoch."""
_WARMEST_DAY = 207.0
"""Day of the year, late July: the sea and the ground lag the sun by a month."""
_WARMEST_HOUR = 14.7
"""Solar time at which a day is warmest: the air lags the sun. [h]"""


class Weather(NamedTuple):
    """The air and the sun at one moment."""

    temperature: float
    """Dry bulb. [°C]"""
    relative_humidity: float
    """[%]"""
    humidity_ratio: float
    """[kg/kg]"""
    irradiance: float
    """Global, on the horizontal. [W/m²]"""
    cloud_cover: float
    """0 clear … 1 overcast."""


@dataclass(frozen=True, slots=True)
class Climate:
    """The climate of a place: what is typical of its weather."""

    annual_mean: float
    """[°C]"""
    seasonal_amplitude: float
    """Half the difference between the warmest and the coldest month. [K]"""
    synoptic_deviation: float
    """Standard deviation of a day from what is usual for its season, in winter. [K]"""
    diurnal_amplitude: float
    """Half the range of a clear summer day. [K]"""
    cloudiness: float
    """Shifts the sky between clear (negative) and overcast (positive)."""
    dryness: float
    """Typical distance of the dew point from the day's mean temperature. [K]"""

    @property
    def design_temperature(self) -> float:
        """The outdoor temperature that heating is sized for. [°C]"""
        return self.annual_mean - self.seasonal_amplitude - 2.3 * self.synoptic_deviation


def climate_of(latitude: float, longitude: float) -> Climate:
    """Return a plausible lowland climate, Mediterranean at 40°, colder towards the poles.

    Fitted by eye to Palma (annual mean 17.5 °C, months 9–25 °C), to the PVGIS typical year at
    45° N 8° E and to a measured year in North Wales.
    """
    north = abs(latitude)
    # Continentality: the Atlantic coast of Europe is mild, the east and other continents are not.
    inland = min(max((longitude + 6.0) / 25.0, 0.0), 1.0) if -15.0 <= longitude <= 45.0 else 0.7
    cold = min(max((north - 39.6) / 20.0, -0.6), 1.6)
    cooling = 0.55 if north > 39.6 else 0.42
    return Climate(
        annual_mean=min(17.3 - cooling * (north - 39.6), 27.0),
        seasonal_amplitude=(5.2 + 8.5 * inland) * min(north / 35.0, 1.0),
        synoptic_deviation=2.3 + 0.6 * inland + 0.5 * max(cold, 0.0),
        diurnal_amplitude=4.9 + 3.2 * inland - 0.9 * cold,
        cloudiness=min(-0.40 + 1.5 * cold, 0.95),
        dryness=min(max(4.7 - 2.4 * cold, 1.8), 7.0),
    )


class WeatherYear:
    """The weather of one place as a function of time."""

    def __init__(self, latitude: float, longitude: float, seed: int) -> None:
        self.climate = climate_of(latitude, longitude)
        self._latitude = math.radians(latitude)
        self._longitude = longitude
        self._season_sign = 1.0 if latitude >= 0 else -1.0
        self._fronts = channel(seed, "weather.fronts")
        self._gusts = channel(seed, "weather.gusts")
        self._sky = channel(seed, "weather.sky")
        self._cumulus = channel(seed, "weather.cumulus")
        self._moisture = channel(seed, "weather.moisture")

    def season(self, time: int) -> float:
        """Return the season at a time in µs: +1 when the year is warmest, −1 when it is coldest."""
        days = time / MICROSECONDS / _DAY
        # Day 0 of the Unix epoch was a 1 January; the drift over the leap cycle is below a day.
        return self._season_sign * math.cos(2 * math.pi * (days - _WARMEST_DAY) / _YEAR)

    def mains_water(self, time: int) -> float:
        """Return the temperature of the water mains at a time in µs. [°C]

        It follows the ground: the annual mean of the air, with little of the season left.
        """
        swing = 0.35 * self.climate.seasonal_amplitude * self.season(time)
        return max(self.climate.annual_mean + swing, 5.0)

    def at(self, time: int) -> Weather:
        """Return the weather at a time in µs since the Unix epoch, UTC."""
        climate = self.climate
        days = time / MICROSECONDS / _DAY
        season = self.season(time)

        # Fronts last for days, their details for half a day. The shares are those that give the
        # day-to-day autocorrelation of real winters (about 0.75 after one day, 0.2 after five).
        front = 0.86 * smooth(self._fronts, days / 3.1) + 0.51 * smooth(self._gusts, days / 1.1)
        steady_cloud = 0.8 * smooth(self._sky, days / 1.7) + 0.25 * front * -season
        lean = climate.cloudiness - 0.25 * season
        overcast = _squash(steady_cloud + lean)
        cloud = _squash(steady_cloud + 0.7 * smooth(self._cumulus, days * 16.0) + lean)

        # Fronts change the temperature more in winter; clouds level day and night.
        swing = climate.synoptic_deviation * (0.9 - 0.15 * season)
        day_mean = climate.annual_mean + climate.seasonal_amplitude * season + swing * front
        clear_share = 1.0 - 0.72 * overcast
        diurnal = climate.diurnal_amplitude * (0.82 + 0.18 * season) * clear_share
        solar_hour = (days % 1.0) * 24.0 + self._longitude / 15.0
        phase = math.cos(2 * math.pi * (solar_hour - _WARMEST_HOUR) / 24.0)
        temperature = day_mean + diurnal * phase

        dryness = climate.dryness * (0.45 + 1.0 * (1.0 - overcast) + 0.12 * season)
        # The water in the air stays through the day while the temperature moves: so the relative
        # humidity falls at noon and rises at night, and fog is where they meet.
        dew_point = day_mean - dryness + 1.3 * smooth(self._moisture, days * 2.0)
        dew_point = min(dew_point, temperature - 0.15)
        vapour = air.vapour_pressure_at_dew_point(dew_point)
        return Weather(
            temperature=temperature,
            relative_humidity=min(air.relative_humidity(temperature, vapour), 100.0),
            humidity_ratio=air.humidity_ratio(vapour),
            irradiance=clear_sky_irradiance(self.sun_height(time)) * cloud_transmittance(cloud),
            cloud_cover=cloud,
        )

    def sun_height(self, time: int) -> float:
        """Return the sine of the sun's elevation at a time in µs. [-]

        The Astronomical Almanac's approximation for 1950 to 2050 (Michalsky, Solar Energy 40,
        1988), to ±0.1°. Refraction, 0.5° at the horizon, is left out.
        """
        n = (time / MICROSECONDS - _J2000) / _DAY
        mean_longitude = math.radians((280.460 + 0.9856474 * n) % 360.0)
        anomaly = math.radians((357.528 + 0.9856003 * n) % 360.0)
        ecliptic = mean_longitude + math.radians(
            1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly)
        )
        obliquity = math.radians(23.439)
        declination = math.asin(math.sin(obliquity) * math.sin(ecliptic))
        ascension = math.atan2(math.cos(obliquity) * math.sin(ecliptic), math.cos(ecliptic))
        sidereal = math.radians((280.46062 + 360.98564737 * n + self._longitude) % 360.0)
        hour_angle = sidereal - ascension
        return math.sin(self._latitude) * math.sin(declination) + math.cos(
            self._latitude
        ) * math.cos(declination) * math.cos(hour_angle)


def clear_sky_irradiance(sun_height: float) -> float:
    """Return the global horizontal irradiance under a clear sky. [W/m²]

    Haurwitz, J. Meteorology 2, 1945: of the sun's height alone, without haze and altitude.

    Parameters
    ----------
    sun_height : float
        Sine of the sun's elevation. [-]
    """
    if sun_height <= 0.0:
        return 0.0
    return 1098.0 * sun_height * math.exp(-0.057 / sun_height)


def cloud_transmittance(cover: float) -> float:
    """Return the share of clear-sky irradiance that clouds let through, cover 0 to 1. [-]

    Kasten and Czeplak, Solar Energy 24, 1980, from ten years of hourly data of Hamburg.
    """
    return 1.0 - 0.75 * math.pow(cover, 3.4)


def _squash(x: float) -> float:
    """Return a cloud cover from 0 to 1 for any number, by a logistic curve."""
    return 1.0 / (1.0 + math.exp(-2.2 * x))
