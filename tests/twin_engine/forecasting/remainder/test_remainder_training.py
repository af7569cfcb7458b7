"""What remains after a base is learnt where it can be, proved on unseen days, and never leaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest
from biased_house import UTC, biased, learner, learnt
from repeating_house import repeating

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.errors import ForecastError
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.forecast_card import skill_of
from heatpump_twin.twin_engine.forecasting.leakage import leaks
from heatpump_twin.twin_engine.forecasting.method import MethodOutlook, Origins
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY, STEP, STEPS
from heatpump_twin.twin_engine.forecasting.remainder.features import FeatureSource
from heatpump_twin.twin_engine.forecasting.remainder.learnt_method import LearntMethod
from heatpump_twin.twin_engine.forecasting.remainder.remainder_model import RemainderModel
from heatpump_twin.twin_engine.forecasting.remainder.remainder_training import HELD_OUT, learn
from heatpump_twin.twin_engine.forecasting.rolling_origin import judge, origins_of
from heatpump_twin.twin_engine.forecasting.targets import POWER, ROOM, ForecastTarget


def method() -> LearntMethod:
    own, found = learner(), learnt()
    return LearntMethod(own.base, RemainderModel(found.content, found.card), own.source)


def test_what_the_weather_tells_is_learnt_and_shown_from_then_on() -> None:
    found = learnt()
    assert found.verdict.promoted, found.verdict.reason
    told = found.card.targets[POWER.point]
    assert told.proved
    name = f"{found.card.base} with learnt remainder"
    assert told.losses[name] < 0.8 * min(v for k, v in told.losses.items() if k != name)
    course = biased()
    origins = origins_of(course, HELD_OUT)
    without = judge(course, learner().others, origins)[POWER]
    judged = judge(course, [*learner().others, method()], origins)[POWER]
    assert judged.chosen == name
    assert skill_of(judged) > skill_of(without)


def test_beside_a_base_that_knows_all_there_is_to_know_nothing_is_promoted() -> None:
    known = biased()
    chance = np.random.default_rng(5).normal(20.0, 1.0, len(known))
    course = replace(known, points={**known.points, "room_temperature": chance})
    course = replace(course, points={p: v for p, v in course.points.items() if "power" not in p})
    own = learner()
    base = Knowing()
    found = learn(replace(own, base=base, others=[*own.others, base]), course)
    assert not found.verdict.promoted
    assert not found.card.proved


def test_it_knows_nothing_of_the_future() -> None:
    course = biased()
    last = len(course) - 1
    assert not any(leaks([method()], course, np.array([last - 500, last - 200])).values())


def test_what_came_on_days_held_out_changes_nothing_of_what_is_learnt() -> None:
    course = biased()
    cut = len(course) - HELD_OUT
    points = {
        point: np.concatenate([values[:cut], values[cut:] + 5.0])
        for point, values in course.points.items()
    }
    other = learn(learner(), replace(course, points=points))
    assert other.card.sha256 == learnt().card.sha256


@dataclass(frozen=True)
class Knowing:
    """A base that knows how a room is that varies by chance alone."""

    name: str = "knowing"
    centred: bool = False

    def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
        return self.outlook(course, origins).quantiles

    def outlook(self, course: PumpCourse, origins: Origins) -> MethodOutlook:
        said = np.array([18.7184, 20.0, 21.2816])[np.newaxis, :, np.newaxis]
        nothing = np.zeros((len(origins), DAY))
        return MethodOutlook({ROOM: np.tile(said, (len(origins), 1, STEPS))}, {ROOM: nothing})


@dataclass(frozen=True)
class Foreseeing:
    """A base that says what will come."""

    name: str = "foreseeing"
    centred: bool = False

    def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
        return self.outlook(course, origins).quantiles

    def outlook(self, course: PumpCourse, origins: Origins) -> MethodOutlook:
        said = learner().base.outlook(course, origins)
        room = np.array(said.quantiles[ROOM])
        for row, origin in enumerate(origins.tolist()):
            later = course.of(ROOM)[origin : origin + DAY]
            room[row] += np.nan_to_num(np.nanmean(later) if len(later) else 0.0)
        return MethodOutlook({**said.quantiles, ROOM: room}, said.recent)


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
def test_what_is_learnt_on_a_base_that_looks_ahead_is_never_promoted() -> None:
    own = learner()
    peeking = replace(own, base=Foreseeing(), source=FeatureSource(own.base, UTC))
    found = learn(peeking, biased())
    assert not found.verdict.promoted
    assert "changes with the future" in found.verdict.reason
    assert not found.card.proved


def test_of_days_that_it_was_learnt_from_it_says_nothing() -> None:
    course = biased()
    until = (learnt().card.trained.until - course.start) // STEP
    said = method().forecast(course, np.array([until - 1, until]))[POWER]
    assert np.isnan(said[0]).all()
    assert np.isfinite(said[1]).all()


def test_a_short_record_is_refused_with_what_is_missing() -> None:
    with pytest.raises(ForecastError, match=r"20\.0 days are recorded; .* from 28 days on"):
        learn(learner(), repeating(20))


def test_of_a_sensor_that_is_new_nothing_is_learnt_and_of_the_others_as_ever() -> None:
    course = biased()
    room = np.array(course.points["room_temperature"])
    room[: len(room) - 7 * DAY] = np.nan
    found = learn(learner(), replace(course, points={**course.points, "room_temperature": room}))
    assert found.verdict.promoted
    assert list(found.card.targets) == [POWER.point]


def test_the_better_of_two_versions_stays_in_use() -> None:
    good = RemainderModel(learnt().content, learnt().card)
    again = learn(learner(), biased(), good)
    assert not again.verdict.promoted  # the same is no better
    spoilt = {
        point: one.model_copy(update={"bounds": (2.9, 3.0), "proved": True})
        for point, one in learnt().card.targets.items()
    }
    bad = RemainderModel(learnt().content, learnt().card.model_copy(update={"targets": spoilt}))
    assert learn(learner(), biased(), bad).verdict.promoted
