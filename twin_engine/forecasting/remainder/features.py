"""What a remainder is told from: nothing but what is known when a forecast is issued."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.forecasting.baselines import climatology, seasonal_naive
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.method import Method, MethodOutlook, Origins
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY, STEP, STEPS
from heatpump_twin.twin_engine.forecasting.targets import ForecastTarget
from heatpump_twin.twin_engine.model.simulation.household import local_clock

OWN = "of target"
"""The unit of a feature that is in the unit of what is forecast."""
FEATURES: tuple[tuple[str, str], ...] = (
    ("lead", "h"),
    ("sine of the hour", "1"),
    ("cosine of the hour", "1"),
    ("weekend", "1"),
    ("air outdoors", "Cel"),
    ("air outdoors beyond usual", "K"),
    ("irradiance", "W/m2"),
    ("model", OWN),
    ("width of the model's interval", OWN),
    ("usual less model", OWN),
    ("yesterday less model", OWN),
    ("remainder of the last day", OWN),
    ("remainder of the last day, fading in a day", OWN),
    ("remainder of the last six hours, fading in six", OWN),
    ("remainder at this time yesterday", OWN),
)
"""Name and unit of each column."""
FINENESS = 128.0
"""Parts of a scaled unit in which features are told.

Halfway between two of them is a number that 32 bits hold: so a tree decides the same in either.
"""
_SIX_HOURS = 24
_SATURDAY = 5
_HOURS = np.arange(STEPS) / 4.0 + 0.125


@dataclass(frozen=True, slots=True)
class FeatureSource:
    """Makes features from a course and from what a base says of it."""

    usual: Method
    """The climatology, which others have asked already."""
    zone: ZoneInfo
    """People live by its clock."""

    def rows(
        self, course: PumpCourse, origins: Origins, said: MethodOutlook, scales: Mapping[str, float]
    ) -> dict[ForecastTarget, Values]:
        """Return features of each target, shape (o, STEPS, features); NaN: the base says nothing.

        Parameters
        ----------
        scales
            What is usual of each target's remainder, in which it is told. [the target's unit]
        """
        common = [self._common(course.past(origin)) for origin in origins.tolist()]
        usual = self.usual.forecast(course, origins)
        found = {}
        for target, quantiles in said.quantiles.items():
            scale = scales.get(target.point)
            if scale is None:
                continue
            table = np.empty((len(origins), STEPS, len(FEATURES)))
            for row, origin in enumerate(origins.tolist()):
                naive = seasonal_naive(course.past(origin).of(target))[1]
                own = _own(quantiles[row], usual[target][row, 1], naive, said.recent[target][row])
                table[row] = np.concatenate([common[row], own / scale]).T
            found[target] = np.round(table * FINENESS) / FINENESS
        return found

    def _common(self, past: PumpCourse) -> Values:
        """Return the features that all targets share, shape (7, STEPS)."""
        time = past.end + STEP * np.arange(STEPS, dtype=np.int64)
        clock = local_clock(time, self.zone)
        angle = 2.0 * np.pi * clock.second / (24.0 * 3600.0)
        usual = climatology(past.outdoor)[1]
        air = _told(past, time, "temperature", seasonal_naive(past.outdoor)[1])
        sun = _told(past, time, "irradiance", np.zeros(STEPS))
        return np.stack([
            _HOURS,
            np.sin(angle),
            np.cos(angle),
            (clock.weekday >= _SATURDAY).astype(float),
            air,
            np.nan_to_num(air - usual),
            sun,
        ])  # fmt: skip


def _own(quantiles: Values, usual: Values, naive: Values, recent: Values) -> Values:
    """Return the features of one target at one origin, shape (8, STEPS)."""
    low, middle, high = quantiles
    day, hours = _mean(recent), _mean(recent[-_SIX_HOURS:])
    return np.stack([
        middle,
        high - low,
        np.nan_to_num(usual - middle),
        np.nan_to_num(naive - middle),
        np.full(STEPS, day),
        day * np.exp(-_HOURS / 24.0),
        hours * np.exp(-_HOURS / 6.0),
        np.nan_to_num(np.tile(recent, STEPS // DAY)),
    ])  # fmt: skip


def _told(past: PumpCourse, time: Times, name: str, otherwise: Values) -> Values:
    """Return the median member of the newest weather forecast; where it says nothing, another."""
    weather = past.weather
    issue = None if weather is None else weather.known_at(past.end)
    if weather is None or issue is None:
        return otherwise
    members = getattr(weather, name)[issue]
    known = np.isfinite(members).all(axis=0)
    if not known.any():
        return otherwise
    middle = np.median(members[:, known], axis=0)
    found = np.interp(time, weather.time[issue][known], middle, np.nan, np.nan)
    return np.where(np.isnan(found), otherwise, found)


def _mean(values: Values) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0
