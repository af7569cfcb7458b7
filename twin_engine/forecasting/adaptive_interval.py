r"""Intervals that hold what they promise: conformal, and adapted to how often they did.

Each forecast was followed by what came. Over the forecasts before it, by lead, an interval is
moved outward (or inward) until it would have held its share: conformalised quantile regression
(Romano, Patterson and Candès, 2019), with a share :math:`\alpha` to either side that follows the
errors (adaptive conformal inference, Gibbs and Candès, 2021):

.. math:: \alpha \leftarrow \alpha + \gamma (0.1 - \mathrm{err})
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.quarter_hours import STEPS

LEADS = (0, 4, 12, 24, 48, 96, STEPS)
"""Spans of leads with an interval of their own, in quarter-hours."""
_MISSED = 0.1
"""Share that lies below an interval of 80 %, and share above. [-]"""
_GAMMA = 0.1
_ALPHA = (0.01, 0.15)
"""Never less than 70 % are aimed at: after good days it would be too narrow for the next ones."""
_FEWEST = 24
"""Of less errors no interval is told."""
_LOOKED_AT = 12
"""Leads of a span whose errors are looked at: neighbours err alike."""
_SPAN_OF = np.repeat(np.arange(len(LEADS) - 1), np.diff(LEADS))
"""Of each lead."""


def _looked() -> NDArray[np.int64]:
    """Return the leads of each span that are looked at, shape (spans, looked at); STEPS: none."""
    found = np.full((len(LEADS) - 1, _LOOKED_AT), STEPS, dtype=np.int64)
    for row, (first, last) in zip(found, pairwise(LEADS), strict=True):
        leads = np.arange(first, last, max((last - first) // _LOOKED_AT, 1))
        row[: len(leads)] = leads
    return found


_LOOKED = _looked()


@dataclass(frozen=True, slots=True, eq=False)
class Adapted:
    """Forecasts with adapted intervals."""

    online: Values
    """Shape (m, o, 3, STEPS): each by what was known when it was made."""
    offsets: Values
    """Shape (m, 3, spans): what is to be added to the next forecast; NaN: too little is known."""


def adapted(
    raw: Values, truth: Values, origins: NDArray[np.int64], now: int, centred: Sequence[bool]
) -> Adapted:
    """Return forecasts of methods with their intervals, and the offsets for those made now.

    Parameters
    ----------
    raw : array of shape (m, o, 3, STEPS)
        Quantiles as methods have forecast them.
    truth : array of shape (o, STEPS)
        What came; NaN: not known.
    origins : array of int, shape (o,)
        When each was made, in order, and ``now``, in quarter-hours.
    centred
        Of each method, whether its median is moved as well, by the median error.
    """
    online = np.array(raw)
    errors = _looked_at(truth)[:, np.newaxis] - _looked_at(raw)
    # Of a forecast all levels are looked at, or none.
    errors = np.where(np.isfinite(errors).all(axis=2, keepdims=True), errors, np.nan)
    misses = _Misses.none(len(raw))
    for i, moment in enumerate([*origins.tolist(), now]):
        misses.follow(online, truth, origins, moment)
        came = (moment - origins[:i, np.newaxis, np.newaxis]) > _LOOKED
        offsets = _offsets(errors[:, :i], came, misses.alpha, np.asarray(centred))
        if i < len(origins):
            known = np.isfinite(offsets).all(axis=1, keepdims=True)
            online[:, i] += np.where(known, offsets, 0.0)[:, :, _SPAN_OF]
    return Adapted(np.sort(online, axis=2), offsets)


def shifted(raw: Values, offsets: Values, doubt: float) -> Values:
    """Return quantiles, shape (3, STEPS), moved by the offsets of their leads.

    Where none are known the interval is widened by ``doubt``, which is for two days ahead.
    """
    growing = doubt * np.sqrt((np.arange(STEPS) + 1.0) / STEPS)
    wide = np.stack([-growing, np.zeros(STEPS), growing])
    moved = offsets[:, _SPAN_OF]
    return np.sort(raw + np.where(np.isfinite(moved), moved, wide), axis=0)


@dataclass(slots=True)
class _Misses:
    """How often intervals have missed, and the shares that follow from it."""

    alpha: Values
    """Shape (m, spans, 2): below and above."""
    judged: list[int]
    """Of each span, how many forecasts."""

    @classmethod
    def none(cls, methods: int) -> _Misses:
        spans = len(LEADS) - 1
        return cls(np.full((methods, spans, 2), _MISSED), [0] * spans)

    def follow(
        self, online: Values, truth: Values, origins: NDArray[np.int64], moment: int
    ) -> None:
        """Adapt to the forecasts that are over."""
        for span, last in enumerate(LEADS[1:]):
            while (k := self.judged[span]) < len(origins) and origins[k] + last <= moment:
                self._judge(span, online[:, k], truth[k])
                self.judged[span] += 1

    def _judge(self, span: int, online: Values, truth: Values) -> None:
        leads = _LOOKED[span][_LOOKED[span] < STEPS]
        leads = leads[np.isfinite(truth[leads])]
        if len(leads):
            low, _, high = np.sort(online[:, :, leads], axis=1).swapaxes(0, 1)
            came = truth[leads]
            missed = np.stack([(came < low).mean(axis=1), (came > high).mean(axis=1)], axis=1)
            alpha = self.alpha[:, span] + _GAMMA * (_MISSED - missed)
            self.alpha[:, span] = np.clip(alpha, *_ALPHA)


def _looked_at(values: Values) -> Values:
    """Return values over leads at those that are looked at, shape (…, spans, looked at)."""
    beyond = np.full((*values.shape[:-1], 1), np.nan)
    return np.concatenate([values, beyond], axis=-1)[..., _LOOKED]


def _offsets(
    errors: Values, came: NDArray[np.bool_], alpha: Values, centred: NDArray[np.bool_]
) -> Values:
    """Return what is to be added, shape (m, 3, spans); NaN: too little is known.

    Parameters
    ----------
    errors : array of shape (m, i, 3, spans, looked at)
    came : array of shape (i, spans, looked at)
    """
    known = np.where(came[:, np.newaxis], errors, np.nan).transpose(0, 2, 3, 1, 4)
    ordered = np.sort(known.reshape(*known.shape[:3], -1), axis=3)  # NaN last
    count = np.isfinite(ordered[:, 0]).sum(axis=2)
    found = np.stack([
        _ranked(ordered[:, 0], count, alpha[:, :, 0]),
        np.where(centred[:, np.newaxis], _ranked(ordered[:, 1], count, np.array(0.5)), 0.0),
        _ranked(ordered[:, 2], count, 1.0 - alpha[:, :, 1]),
    ], axis=1)  # fmt: skip
    return np.where(count[:, np.newaxis] < _FEWEST, np.nan, found)


def _ranked(ordered: Values, count: NDArray[np.int64], level: Values) -> Values:
    """Return quantiles of the first ``count`` of values in order, along the last axis."""
    if not ordered.shape[-1]:
        return np.full(ordered.shape[:-1], np.nan)
    place = level * np.maximum(count - 1, 0)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    below, above = (
        np.take_along_axis(ordered, at[..., np.newaxis], axis=-1)[..., 0] for at in (low, high)
    )
    return np.asarray(below + (place - low) * (above - below))
