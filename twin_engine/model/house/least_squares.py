"""Least squares with a prior, for functions that answer many questions at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from heatpump_twin.twin_engine.model.house.envelope import Floats

Residuals = Callable[[Floats], Floats]
"""From parameters, shape (m, p), to weighted residuals, shape (m, r)."""
_DAMPINGS = np.array([0.0, 0.1, 1.0, 10.0, 100.0, 1000.0])
_ENOUGH = 1e-4
"""An iteration that lowers the cost by less than this share is the last. [-]"""


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What is believed before looking: independent normal distributions, shape (p,)."""

    mean: Floats
    deviation: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """What is believed afterwards."""

    mean: Floats
    """Shape (p,)."""
    covariance: Floats
    """Laplace's: of the normal distribution that is as curved at its top, shape (p, p)."""
    told: Floats
    """Share of the prior's variance that the data have taken away, shape (p,). [-]"""

    @property
    def deviation(self) -> Floats:
        """Shape (p,)."""
        return np.sqrt(np.diag(self.covariance))

    def drawn(self, count: int, seed: int) -> Floats:
        """Return parameters drawn from the distribution, shape (count, p)."""
        chance = np.random.default_rng(seed)
        return chance.multivariate_normal(self.mean, self.covariance, count, method="eigh")


def regularised(
    residuals: Residuals, prior: Prior, *, least: float = 0.0, most: int = 15
) -> Posterior:
    """Return what residuals and prior together say of the parameters (Levenberg and Marquardt).

    Parameters
    ----------
    residuals : callable
        Weighted so that each squared one is what a standard normal variable would have.
    least : float
        Smallest difference by which it is linearised, beside a fiftieth of the prior's deviation:
        as wide as makes a simulation with switches smooth.
    most : int
        Iterations at most.
    """
    information = np.diag(prior.deviation**-2.0)
    mean = prior.mean.copy()
    cost = _cost(residuals(mean[None]), mean[None], prior)[0]
    step = np.maximum(0.02 * prior.deviation, least)
    for _ in range(most):
        slope, at = _linearised(residuals, mean, step)
        curvature = slope.T @ slope
        down = slope.T @ at + information @ (mean - prior.mean)
        # Several dampings at once: one more is hardly dearer where many are answered.
        damped = [
            curvature + information * (1.0 + damping) + damping * np.diag(np.diag(curvature))
            for damping in _DAMPINGS
        ]
        tried = (
            mean
            - np.linalg.solve(np.array(damped), np.repeat(down[None, :, None], len(damped), 0))[
                ..., 0
            ]
        )
        costs = _cost(residuals(tried), tried, prior)
        best = int(np.nanargmin(costs))
        gain = cost - costs[best]
        if gain > 0.0:
            mean, cost = tried[best], costs[best]
        if gain < _ENOUGH * cost:
            break
    slope, _ = _linearised(residuals, mean, step)
    covariance = np.asarray(np.linalg.inv(slope.T @ slope + information), dtype=np.float64)
    told: Floats = np.asarray(1.0 - np.diag(covariance) / prior.deviation**2)
    return Posterior(mean, covariance, told)


def _linearised(residuals: Residuals, mean: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Return the slope (r, p) and the residuals (r,) at a place."""
    around = np.vstack([mean, mean + np.diag(step)])
    found = residuals(around)
    return ((found[1:] - found[0]) / step[:, None]).T, found[0]


def _cost(found: Floats, at: Floats, prior: Prior) -> Floats:
    away = (at - prior.mean) / prior.deviation
    return np.asarray((found**2).sum(axis=1) + (away**2).sum(axis=1))
