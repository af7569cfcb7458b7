"""Learn what remains after a base by quantile regression, and choose how by a back-test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import QuantileRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.quarter_hours import LEVELS, STEPS
from heatpump_twin.twin_engine.forecasting.remainder.remainder_onnx import Estimator
from heatpump_twin.twin_engine.forecasting.skill import pinball

LINEAR, BOOSTING = "linear", "boosting"
_ROWS = MappingProxyType({LINEAR: 2000, BOOSTING: 5000})
"""So many rows are learnt from: neighbours tell the same, and a linear programme grows fast."""
_LAST = 0.25
"""Share of the forecasts, the latest, by which the family is chosen."""
_EDGE = 0.001
"""Share of the rows beyond each end of a span."""


def _linear(level: float) -> Estimator:
    regression: Estimator = make_pipeline(
        StandardScaler(), QuantileRegressor(quantile=level, alpha=1e-3, solver="highs")
    )
    return regression


def _boosting(level: float) -> Estimator:
    estimator: Estimator = GradientBoostingRegressor(
        loss="quantile",
        alpha=level,
        n_estimators=60,
        max_depth=3,
        learning_rate=0.08,
        subsample=0.5,
        min_samples_leaf=60,
        # A fixed seed, so that the same record makes the same model.
        random_state=0,
    )
    return estimator


FAMILIES: Mapping[str, Callable[[float], Estimator]] = MappingProxyType(
    {LINEAR: _linear, BOOSTING: _boosting}
)


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Forecasts of one target that were over, and what remained of them."""

    origins: NDArray[np.int64]
    """Shape (o,), in order. [quarter-hours]"""
    rows: Values
    """Features, shape (o, STEPS, features)."""
    remainder: Values
    """What came less the base's median, shape (o, STEPS), of the scale; NaN: not known."""

    def between(self, first: int, last: int) -> tuple[Values, Values]:
        """Return rows and remainders of forecasts and times from first on and before last."""
        time = self.origins[:, np.newaxis] + np.arange(STEPS)
        known = np.isfinite(self.rows).all(axis=2) & np.isfinite(self.remainder)
        known &= (self.origins >= first)[:, np.newaxis] & (time < last)
        return self.rows[known], self.remainder[known]


@dataclass(frozen=True, slots=True, eq=False)
class FittedRemainder:
    """Estimators of one target, one for each level."""

    family: str
    families: Mapping[str, float]
    estimators: Sequence[Estimator]
    rows: Values
    """What it was learnt from, shape (n, features)."""
    bounds: tuple[float, float]

    def spans(self) -> tuple[tuple[float, ...], tuple[float, ...], tuple[tuple[float, ...], ...]]:
        """Return lows, highs and inner deciles of each feature."""
        low, high = np.quantile(self.rows, (_EDGE, 1.0 - _EDGE), axis=0)
        deciles = np.quantile(self.rows, np.arange(1, 10) / 10.0, axis=0).T
        return (
            tuple(np.round(low, 4).tolist()),
            tuple(np.round(high, 4).tolist()),
            tuple(tuple(row) for row in np.round(deciles, 4).tolist()),
        )


def fit_remainder(examples: Examples, fewest: int) -> FittedRemainder | None:
    """Return what is learnt of a target; None: there are less than so many rows."""
    origins = examples.origins
    middle = int(origins[round((1.0 - _LAST) * (len(origins) - 1))])
    end = int(origins[-1]) + STEPS
    early, late = examples.between(0, middle), examples.between(middle, end)
    whole = examples.between(0, end)
    if min(len(early[0]), len(late[0])) < fewest:
        return None
    families = {
        name: _loss(_learnt(name, *early), *_thinned(*late, _ROWS[BOOSTING])) for name in FAMILIES
    }
    best = min(families, key=lambda name: families[name])
    low, high = np.quantile(whole[1], (_EDGE, 1.0 - _EDGE))
    return FittedRemainder(
        best, families, _learnt(best, *whole), whole[0], (float(low), float(high))
    )


def _learnt(family: str, rows: Values, remainder: Values) -> list[Estimator]:
    rows, remainder = _thinned(rows, remainder, _ROWS[family])
    estimators = [FAMILIES[family](level) for level in LEVELS.tolist()]
    for one in estimators:
        one.fit(rows, remainder)
    return estimators


def _thinned(rows: Values, remainder: Values, most: int) -> tuple[Values, Values]:
    # By chance and not each so-and-so-many-th: that would pick the same times of the day.
    if len(rows) <= most:
        return rows, remainder
    chosen = np.sort(np.random.default_rng(0).choice(len(rows), most, replace=False))
    return rows[chosen], remainder[chosen]


def _loss(estimators: Sequence[Estimator], rows: Values, remainder: Values) -> float:
    said = np.sort(np.stack([one.predict(rows) for one in estimators]), axis=0)
    return float(pinball(said, remainder).mean())
