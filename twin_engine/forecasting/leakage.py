"""Audit of methods: does what they say change with what nobody can know yet?

Everything after a moment is changed: measured values are others, missing or cut off, and forecasts
of the weather that were issued later say something else. What a method forecasts at that moment
must stay the same, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from types import MappingProxyType

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.course import PumpCourse, WeatherIssues
from heatpump_twin.twin_engine.forecasting.method import Method, Origins
from heatpump_twin.twin_engine.forecasting.targets import ForecastTarget

Perturbation = Callable[[PumpCourse, int], PumpCourse]
"""Returns a course with another future: all that is known from an origin on is changed."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A forecast that changed with its future."""

    target: str
    origin: int
    """Quarter-hour of the course at which it was made."""
    future: str
    """How the future was changed."""


def leaks(methods: Sequence[Method], course: PumpCourse, origins: Origins) -> dict[str, list[Leak]]:
    """Return where methods use what came at one of some origins or later, by their names.

    All origins are forecast at once, as a rolling evaluation does, and each of them alone, as in
    use: a method may not look from one to the other either. All methods see the same changed
    courses, so that those that share a model ask it once.
    """
    said = {method.name: method.forecast(course, origins) for method in methods}
    found: dict[str, list[Leak]] = {method.name: [] for method in methods}
    for row, origin in enumerate(origins.tolist()):
        # The first alone is also all that are known by then.
        batches = dict.fromkeys((row, 0))
        for name, perturbed in FUTURES.items():
            other = perturbed(course, origin)
            for batch, method in product(batches, methods):
                after = method.forecast(other, origins[batch : row + 1])
                found[method.name] += [
                    Leak(target.point, origin, name)
                    for target, values in said[method.name].items()
                    if not _same(values[row], after, target)
                ]
    return found


def _same(before: Values, after: Mapping[ForecastTarget, Values], target: ForecastTarget) -> bool:
    """Tell whether the last of some forecasts is what was said before."""
    return target in after and np.array_equal(before, after[target][-1], equal_nan=True)


def _other(course: PumpCourse, origin: int) -> PumpCourse:
    """Return a future of other values, and nothing that is missing."""
    chance = np.random.default_rng(origin)

    def changed(values: Values) -> Values:
        found = np.array(values)
        later = found[origin:]
        spread = float(np.nanstd(values)) if np.isfinite(values).any() else 1.0
        later[:] = np.nan_to_num(later) + spread * (5.0 + chance.normal(size=len(later)))
        return found

    return _with_future(course, origin, changed, lambda values: values + 7.0)


def _missing(course: PumpCourse, origin: int) -> PumpCourse:
    """Return a future of which nothing is known, though its time is there."""

    def changed(values: Values) -> Values:
        found = np.array(values)
        found[origin:] = np.nan
        return found

    return _with_future(course, origin, changed, lambda values: np.full_like(values, np.nan))


def _cut(course: PumpCourse, origin: int) -> PumpCourse:
    """Return a course that ends at the origin, as it does in use."""
    return course.past(origin)


def _with_future(
    course: PumpCourse,
    origin: int,
    changed: Callable[[Values], Values],
    forecast: Callable[[Values], Values],
) -> PumpCourse:
    points = {point: changed(values) for point, values in course.points.items()}
    weather = course.weather
    if weather is not None:
        later = weather.issued > course.time_of(origin)

        def issued(values: Values) -> Values:
            found = np.array(values)
            found[later] = forecast(found[later])
            return found

        weather = WeatherIssues(
            weather.issued,
            weather.time,
            issued(weather.temperature),
            issued(weather.humidity),
            issued(weather.irradiance),
        )
    return replace(course, points=points, weather=weather)


FUTURES: Mapping[str, Perturbation] = MappingProxyType(
    {"other values": _other, "missing values": _missing, "cut off": _cut}
)
"""Ways to change the future, by name."""
