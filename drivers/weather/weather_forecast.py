"""A weather forecast of one place: what is to be expected when, and since when that is known."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.drivers.weather.errors import WeatherUnreadable

HOUR = 3600 * MICROSECONDS
STALE_AFTER = 12 * HOUR
"""Models of the weather are run anew each one to six hours. [µs]"""
_LEAST_KNOWN = 0.5
"""Share of the times whose temperature has to be there. [-]"""
_LONGEST_AHEAD = 20 * 24 * HOUR
_POSSIBLE = {
    "temperature": (-70.0, 60.0),
    "humidity": (0.0, 100.0),
    "irradiance": (0.0, 1500.0),
}
"""What the weather can be: anything else is another unit. [°C, %, W/m²]"""
_ROUNDING = {"humidity": 5.0, "irradiance": 20.0}
"""By how much services exceed what can be, where they interpolate."""


@dataclass(frozen=True, slots=True, eq=False)
class WeatherForecast:
    """Weather of one place at n times, of m members of an ensemble that are equally likely.

    What is given for one member alone is that of all.

    Raises
    ------
    WeatherUnreadable
        It is of values that no weather has, of times that are not in order or not of now, or says
        next to nothing.
    """

    source: str
    """Name of the service, as people are told."""
    issued: int
    """When it was made, as far as the service tells, or else received. [µs since the Unix epoch]"""
    time: Times
    """Shape (n,), in order. [µs since the Unix epoch]"""
    temperature: Values
    """Shape (m, n), of the air at a time; NaN where unknown, as in what follows. [°C]"""
    humidity: Values = field(default_factory=lambda: np.empty((0, 0)))
    """Shape (m, n), relative. [%]"""
    irradiance: Values = field(default_factory=lambda: np.empty((0, 0)))
    """Shape (m, n), on the horizontal, mean of the time since the one before. [W/m²]"""

    def __post_init__(self) -> None:
        if self.temperature.ndim != 2 or self.temperature.shape[1] != len(self.time):
            raise WeatherUnreadable(f"{self.source}: times and temperatures do not fit")
        if not len(self.time) or (np.diff(self.time) <= 0).any():
            raise WeatherUnreadable(f"{self.source}: its times are not in order")
        if not -_LONGEST_AHEAD < self.time[0] - self.issued < _LONGEST_AHEAD:
            raise WeatherUnreadable(
                f"{self.source}: its times are not of these days: is the clock right?"
            )
        if np.isfinite(self.temperature).mean() < _LEAST_KNOWN:
            raise WeatherUnreadable(f"{self.source}: most temperatures are missing")
        for name, (low, high) in _POSSIBLE.items():
            # Frozen: what is not there is as unknown as what is null.
            object.__setattr__(self, name, self._believed(name, low, high))

    def _believed(self, name: str, low: float, high: float) -> Values:
        values: Values = getattr(self, name)
        if not values.size:
            return np.full(self.temperature.shape, np.nan)
        if len(values) == 1:
            values = values.repeat(len(self.temperature), axis=0)
        if values.shape != self.temperature.shape:
            raise WeatherUnreadable(f"{self.source}: members of {name} are missing")
        over = _ROUNDING.get(name, 0.0)
        with np.errstate(invalid="ignore"):
            wrong = (values < low - over) | (values > high + over)
        if wrong.any():
            raise WeatherUnreadable(
                f"{self.source}: a {name} of {values[wrong][0]:g} cannot be; is it in other units?"
            )
        return np.clip(values, low, high)

    def is_stale(self, now: int) -> bool:
        """Tell whether there should be a newer one by now. [µs]"""
        return now - self.issued > STALE_AFTER

    def ends(self) -> int:
        """Return the last time of which it says something. [µs since the Unix epoch]"""
        return int(self.time[-1])
