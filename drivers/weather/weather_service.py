"""The protocol of weather services: what is asked, and what an answer means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.drivers.weather.errors import WeatherUnreadable
from heatpump_twin.drivers.weather.weather_forecast import WeatherForecast

HOURS = 72
"""How far ahead is asked: 48 hours from any time of the next day on. [h]"""


@dataclass(frozen=True, slots=True)
class Location:
    """A place on the earth. [°, north and east are positive; m above the sea]"""

    latitude: float
    longitude: float
    altitude: float | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a service: an address and its parameters."""

    url: str
    parameters: Mapping[str, str]


class WeatherService(Protocol):
    """A service that answers one GET with a forecast as JSON."""

    @property
    def name(self) -> str:
        """Its name, as people are told."""
        ...

    def query(self, place: Location, now: int) -> Query:
        """Return what to ask for a place. [µs since the Unix epoch]"""
        ...

    def forecast(self, answer: Any, received: int) -> WeatherForecast:
        """Return the forecast of an answer; raise `WeatherUnreadable`. [µs since the Unix epoch]"""
        ...


def column(name: str, values: object, count: int) -> Values:
    """Return a list of numbers and nulls as an array of ``count``; NaN where there is none.

    Raises
    ------
    WeatherUnreadable
        It is no such list.
    """
    if not isinstance(values, list) or len(values) != count:
        raise WeatherUnreadable(f"{name} is not a list of {count} numbers")
    if not all(one is None or type(one) in (int, float) for one in values):
        raise WeatherUnreadable(f"{name} is not a list of numbers")
    return np.array([np.nan if one is None else float(one) for one in values])


def members(rows: list[Values]) -> Values:
    """Return columns of equal length as the members of an ensemble, shape (m, n)."""
    return np.stack(rows) if rows else np.empty((0, 0))


def microseconds(name: str, texts: object) -> Times:
    """Return ISO 8601 texts with a zone as times. [µs since the Unix epoch]

    Raises
    ------
    WeatherUnreadable
        One is no such text: a time without its zone would be an hour off for half a year.
    """
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise WeatherUnreadable(f"{name} is not a list of times")
    if not all(one.endswith(("Z", "+00:00")) for one in texts):
        raise WeatherUnreadable(f"{name}: times are not in UTC")
    try:
        stamps = np.array(
            [one.removesuffix("Z").removesuffix("+00:00") for one in texts], "datetime64[us]"
        )
    except ValueError as error:
        raise WeatherUnreadable(f"{name}: {error}") from error
    return stamps.astype(np.int64)
