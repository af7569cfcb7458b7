"""A method that looks into the future is found, in whatever way it does; honest ones pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest
from repeating_house import BEGIN, repeating

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.course import PumpCourse, WeatherIssues
from heatpump_twin.twin_engine.forecasting.leakage import Leak, leaks
from heatpump_twin.twin_engine.forecasting.method import Method, Origins, baselines
from heatpump_twin.twin_engine.forecasting.mixture import MixedMethod, RememberedMethod
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY, STEP, STEPS
from heatpump_twin.twin_engine.forecasting.remainder.usual_base import UsualBase
from heatpump_twin.twin_engine.forecasting.targets import POWER, ROOM, ForecastTarget

ORIGINS = np.array([400, 452, 617])


def course(*, gap: bool = False) -> PumpCourse:
    """Return ten days with forecasts of their weather, one each six hours."""
    found = repeating(10)
    if gap:  # about one of the origins, as a logger that was off
        points = {point: np.array(values) for point, values in found.points.items()}
        for values in points.values():
            values[ORIGINS[1] - 6 : ORIGINS[1] + 4] = np.nan
        found = replace(found, points=points)
    issued = BEGIN + np.arange(40) * 24 * STEP
    time = issued[:, np.newaxis] + STEP * np.arange(STEPS + 24)
    weather = np.random.default_rng(1).normal(5.0, 3.0, (40, 3, STEPS + 24))
    return replace(found, weather=WeatherIssues(issued, time, weather, weather, weather))


@dataclass
class Looking:
    """A model that forecasts the power by a rule over the whole course."""

    rule: Callable[[PumpCourse, int], Values]
    name: str = "a model"
    centred: bool = True
    target: ForecastTarget = POWER

    def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
        rows = [np.tile(self.rule(course, origin), (3, 1)) for origin in origins.tolist()]
        return {self.target: np.array(rows)}


def leaks_of(method: Method, course: PumpCourse) -> list[Leak]:
    return leaks([method], course, ORIGINS)[method.name]


def power(course: PumpCourse) -> Values:
    return course.of(POWER)


def ahead(values: Values, origin: int) -> Values:
    return np.resize(values[origin : origin + STEPS], STEPS)


def flat(value: float) -> Values:
    return np.full(STEPS, value)


def filled(values: Values) -> Values:
    known = np.isfinite(values)
    return np.interp(np.arange(len(values)), np.flatnonzero(known), values[known])


def last_known(values: Values, origin: int) -> Values:
    return flat(values[:origin][np.isfinite(values[:origin])][-1])


def only_at_noon(course: PumpCourse, origin: int) -> Values:
    found = last_known(power(course), origin)
    later = np.flatnonzero((origin + np.arange(STEPS)) % DAY == DAY // 2)
    values = power(course)
    for step in later.tolist():
        if origin + step < len(values):
            found[step] += 1e-6 * np.nan_to_num(values[origin + step])
    return found


LEAKING = {
    "what came": lambda c, o: ahead(power(c), o),
    "the quarter-hour that goes on": lambda c, o: flat(np.nan_to_num(power(c)[o : o + 1].sum())),
    "the weather as it came": lambda c, o: ahead(c.points["outdoor_temperature"], o),
    "a mean over all of the record": lambda c, o: flat(np.nanmean(power(c))),
    "the highest of the record": lambda c, o: power(c)[o - 1] / np.nanmax(power(c)) * flat(1.0),
    "a gap that is filled from both sides": lambda c, o: flat(filled(power(c))[o - 1]),
    "smoothing to both sides": lambda c, o: flat(
        np.convolve(np.nan_to_num(power(c)), np.ones(5) / 5.0, mode="same")[o - 1]
    ),
    "the newest forecast of the weather": lambda c, o: flat(
        float(np.nan_to_num(c.weather.temperature)[-1].mean())
    ),
    "the next forecast of the weather": lambda c, o: flat(
        float(c.weather.temperature[np.searchsorted(c.weather.issued, c.time_of(o), "right") :]
              [:1].sum())
    ),
    "a little of it at noon": only_at_noon,
    "how much there is to come": lambda c, o: flat(float(len(c) - o)),
    "whether something is missing later": lambda c, o: flat(float(np.isnan(power(c)).sum())),
}  # fmt: skip


@pytest.mark.parametrize("how", LEAKING)
def test_a_model_that_knows_the_future_is_found(how: str) -> None:
    found = leaks_of(Looking(LEAKING[how]), course(gap=True))
    assert found
    assert {leak.target for leak in found} == {POWER.point}


def test_what_looks_from_one_origin_to_the_next_is_found() -> None:
    class Batch(Looking):
        def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
            mean = np.mean([np.nanmean(power(course)[:origin]) for origin in origins.tolist()])
            return {POWER: np.full((len(origins), 3, STEPS), mean)}

    assert leaks_of(Batch(lambda _c, _o: flat(0.0)), course())


@pytest.mark.parametrize("several", [True, False])
def test_what_looks_ahead_only_for_one_or_only_for_several_is_found(several: bool) -> None:
    class Sometimes(Looking):
        def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
            # Nothing is missing in the record itself: only a future without values tells of it.
            looks = (len(origins) > 1) == several
            missing = float(np.isnan(power(course)).sum()) if looks else 0.0
            return {POWER: np.full((len(origins), 3, STEPS), missing)}

    assert leaks_of(Sometimes(lambda _c, _o: flat(0.0)), course())


def test_of_methods_that_share_a_model_each_is_found_or_passes() -> None:
    """They are asked in turns about the same changed records, and the model only once for all."""
    usual = RememberedMethod(UsualBase())
    looking = Looking(LEAKING["the highest of the record"])
    found = leaks([usual, looking, MixedMethod(usual, usual)], course(gap=True), ORIGINS)
    assert [bool(one) for one in found.values()] == [False, True, False]


@pytest.mark.parametrize("method", baselines(), ids=lambda method: method.name)
@pytest.mark.parametrize("gap", [False, True])
def test_baselines_know_nothing_of_it(method: Method, gap: bool) -> None:
    assert not leaks_of(method, course(gap=gap))


def test_a_model_by_what_was_known_passes() -> None:
    def rule(course: PumpCourse, origin: int) -> Values:
        past = course.past(origin)
        assert past.weather is not None
        newest = past.weather.known_at(course.time_of(origin))
        assert newest is not None
        mean = past.weather.temperature[newest].mean()
        return last_known(past.of(ROOM), origin) + mean

    assert not leaks_of(Looking(rule, target=ROOM), course(gap=True))
