"""The reserve on top of an expected heat-up time: conformal, forgetting, and adaptive.

Gibbs, Candès (2021), Adaptive Conformal Inference Under Distribution Shift: the level that is
aimed at follows how often it was missed, so that the promise holds in the long run whatever the
errors do. Bounded on both sides.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from heatpump_twin.drivers.frame import Values

_HALF_LIFE = 25.0
"""An error so many heat-ups before counts half. [heat-ups]"""
_BELIEVED = 0.2
"""Spread of the logarithm of a heat-up time over what was expected, before anything is known."""
_PRIOR = 3.0
"""That belief counts as so many heat-ups."""
_STEP = 0.05
"""How far the level follows one miss."""
_HIGHEST = 0.985
"""Beyond this level errors tell nothing: so many are not looked at."""
_BEYOND = 0.15
"""So far beyond it a level may go."""
_SECONDS = 24_000.0
"""What a level beyond it starts earlier: 20 min for each 0.05. [s]"""
_MOST = float(np.log(4.0))
"""More than so many times what is expected is no reserve but another machine."""
_LIKE = 0.3
"""Heat-ups whose logarithms of expected times are so far apart are hardly alike. [-]"""
_ASKED = np.arange(50, 100) / 100
"""All probabilities that can be asked for, whose levels are adapted together. [-]"""
_GRID = ndtri((np.arange(20) + 0.5) / 20)


def quantile(errors: Values, level: float, alike: Values | float = 1.0) -> float:
    """Return the quantile of errors at a level, the newest counting most.

    Parameters
    ----------
    errors : array
        Logarithms of what came over what was expected, in order of time, shape (n,). [-]
    level : float
        Share of heat-ups that are to be as short as that. [-]
    alike : array, optional
        How much each error counts, beside its age; default: all the same. Shape (n,). [-]
    """
    return float(_quantiles(errors, np.array([level]), alike)[0])


def _quantiles(errors: Values, levels: Values, alike: Values | float = 1.0) -> Values:
    value, share = _distribution(errors, alike)
    return np.clip(np.interp(levels, share, value), -_MOST, _MOST)


def alike_in_length(lengths: Values, length: float) -> Values:
    """Return how much errors tell of a heat-up that is expected to be of a length.

    What has to be awaited of the long ones is no reserve for a short one. All are logarithms of
    expected times, shape (n,); NaN: of another regime, in which all is longer or shorter. [-]
    """
    return np.nan_to_num(np.exp(-0.5 * ((lengths - length) / _LIKE) ** 2), nan=1.0)


def share_within(errors: Values, error: float, alike: Values | float = 1.0) -> float:
    """Return the share of heat-ups that are as short as an error says: inverse of `quantile`."""
    value, share = _distribution(errors, alike)
    return float(np.interp(error, value, share, left=0.0, right=1.0))


def _distribution(errors: Values, alike: Values | float) -> tuple[Values, Values]:
    """Return errors in their order, each with the share that is smaller."""
    age = np.arange(len(errors))[::-1]
    known, believed = alike * 0.5 ** (age / _HALF_LIFE), np.full(len(_GRID), _PRIOR / len(_GRID))
    weight = np.concatenate([known, believed])
    value = np.concatenate([errors, _BELIEVED * _GRID])
    order = np.argsort(value, kind="stable")
    # The middle of each error's share: with its whole share a quantile would be low by half of it.
    share = (np.cumsum(weight[order]) - 0.5 * weight[order]) / weight.sum()
    return value[order], share


def adapted_level(errors: Values, late: Values, wanted: float) -> float:
    """Return the level to aim at so that a share ``wanted`` is in time, by how often it was.

    Parameters
    ----------
    errors : array
        As of `quantile`, shape (n,). [-]
    late : array
        1 where the promise was broken, 0 where it was kept; NaN: nothing was promised, so that the
        error tells. A start may also come too late, with a heat-up that is as short as expected:
        somebody has drawn the water that was still hot when it was planned. Shape (n,).
    """
    levels = _ASKED.copy()
    for number, error in enumerate(errors.tolist()):
        broken = np.full(len(levels), late[number])
        if np.isnan(late[number]):
            aimed_at = np.clip(levels, 0.5, _HIGHEST)
            broken = (error > _quantiles(errors[:number], aimed_at)).astype(float)
        levels += _STEP * (broken - (1.0 - _ASKED))
        # What it has to make up for is bounded: a bad week must not spoil the whole winter.
        levels = np.clip(levels, _ASKED - 0.1, np.maximum(_ASKED, _HIGHEST) + _BEYOND)
        # Who asks for more never gets less: the level that was just missed would else pass others.
        levels = np.maximum.accumulate(levels)
    return max(float(np.interp(wanted, _ASKED, levels)), 0.5)


def reserve(errors: Values, level: float, alike: Values | float = 1.0) -> tuple[float, float]:
    """Return the reserve for a level: logarithm of a factor, and seconds on top.

    Beyond what errors of durations can tell, each step of the level is some minutes.
    """
    beyond = max(level - _HIGHEST, 0.0)
    return quantile(errors, min(level, _HIGHEST), alike), beyond * _SECONDS
