"""Forecasts of the weather as the twin has issued and recorded them."""

from __future__ import annotations

import numpy as np

from heatpump_twin.config.catalogue import SITE
from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.forecasting.course import WeatherIssues
from heatpump_twin.twin_engine.historian.trajectories.trajectory_log import TrajectoryLog
from heatpump_twin.twin_engine.trajectory import Trajectory

TEMPERATURE, HUMIDITY, IRRADIANCE = (
    f"{SITE}.forecast_{name}" for name in ("temperature", "humidity", "irradiance")
)
_SPREADS = (-1.282, -0.524, 0.0, 0.524, 1.282)
"""Standard deviations at which the fifths of a normal distribution have their middles."""
_OUTER = 1.2816
"""And its quantiles of 10 and 90 %."""
_SUNNY = (2, 0, 4, 1, 3)
"""Which member of the light goes with which of the temperature: they tell little of each other."""
_MOST = 5000


async def weather_issues(
    trajectories: TrajectoryLog, first: int, last: int, *, newest: bool = False
) -> WeatherIssues | None:
    """Return the forecasts issued at first ≤ time < last, or the newest of them. [µs]

    Members of an ensemble are made of the quantiles that are recorded. None: there are none, or
    they cannot be read.
    """
    found: dict[str, list[Trajectory]] = {}
    limit = 1 if newest else _MOST
    try:
        for key in (TEMPERATURE, HUMIDITY, IRRADIANCE):
            found[key] = await trajectories.issued(key, first, last, limit=limit, reverse=newest)
    except EngineError:
        return None
    length = max((len(one.time) for one in found[TEMPERATURE]), default=0)
    issued = [one for one in found[TEMPERATURE] if len(one.time) == length]
    if not issued:
        return None
    others = {
        key: {one.issued: one for one in found[key] if len(one.time) == length}
        for key in (HUMIDITY, IRRADIANCE)
    }
    return WeatherIssues(
        np.array([one.issued for one in issued]),
        np.array([one.time for one in issued]),
        np.array([_members(one) for one in issued]),
        np.array([_members(others[HUMIDITY].get(one.issued), one) for one in issued])[:, ::-1],
        np.array([_members(others[IRRADIANCE].get(one.issued), one) for one in issued])[:, _SUNNY],
    )


def _members(one: Trajectory | None, like: Trajectory | None = None) -> Values:
    if one is None or one.values.shape[0] < 3:
        return np.full((len(_SPREADS), 0 if like is None else len(like.time)), np.nan)
    return members_between(one.values)


def members_between(quantiles: Values) -> Values:
    """Return equally likely members, shape (5, n), of the quantiles of 10, 50 and 90 % over time.

    Each keeps its place in the distribution: weather that is warmer than was forecast is so for
    days.
    """
    low, middle, high = quantiles[0], quantiles[len(quantiles) // 2], quantiles[-1]
    return np.stack([
        middle + (spread / _OUTER) * ((high - middle) if spread > 0.0 else (middle - low))
        for spread in _SPREADS
    ])  # fmt: skip
