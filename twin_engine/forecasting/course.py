"""The course of one heat pump in quarter-hours: what forecasts are made from and judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY, STEP, STEPS
from heatpump_twin.twin_engine.forecasting.targets import COP, HEAT, POWER, ForecastTarget

OUTDOOR = ("outdoor_temperature", "ambient_temperature")
"""Points of the air outdoors, the first that is known."""
_RUNS_ABOVE = 0.25
"""Share of the usual highest power from which on a quarter-hour counts as running. [-]"""


@dataclass(frozen=True, slots=True, eq=False)
class WeatherIssues:
    """Forecasts of the weather as they were issued: i of them, with m members of w times."""

    issued: Times
    """When each was known, in order, shape (i,). [µs since the Unix epoch, UTC]"""
    time: Times
    """Shape (i, w), each row in order. [µs since the Unix epoch, UTC]"""
    temperature: Values
    """Shape (i, m, w). [°C]"""
    humidity: Values
    """NaN where it is not known. [%]"""
    irradiance: Values
    """Of the horizontal; NaN where it is not known. [W/m²]"""

    def first(self, count: int) -> WeatherIssues:
        """Return the first so many of them."""
        cut = slice(count)
        return WeatherIssues(
            self.issued[cut],
            self.time[cut],
            self.temperature[cut],
            self.humidity[cut],
            self.irradiance[cut],
        )

    def known_at(self, moment: int) -> int | None:
        """Return the number of the newest that was known at a moment; None: there was none."""
        place = int(np.searchsorted(self.issued, moment, side="right")) - 1
        return place if place >= 0 else None


@dataclass(frozen=True, slots=True, eq=False)
class PumpCourse:
    """The course of one heat pump over n quarter-hours, up to now."""

    start: int
    """Begin of the first quarter-hour. [µs since the Unix epoch, UTC]"""
    points: Mapping[str, Values]
    """Mean of each point over each quarter-hour, shape (n,); NaN: not known. [catalogue's unit]"""
    weather: WeatherIssues | None = None

    def __len__(self) -> int:
        return max((len(values) for values in self.points.values()), default=0)

    @property
    def end(self) -> int:
        """Begin of the quarter-hour after the last. [µs since the Unix epoch, UTC]"""
        return self.start + len(self) * STEP

    @property
    def time(self) -> Times:
        """Begin of each quarter-hour. [µs since the Unix epoch, UTC]"""
        return self.start + STEP * np.arange(len(self), dtype=np.int64)

    @property
    def outdoor(self) -> Values:
        """Air outdoors by the sensor of the heat pump, else by another, shape (n,). [°C]"""
        found = np.full(len(self), np.nan)
        for point in OUTDOOR:
            found = np.where(np.isnan(found), self.points.get(point, np.nan), found)
        return found

    def time_of(self, origin: int) -> int:
        """Return the begin of a quarter-hour by its number. [µs since the Unix epoch, UTC]"""
        return self.start + origin * STEP

    def of(self, target: ForecastTarget) -> Values:
        """Return what came of a target, shape (n,)."""
        if target is not COP:
            return self.points[target.observed[0]]
        heat, power = (self.points[one.observed[0]] for one in (HEAT, POWER))
        return cop_of(heat, power, runs_above(power))

    def past(self, origin: int) -> PumpCourse:
        """Return what was known at the begin of the quarter-hour ``origin``."""
        weather = self.weather
        if weather is not None:
            last = int(np.searchsorted(weather.issued, self.time_of(origin), side="right"))
            weather = weather.first(last)
        points = {point: values[:origin] for point, values in self.points.items()}
        return replace(self, points=points, weather=weather)


def came(values: Values, origin: int) -> Values:
    """Return what came from an origin on, shape (STEPS,); NaN: it is still to come."""
    found = np.full(STEPS, np.nan)
    part = values[origin : origin + STEPS]
    found[: len(part)] = part
    return found


def last_day(values: Values) -> Values:
    """Return the last day of a course, shape (DAY,); NaN: it begins later."""
    found = np.full(DAY, np.nan)
    part = values[-DAY:]
    found[DAY - len(part) :] = part
    return found


def runs_above(power: Values) -> float:
    """Return the power from which on a quarter-hour counts as one in which the machine ran. [W]"""
    known = power[np.isfinite(power)]
    return _RUNS_ABOVE * float(np.quantile(known, 0.98)) if len(known) else np.inf


def cop_of(heat: Values, power: Values, threshold: float) -> Values:
    """Return the COP where the power is above a threshold in W, else NaN. [-]"""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((power > threshold) & (heat > 0.0), heat / power, np.nan)
