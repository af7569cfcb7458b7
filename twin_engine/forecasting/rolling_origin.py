"""Forecast again from many moments of a record, and see which method did best.

At each origin a method knows what was known then; its interval is adapted by, and the method that
is shown is chosen by, what had come until then. So the scores are those that somebody would have
seen who had looked at the forecasts of these days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.adaptive_interval import adapted
from heatpump_twin.twin_engine.forecasting.course import PumpCourse, came
from heatpump_twin.twin_engine.forecasting.method import Method, Origins, observed_targets
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY, STEPS
from heatpump_twin.twin_engine.forecasting.skill import Scores, pinball, scores
from heatpump_twin.twin_engine.forecasting.targets import ForecastTarget

EVERY = 52
"""Thirteen hours between two origins: so they come at all times of the day. [quarter-hours]"""
LONGEST = 28 * DAY
"""So much of the newest record is looked at. [quarter-hours]"""
_BEFORE = DAY
"""Of a record that is shorter, nothing is said. [quarter-hours]"""
_FEWEST = 4
"""Forecasts that were over before a method is preferred by them."""


@dataclass(frozen=True, slots=True, eq=False)
class JudgedMethod:
    """Forecasts of one target by one method."""

    online: Values
    """Shape (o, 3, STEPS)."""
    offsets: Values
    """Shape (3, spans): what adapts the next forecast."""
    loss: Values
    """Pinball loss, shape (o, STEPS); NaN: not known."""


@dataclass(frozen=True, slots=True, eq=False)
class JudgedTarget:
    """Forecasts of one target by all methods, and what would have been shown."""

    origins: Origins
    truth: Values
    """Shape (o, STEPS)."""
    methods: Mapping[str, JudgedMethod]
    shown: Values
    """Shape (o, 3, STEPS)."""
    chosen: str
    """The method for the next forecast; empty: there is none."""

    def scores(self, method: str | None = None, leads: slice = slice(None)) -> Scores:
        """Return the scores of a method, or of what was shown, over some leads."""
        online = self.shown if method is None else self.methods[method].online
        return scores(online[:, :, leads], self.truth[:, leads])


def origins_of(course: PumpCourse, longest: int = LONGEST, every: int = EVERY) -> Origins:
    """Return the origins of a rolling evaluation: the newest last, with some of it over."""
    last = len(course) - 1
    first = max(len(course) - longest, _BEFORE)
    return np.arange(last, first - 1, -every, dtype=np.int64)[::-1]


def judge(
    course: PumpCourse, methods: Sequence[Method], origins: Origins
) -> Mapping[ForecastTarget, JudgedTarget]:
    """Judge methods by what they say at some origins of a course."""
    said = {method.name: method.forecast(course, origins) for method in methods}
    found = {}
    for target in observed_targets(course):
        values = course.of(target)
        truth = np.array([came(values, o) for o in origins.tolist()]).reshape(-1, STEPS)
        telling = [method for method in methods if target in said[method.name]]
        raw = [said[method.name][target] for method in telling]
        judged = _judged(telling, raw, truth, origins, len(course))
        found[target] = _shown(judged, truth, origins, len(course))
    return found


def _judged(
    methods: Sequence[Method], raw: Sequence[Values], truth: Values, origins: Origins, now: int
) -> dict[str, JudgedMethod]:
    """Return the forecasts of methods, shape (o, 3, STEPS) each, with adapted intervals."""
    if not methods:
        return {}
    fitted = adapted(np.stack(raw), truth, origins, now, [method.centred for method in methods])
    return {
        method.name: JudgedMethod(online, offsets, pinball(online, truth))
        for method, online, offsets in zip(methods, fitted.online, fitted.offsets, strict=True)
    }


def _shown(
    judged: Mapping[str, JudgedMethod], truth: Values, origins: Origins, now: int
) -> JudgedTarget:
    """Return what would have been shown: of each origin the method that was best until then."""
    names = list(judged)
    shown = np.full((len(origins), 3, STEPS), np.nan)
    leads = np.arange(STEPS)
    chosen = ""
    for i in range(len(origins) + 1):
        moment = now if i == len(origins) else int(origins[i])
        over = leads[np.newaxis, :] < (moment - origins[:i, np.newaxis])
        chosen = _best(judged, over, enough=i >= _FEWEST)
        if i < len(origins):
            shown[i] = judged[chosen].online[i] if chosen else np.nan
            for name in names:  # what the best does not know
                shown[i] = np.where(np.isnan(shown[i]), judged[name].online[i], shown[i])
    return JudgedTarget(origins, truth, judged, shown, chosen)


def _best(judged: Mapping[str, JudgedMethod], over: NDArray[np.bool_], *, enough: bool) -> str:
    """Return the method with the least loss where all are known; the first while few are over.

    One of which hardly a forecast is over has still to show what it can: it is waited for, and does
    not take from the others what they were compared by.
    """
    if not judged:
        return ""
    every = {name: np.where(over, one.loss[: len(over)], np.nan) for name, one in judged.items()}
    losses = {
        name: loss for name, loss in every.items() if np.isfinite(loss).any(axis=1).sum() >= _FEWEST
    }
    together = np.isfinite(np.array(list(losses.values()))).all(axis=0) if losses else over
    if not enough or not losses or not together.any():
        return next(iter(judged))
    return min(losses, key=lambda name: float(losses[name][together].mean()))
