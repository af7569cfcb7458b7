"""What a weather service would say of the weather to come: the truth, and an error that grows.

The errors are those of an ensemble that is calibrated: the truth lies among its members as one of
them would. Over Europe the temperature two metres above the ground, a day ahead, is forecast with a
standard error of some 1.5 K, three days ahead of some 2.5 K.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.noise import channel, smooth
from heatpump_twin.drivers.plant.physics.weather_year import WeatherYear

RUN = 6 * 3600 * MICROSECONDS
"""Weather models are run so often. [µs]"""
MEMBERS = 10
_HOUR = 3600 * MICROSECONDS
_AT_ONCE, _PER_HOUR = 0.5, 0.03
"""Standard error of the temperature now, and how it grows. [K, K/h]"""
_SKY = 0.35
"""Standard error of the irradiance, of what it is. [-]"""
_MOIST = 5.0
"""Standard error of the relative humidity. [%]"""
_ALIKE = 0.1
"""How many errors there are in an hour: that of noon tells of the evening. [1/h]"""


@dataclass(frozen=True, slots=True)
class OutlookMember:
    """One of the ways in which the weather may go on, at some times."""

    temperature: list[float]
    """[°C]"""
    relative_humidity: list[float]
    """[%]"""
    irradiance: list[float]
    """On the horizontal, mean of the hour before. [W/m²]"""


class WeatherOutlook:
    """The forecasts of a place's weather; each is the same for whoever asks."""

    def __init__(self, year: WeatherYear, seed: int) -> None:
        self._year = year
        self._seed = seed

    def issued(self, now: int) -> int:
        """Return when the newest forecast was made. [µs since the Unix epoch]"""
        return now // RUN * RUN

    def members(self, issued: int, times: Sequence[int]) -> list[OutlookMember]:
        """Return the members of a forecast at some times. [µs since the Unix epoch]"""
        return [self._member(issued, number, times) for number in range(MEMBERS)]

    def _member(self, issued: int, number: int, times: Sequence[int]) -> OutlookMember:
        # What all members of a run have wrong together is drawn as what each has for itself: so
        # the truth differs from them as they do from one another.
        warmth, common = (channel(self._seed, f"outlook.{issued}.{who}") for who in (number, "all"))
        sky = channel(self._seed, f"outlook.{issued}.{number}.sky")
        member = OutlookMember([], [], [])
        for time in times:
            lead = max(time - issued, 0) / _HOUR
            weather = self._year.at(time)
            off = smooth(common, lead * _ALIKE) + smooth(warmth, lead * _ALIKE)
            error = (_AT_ONCE + _PER_HOUR * lead) * off
            member.temperature.append(round(weather.temperature + error, 2))
            # Warmer air with the same water in it.
            moist = weather.relative_humidity - 4.0 * error + _MOIST * smooth(sky, lead + 500.0)
            member.relative_humidity.append(round(min(max(moist, 5.0), 100.0), 1))
            share = max(1.0 + _SKY * math.tanh(lead / 12.0) * smooth(sky, lead * _ALIKE), 0.0)
            mean = self._irradiance(time)
            member.irradiance.append(round(min(share * mean, 1200.0), 1))
        return member

    def _irradiance(self, time: int) -> float:
        """Return the mean irradiance of the hour before a time. [W/m²]"""
        parts = 6
        return (
            sum(
                self._year.at(time - (2 * k + 1) * _HOUR // (2 * parts)).irradiance
                for k in range(parts)
            )
            / parts
        )
