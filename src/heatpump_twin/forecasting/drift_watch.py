"""Hold the newest forecasts against what a learnt remainder was learnt in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.method import Method
from heatpump_twin.twin_engine.forecasting.remainder.drift import TargetDrift, drift_of
from heatpump_twin.twin_engine.forecasting.remainder.learnt_method import LearntMethod
from heatpump_twin.twin_engine.forecasting.rolling_origin import JudgedTarget
from heatpump_twin.twin_engine.forecasting.targets import ForecastTarget


def drifts(
    methods: list[Method], course: PumpCourse, judged: Mapping[ForecastTarget, JudgedTarget]
) -> dict[str, TargetDrift]:
    """Return how the targets that a learnt remainder is asked for have drifted.

    Of the days that came after those from which it was learnt.
    """
    learnt = next((one for one in methods if isinstance(one, LearntMethod)), None)
    if learnt is None:
        return {}
    card = learnt.model.card
    found = {}
    scales = {point: card.targets[point].scale for point in card.proved}
    origins = next((one.origins for one in judged.values()), np.empty(0, np.int64))
    late = np.array([course.time_of(o) for o in origins.tolist()]) >= card.trained.until
    if not late.any():
        return {}
    # Of all of them, as they were judged: what the base has said it need not say again.
    said = learnt.base.outlook(course, origins).part(late)
    for target, rows in learnt.source.rows(course, origins[late], said, scales).items():
        told = card.targets[target.point]
        own = judged[target].methods.get(learnt.name)
        losses = np.empty(0) if own is None else _means(own.loss)
        found[target.point] = drift_of(told, rows.reshape(-1, rows.shape[2]), losses, learnt.name)
    return found


def _means(loss: Values) -> Values:
    """Return the mean loss of each forecast that is over for the most part; NaN: not yet."""
    known = np.isfinite(loss)
    count = known.sum(axis=1)
    total = np.where(known, loss, 0.0).sum(axis=1)
    return np.where(count > loss.shape[1] // 2, total / np.maximum(count, 1), np.nan)
