r"""Intervals that hold what they promise: conformal, and adapted to how often they did.

Each forecast was followed by what came. Over the forecasts before it, by lead, an interval is
moved outward (or inward) until it would have held its share: conformalised quantile regression
(Romano, Patterson and Candès, 2019), with a share :math:`\alpha` to either side that follows the
errors (adaptive conformal inference, Gibbs and Candès, 2021):

.. math:: \alpha \leftarrow \alpha + \gamma (0.1 - \mathrm{err})
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.quarter_hours import LEVELS, STEPS

LEADS = (0, 4, 12, 24, 48, 96, STEPS)
"""Spans of leads with an interval of their own, in quarter-hours."""
_MISSED = 0.1
"""Share that lies below an interval of 80 %, and share above. [-]"""
_GAMMA = 0.1
_ALPHA = (0.01, 0.3)
_FEWEST = 24
"""Of less errors no interval is told."""
_LOOKED_AT = 12
"""Leads of a span whose errors are looked at: neighbours err alike."""


@dataclass(slots=True)
class _Span:
    """The errors of a span of leads, and how often its intervals have missed."""

    leads: NDArray[np.int64]
    last: int
    alpha: list[float] = field(default_factory=lambda: [_MISSED, _MISSED])
    judged: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Adapted:
    """Forecasts with adapted intervals."""

    online: Values
    """Shape (o, 3, STEPS): each by what was known when it was made."""
    offsets: Values
    """Shape (3, spans): what is to be added to the next forecast; NaN: too little is known."""


def adapted(
    raw: Values, truth: Values, origins: NDArray[np.int64], now: int, *, centred: bool
) -> Adapted:
    """Return forecasts with their intervals, and the offsets for one that is made now.

    Parameters
    ----------
    raw : array of shape (o, 3, STEPS)
        Quantiles as they were forecast.
    truth : array of shape (o, STEPS)
        What came; NaN: not known.
    origins : array of int, shape (o,)
        When each was made, in order, and ``now``, in quarter-hours.
    centred
        Whether the median is moved as well, by the median error.
    """
    online = np.array(raw)
    spans = [_span(first, last) for first, last in pairwise(LEADS)]
    offsets = np.full((len(LEVELS), len(spans)), np.nan)
    for b, span in enumerate(spans):
        errors = truth[:, np.newaxis, span.leads] - raw[:, :, span.leads]
        for i in range(len(origins) + 1):
            moment = now if i == len(origins) else int(origins[i])
            _judge(span, online, truth, origins, moment)
            came = span.leads[np.newaxis, :] < (moment - origins[:i, np.newaxis])
            found = _offsets(errors[:i], came, span, centred=centred)
            if i == len(origins):
                offsets[:, b] = found
            elif np.isfinite(found).all():
                part = slice(LEADS[b], LEADS[b + 1])
                online[i, :, part] += found[:, np.newaxis]
    return Adapted(np.sort(online, axis=1), offsets)


def shifted(raw: Values, offsets: Values, doubt: float) -> Values:
    """Return quantiles, shape (3, STEPS), moved by the offsets of their leads.

    Where none are known the interval is widened by ``doubt``, which is for two days ahead.
    """
    spans = np.repeat(np.arange(len(LEADS) - 1), np.diff(LEADS))
    growing = doubt * np.sqrt((np.arange(STEPS) + 1.0) / STEPS)
    wide = np.stack([-growing, np.zeros(STEPS), growing])
    moved = offsets[:, spans]
    return np.sort(raw + np.where(np.isfinite(moved), moved, wide), axis=0)


def _span(first: int, last: int) -> _Span:
    every = max((last - first) // _LOOKED_AT, 1)
    return _Span(np.arange(first, last, every), last)


def _judge(
    span: _Span, online: Values, truth: Values, origins: NDArray[np.int64], moment: int
) -> None:
    """Adapt to the forecasts that are over."""
    while span.judged < len(origins) and origins[span.judged] + span.last <= moment:
        came = truth[span.judged, span.leads]
        known = np.isfinite(came)
        if known.any():
            low, _, high = np.sort(online[span.judged][:, span.leads], axis=0)
            missed = (np.mean(came[known] < low[known]), np.mean(came[known] > high[known]))
            span.alpha = [
                float(np.clip(alpha + _GAMMA * (_MISSED - share), *_ALPHA))
                for alpha, share in zip(span.alpha, missed, strict=True)
            ]
        span.judged += 1


def _offsets(errors: Values, came: NDArray[np.bool_], span: _Span, *, centred: bool) -> Values:
    low, middle, high = (errors[:, row][came] for row in range(len(LEVELS)))
    known = np.isfinite(low) & np.isfinite(high)
    if known.sum() < _FEWEST:
        return np.full(len(LEVELS), np.nan)
    below, above = span.alpha
    return np.array([
        np.quantile(low[known], below),
        np.median(middle[known]) if centred else 0.0,
        np.quantile(high[known], 1.0 - above),
    ])  # fmt: skip
