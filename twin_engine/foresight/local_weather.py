r"""The weather to come at the site: what a service forecasts, and what sensors say of it.

A model of the weather knows a place by the mean of some square kilometres, at another altitude
than the site, and is off there by an amount that is much the same for days. What the sensor showed
beside earlier forecasts corrects the next one:

.. math:: T(l) = T_{service}(l) + s + (f - s)\,e^{-l/6h}

with the lead :math:`l`, the mean error :math:`s` of the last three days, shrunk as if twelve hours
without error had been seen before, and the error :math:`f` of now, which fades.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.drivers.weather.weather_forecast import HOUR, WeatherForecast
from heatpump_twin.twin_engine.history import Samples

QUANTILES = np.array([0.1, 0.5, 0.9])
STEP = HOUR // 4
"""[µs]"""
STEPS = 192
"""48 hours in quarter-hours."""
LOOK_BACK = 72 * HOUR
"""How far back errors are looked at. [µs]"""
_FADE = 6.0
"""How long an error of now tells of what is to come. [h]"""
_SHRINK = 12.0
"""Hours without an error that are taken as seen before. [h]"""
_Z = 1.2816
"""Of a normal distribution, 90 % lie below so many standard deviations."""
_ERROR_NOW, _ERROR_GROWTH = 0.7, 0.03
"""Standard error of a forecast without an ensemble, and how it grows with the lead. [K, K/h]

A day ahead 1.4 K, two days 2.1 K: as national services verify theirs.
"""
_STALE_ISSUE = 6 * HOUR
"""An earlier forecast is compared with the sensor for so long, or until the next one. [µs]"""
_FEWEST_DAYS = 3
"""Of which the usual weather of an hour of the day can be told."""


@dataclass(frozen=True, slots=True)
class SensorError:
    """What the site's sensor has shown beyond what was forecast. [K]"""

    mean: float = 0.0
    now: float = 0.0
    deviation: float = 0.0
    """Standard deviation about the mean."""

    def at(self, lead: Values) -> Values:
        """Return the correction at leads in h. [K]"""
        return self.mean + (self.now - self.mean) * np.exp(-np.maximum(lead, 0.0) / _FADE)


def sensor_error(measured: Samples, issues: Sequence[tuple[int, Samples]], now: int) -> SensorError:
    """Return how the sensor differs from earlier forecasts of the service, as they came.

    Parameters
    ----------
    measured : Samples
        The sensor's values of the last days, those that are not Bad.
    issues : sequence of (int, Samples)
        When a forecast was issued, and its values, in order. [µs since the Unix epoch]
    """
    found: list[tuple[int, float]] = []
    ends = [issued for issued, _ in issues[1:]] + [now] * bool(issues)
    for (issued, samples), until in zip(issues, ends, strict=True):
        last = min(until, issued + _STALE_ISSUE, now)
        times = np.arange(-(-issued // HOUR) * HOUR, last + 1, HOUR)
        known = np.isfinite(samples.value)
        if known.sum() < 2 or not len(times):
            continue
        expected = np.interp(times, samples.time[known], samples.value[known], np.nan, np.nan)
        shown = _standing(measured, times)
        errors = shown - expected
        found += [(int(t), float(e)) for t, e in zip(times, errors, strict=True) if np.isfinite(e)]
    if not found:
        return SensorError()
    values = np.array([error for _, error in found])
    mean = float(values.sum() / (len(values) + _SHRINK))
    fresh = now - found[-1][0] <= 2 * HOUR
    return SensorError(mean, found[-1][1] if fresh else mean, float(values.std()))


def local_temperature(
    forecast: WeatherForecast | None, error: SensorError, usual: Values, times: Times
) -> Values:
    """Return the quantiles of the temperature at the site, shape (3, n). [°C]

    Where the forecast ends it is what is ``usual`` (shape (3, n)), and so where there is none.
    """
    if forecast is None:
        return usual
    members = _at(forecast.time, forecast.temperature, times)
    low, middle, high = _quantiles(members)
    lead = np.maximum(times - forecast.issued, 0) / HOUR
    alone = len(members) == 1
    own = np.hypot(error.deviation, alone * (_ERROR_NOW + _ERROR_GROWTH * lead))
    centre = middle + error.at((times - times[0]) / HOUR)
    below, above = np.hypot(middle - low, _Z * own), np.hypot(high - middle, _Z * own)
    expected = np.stack([centre - below, centre, centre + above])
    return np.where(np.isnan(expected), usual, expected)


def member_quantiles(forecast: WeatherForecast, values: Values, times: Times) -> Values:
    """Return the quantiles of a variable of a forecast, shape (3, n), as they are."""
    return np.stack(_quantiles(_at(forecast.time, values, times)))


def usual_weather(measured: Samples, times: Times) -> Values:
    """Return the quantiles of what the last days had at the time of day, shape (3, n).

    NaN where fewer than three days tell: the weather service of last resort.
    """
    if not len(measured):
        return np.full((len(QUANTILES), len(times)), np.nan)
    days = np.arange(1, int((times[-1] - measured.time[0]) // (24 * HOUR)) + 2)
    then = times[np.newaxis, :] - days[:, np.newaxis] * 24 * HOUR
    values = np.stack([_standing(measured, row) for row in then])
    known = np.isfinite(values).sum(axis=0)
    result = np.full((len(QUANTILES), len(times)), np.nan)
    enough = known >= _FEWEST_DAYS
    if enough.any():
        result[:, enough] = np.nanquantile(values[:, enough], QUANTILES, axis=0)
    return result


def grid(now: int) -> Times:
    """Return the quarter-hours of the next 48 hours. [µs since the Unix epoch]"""
    first = now // STEP * STEP
    return first + STEP * np.arange(STEPS + 1, dtype=np.int64)


def _quantiles(members: Values) -> tuple[Values, Values, Values]:
    with np.errstate(invalid="ignore"):
        low, middle, high = np.quantile(members, QUANTILES, axis=0)
    return low, middle, high


def _at(time: Times, members: Values, times: Times) -> Values:
    """Return members at other times, on lines between theirs; NaN beyond them."""
    return np.stack([np.interp(times, time, row, np.nan, np.nan) for row in members])


def _standing(samples: Samples, times: Times) -> Values:
    """Return the latest value at each time, if it is less than an hour old, or NaN."""
    if not len(samples):
        return np.full(len(times), np.nan)
    place = np.searchsorted(samples.time, times, side="right") - 1
    value = samples.value[np.maximum(place, 0)]
    there = (place >= 0) & (times - samples.time[np.maximum(place, 0)] <= HOUR)
    return np.where(there, value, np.nan)
