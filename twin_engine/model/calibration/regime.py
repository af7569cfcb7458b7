"""Find where a machine became another one: what was learnt before holds no longer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Values

LEAST_DAYS = 5
"""Days on either side of a change."""
LEAST_STEP = 0.04
"""A smaller step is drift, weather or a sensor, and stays in one model. [-]"""
_CERTAIN = 6.0
"""Step over its deviation; of the largest of some tens of days 3 would be no wonder."""


class RegimeChange(NamedTuple):
    """A step in the residuals of a model."""

    day: int
    """The first day after it."""
    step: float
    """Relative power after it, less before. [-]"""
    certainty: float
    """The step over its standard deviation."""


def regime_change(day: NDArray[np.int64], residual: Values) -> RegimeChange | None:
    """Return the plainest step in the daily means of residuals, if there is one.

    The deviation is that of the days' means, whose errors are alike from one to the next.
    """
    days = np.unique(day)
    means = np.array([np.median(residual[day == d]) for d in days])
    best: RegimeChange | None = None
    for cut in range(LEAST_DAYS, len(days) - LEAST_DAYS + 1):
        found = _step(means, cut, int(days[cut]))
        if best is None or found.certainty > best.certainty:
            best = found
    if best is None or best.certainty < _CERTAIN or abs(best.step) < LEAST_STEP:
        return None
    return best


def _step(means: Values, cut: int, day: int) -> RegimeChange:
    before, after = means[:cut], means[cut:]
    step = float(after.mean() - before.mean())
    inner = np.append(before - before.mean(), after - after.mean())
    rho = float(inner[1:] @ inner[:-1] / max(inner @ inner, 1e-12))
    rho = min(max(rho, 0.0), 0.9)
    spread = np.sqrt(inner @ inner / max(len(means) - 2, 1) * (1 / len(before) + 1 / len(after)))
    spread = max(float(spread) * np.sqrt((1 + rho) / (1 - rho)), 1e-4)
    return RegimeChange(day, step, abs(step) / float(spread))
