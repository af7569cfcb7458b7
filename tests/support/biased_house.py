"""A record whose days hold something that no baseline knows: what the weather forecast tells."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
from kept import kept
from repeating_house import repeating

from heatpump_twin.twin_engine.forecasting.course import PumpCourse, WeatherIssues
from heatpump_twin.twin_engine.forecasting.method import baselines
from heatpump_twin.twin_engine.forecasting.mixture import RememberedMethod
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY, STEP, STEPS
from heatpump_twin.twin_engine.forecasting.remainder.features import FeatureSource
from heatpump_twin.twin_engine.forecasting.remainder.remainder_training import (
    Candidate,
    Learner,
    learn,
)
from heatpump_twin.twin_engine.forecasting.remainder.usual_base import UsualBase

DAYS = 36
UTC = ZoneInfo("UTC")


@kept
def biased() -> PumpCourse:
    """Return days whose power follows the weather, and forecasts of the weather that came true."""
    found = repeating(DAYS + 3)
    swings = 6.0 * np.sin(2.0 * np.pi * np.arange(len(found)) / (5.3 * DAY))
    outdoor = found.points["outdoor_temperature"] + swings
    points = {
        "outdoor_temperature": outdoor,
        "electrical_power": found.points["electrical_power"] - 60.0 * swings,
        "room_temperature": found.points["room_temperature"],
    }
    first = np.arange(0, DAYS * DAY, 24)
    steps = first[:, np.newaxis] + np.arange(STEPS + 24)
    air = outdoor[steps][:, np.newaxis, :]
    unknown = np.full(air.shape, np.nan)
    weather = WeatherIssues(
        found.start + STEP * first, found.start + STEP * steps, air, unknown, unknown
    )
    return PumpCourse(
        found.start, {point: values[: DAYS * DAY] for point, values in points.items()}, weather
    )


def learner(name: str = "hp1", *, emulated: bool = True) -> Learner:
    """Return what a remainder of the climatology is learnt with."""
    usual = RememberedMethod(UsualBase())
    return Learner(name, emulated, usual, [*baselines()], FeatureSource(usual, UTC), "tests")


@kept
def learnt() -> Candidate:
    """Return what is learnt of `biased`."""
    return learn(learner(), biased())


@kept
def whole_remainder(base: str) -> Candidate:
    """Return a remainder of all targets, boosted, that passes for one of a base by its name.

    For what it costs, and not for what it says.
    """
    course = repeating(DAYS)
    own = learner()
    found = learn(own, course)
    targets = {
        point: told.model_copy(update={"proved": True})
        for point, told in found.card.targets.items()
    }
    card = found.card.model_copy(
        update={
            "base": base,
            "targets": targets,
            "trained": found.card.trained.model_copy(update={"end": "2000-01-01T00:00:00+00:00"}),
        }
    )
    return replace(found, card=card)
