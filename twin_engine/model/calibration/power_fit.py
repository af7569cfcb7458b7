"""Fit the power of a machine to its steady periods, by regularised least squares with a prior."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.derive.plate_performance import PlatePerformance
from heatpump_twin.twin_engine.model.calibration.steady_periods import SteadyPeriods
from heatpump_twin.twin_engine.model.machine.operating_points import OperatingPoints
from heatpump_twin.twin_engine.model.machine.power_model import PowerModel
from heatpump_twin.twin_engine.model.machine.power_terms import LOSS_SPREAD, SHARE_SPREAD, TERMS

FOLDS = 6
"""Spans of whole days of which each is predicted from the others."""
LOWEST_NOISE = 0.004
"""Relative; no meters agree better. [-]"""
_PASSES = 4
_HUBER = 2.0
"""Deviations from which on a period weighs less: spikes, and states that no point tells."""
_NEARLY_STEADY = 0.25
"""Weight of a period in which the water warms up."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Errors of periods that the model had not seen: arrays of shape (n,)."""

    error: Values
    """Measured over predicted power, less one. [-]"""
    score: Values
    """The same over half the width of the 90 % interval."""


@dataclass(frozen=True, slots=True, eq=False)
class PowerFit:
    """A fitted power model, with the errors of both forms on days that they had not seen."""

    model: PowerModel
    held_out: HeldOut
    other_error: float
    """Mean absolute error of the form that was not chosen. [-]"""
    told: Values
    """Share of each coefficient's prior deviation that the data have taken away. [-]"""


def fit_power(periods: SteadyPeriods, plate: PowerModel) -> PowerFit:
    """Return the better of the two forms, by what each says of days that it has not seen.

    Parameters
    ----------
    plate
        What the plate tells: prior performance and circulation pump.
    """
    folds = fold_of(periods.day)
    forms = [replace(plate, constant_loss=np.asarray(float(loss))) for loss in (False, True)]
    tried = [(form, held_out(periods, form, folds)) for form in forms]
    (_, best), (_, other) = sorted(tried, key=lambda t: float(np.abs(t[1].error).mean()))
    form = next(form for form, errors in tried if errors is best)
    model, told = fitted(periods, form)
    # What 90 % of the held-out periods stay within, whatever the shape of their distribution.
    widening = float(np.quantile(np.abs(best.score), 0.9))
    model = replace(model, widening=np.asarray(max(widening, 0.5)))
    return PowerFit(model, best, float(np.abs(other.error).mean()), told)


def fold_of(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return to which of `FOLDS` spans of whole days each period belongs."""
    days = int(day.max()) + 1 if len(day) else 1
    return np.minimum(day * FOLDS // days, FOLDS - 1)


def held_out(periods: SteadyPeriods, form: PowerModel, folds: NDArray[np.int64]) -> HeldOut:
    """Return the errors of each span of days, predicted from the others."""
    error, score = np.zeros(len(periods)), np.zeros(len(periods))
    for fold in np.unique(folds).tolist():
        left = folds == fold
        model, _ = fitted(periods[~left], form) if not left.all() else (form, None)
        found = model.power(periods.at[left])
        error[left] = periods.power[left] / found.value - 1.0
        score[left] = error[left] * found.value / found.uncertainty
    return HeldOut(error, score)


def fitted(periods: SteadyPeriods, form: PowerModel) -> tuple[PowerModel, Values]:
    """Return a form fitted to periods, and how much of its prior they have taken away."""
    terms = form.terms(periods.at)
    ratio = periods.power / form.plate_power(periods.at)
    loss = bool(form.constant_loss)
    target = ratio if loss else np.log(ratio)
    mean, spread = _loss_prior(form) if loss else (np.zeros(TERMS), SHARE_SPREAD)
    precision = np.full(TERMS, 1e12)
    precision[: len(spread)] = spread**-2.0
    weight = np.where(periods.steady, 1.0, _NEARLY_STEADY)
    theta, noise, robust = mean, 0.05, weight
    for _ in range(_PASSES):
        theta = _solved(terms, target, robust / noise**2, precision, mean)
        residual = target - terms @ theta
        noise = max(_deviation(residual, weight), LOWEST_NOISE)
        size = np.abs(residual) / noise
        robust = weight * np.minimum(1.0, _HUBER / np.maximum(size, _HUBER))
    repeated = _repetition(residual * np.sqrt(weight))
    information = (terms * (robust / (noise**2 * repeated))[:, None]).T @ terms
    covariance: Values = np.asarray(np.linalg.inv(information + np.diag(precision)))
    told = 1.0 - np.sqrt(np.diag(covariance) * precision)
    model = replace(form, theta=theta, covariance=covariance, noise=np.asarray(noise))
    return model, told


def _solved(
    terms: Values, target: Values, weight: Values, precision: Values, mean: Values
) -> Values:
    left = (terms * weight[:, None]).T @ terms + np.diag(precision)
    return np.asarray(np.linalg.solve(left, terms.T @ (weight * target) + precision * mean))


def _deviation(residual: Values, weight: Values) -> float:
    """Return a deviation that some wild periods do not move: from the median of their size."""
    return 1.4826 * float(np.median(np.abs(residual[weight >= weight.max()])))


def _repetition(residual: Values) -> float:
    """Return how many periods that follow one another tell as much as one that stands alone.

    Their errors are alike (frost, drift, weather): n of them are n (1 − ρ)/(1 + ρ) that are not.
    """
    if len(residual) < 3 or not residual.any():
        return 1.0
    centred = residual - residual.mean()
    rho = float(centred[1:] @ centred[:-1] / (centred @ centred))
    rho = min(max(rho, 0.0), 0.98)
    return (1.0 + rho) / (1.0 - rho)


def _loss_prior(form: PowerModel) -> tuple[Values, Values]:
    """Return the coefficients of the form with a constant loss that are nearest to the plate."""
    prior: PlatePerformance = form.prior
    low, high = (np.asarray(edge, dtype=np.float64) for edge in prior.span)
    source, water, load = np.meshgrid(
        np.linspace(low[0], high[0], 4), np.linspace(low[1], high[1], 4), np.linspace(0.3, 1.0, 4)
    )
    heat = load.ravel() * float(prior.rated_capacity)
    at = OperatingPoints.steady(source.ravel(), water.ravel(), heat)
    terms = form.terms(at)[:, : len(LOSS_SPREAD)]
    left = terms.T @ terms + np.diag(LOSS_SPREAD**-2.0) * 1e-3
    mean = np.zeros(TERMS)
    mean[: len(LOSS_SPREAD)] = np.linalg.solve(left, terms.sum(axis=0))
    return mean, LOSS_SPREAD
