"""Scores of forecasts against what came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.quarter_hours import LEVELS


@dataclass(frozen=True, slots=True)
class Scores:
    """How good forecasts were; NaN: nothing came."""

    loss: float
    """Mean pinball loss over the quantiles. [the target's unit]"""
    mae: float
    """Mean absolute error of the median. [the target's unit]"""
    coverage: float
    """Share of what came that lay within the interval of 80 %. [-]"""
    count: int
    """Quarter-hours that were judged."""


def pinball(forecast: Values, came: Values) -> Values:
    """Return the pinball loss, mean over the quantiles.

    Parameters
    ----------
    forecast : array of shape (…, 3, t)
        Quantiles over time.
    came : array of shape (…, t)
        What came.
    """
    error = came[..., np.newaxis, :] - forecast
    level = LEVELS[:, np.newaxis]
    return np.asarray(np.maximum(level * error, (level - 1.0) * error).mean(axis=-2))


def scores(forecast: Values, came: Values) -> Scores:
    """Return the scores of forecasts, shapes as for `pinball`, where both are known."""
    known = np.isfinite(forecast).all(axis=-2) & np.isfinite(came)
    count = int(known.sum())
    if not count:
        return Scores(np.nan, np.nan, np.nan, 0)
    low, middle, high = (forecast[..., row, :][known] for row in range(len(LEVELS)))
    truth = came[known]
    return Scores(
        float(pinball(forecast, came)[known].mean()),
        float(np.abs(truth - middle).mean()),
        float(((truth >= low) & (truth <= high)).mean()),
        count,
    )
