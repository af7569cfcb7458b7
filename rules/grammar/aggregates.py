"""What is told of a span of time: mean, minimum, maximum, trend, count, duration, changes.

A span is cut into buckets. Each aggregate says what is kept of a bucket, how it grows while time
passes and when the input changes, and what follows from all buckets of a span.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from heatpump_twin.rules.grammar.logic import Array

Grow = Callable[[Array, Array, Array], Array]
"""Amounts, input and seconds in which it was so → amounts; all of shape (n,)."""
Tell = Callable[[Array, Array], Array]
"""Amounts and known seconds, both of shape (n, buckets) in order of time → value (n,)."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One way to tell something of a span of time."""

    tell: Tell
    grow: Grow = lambda amount, _x, _seconds: amount
    step: Callable[[Array, Array], Array] | None = None
    """Last known input and new one → what is added; both are known."""
    empty: float = 0.0
    """Amount of a bucket in which nothing was yet."""
    is_least: bool = False
    """Whether it is known at once, as what it is at least."""
    of_condition: bool = False
    needs_buckets: bool = False


def _integral(amount: Array, x: Array, seconds: Array) -> Array:
    return amount + np.where(np.isnan(x), 0.0, x) * seconds


def _mean(amount: Array, known: Array) -> Array:
    seconds = known.sum(axis=1)
    return np.where(seconds > 0, amount.sum(axis=1) / np.maximum(seconds, 1e-9), np.nan)


def _extreme(pick: np.ufunc) -> Grow:
    def grow(amount: Array, x: Array, seconds: Array) -> Array:
        seen = ~np.isnan(x) & (seconds > 0)
        return np.where(seen, pick(amount, np.where(seen, x, amount)), amount)

    return grow


def _bounded(pick: np.ufunc) -> Tell:
    def tell(amount: Array, _known: Array) -> Array:
        found: Array = pick.reduce(amount, axis=1)
        return np.where(np.isinf(found), np.nan, found)

    return tell


def _trend(amount: Array, known: Array) -> Array:
    """Return the rise of the least-squares line through the means of the buckets, over all."""
    buckets = amount.shape[1]
    place = np.arange(buckets) / buckets
    mean = amount / np.maximum(known, 1e-9)
    weight = np.maximum(known.sum(axis=1), 1e-9)
    middle = (known @ place) / weight
    level = (known * mean).sum(axis=1) / weight
    away = place - middle[:, None]
    spread = (known * away * away).sum(axis=1)
    rise = (known * away * (mean - level[:, None])).sum(axis=1)
    return np.where(spread > 0, rise / np.maximum(spread, 1e-12), np.nan)


def _sum(amount: Array, _known: Array) -> Array:
    total: Array = amount.sum(axis=1)
    return total


def _rises(last: Array, new: Array) -> Array:
    return np.where((last == 0) & (new != 0), 1.0, 0.0)


def _differs(last: Array, new: Array) -> Array:
    return np.where(last != new, 1.0, 0.0)


AGGREGATES: Mapping[str, Aggregate] = MappingProxyType(
    {
        "mean": Aggregate(_mean, _integral),
        "min": Aggregate(_bounded(np.minimum), _extreme(np.minimum), empty=np.inf),
        "max": Aggregate(_bounded(np.maximum), _extreme(np.maximum), empty=-np.inf),
        "trend": Aggregate(_trend, _integral, needs_buckets=True),
        "duration": Aggregate(
            _sum,
            lambda amount, x, seconds: amount + np.where(x == 1, seconds, 0.0),
            is_least=True,
            of_condition=True,
        ),
        "count": Aggregate(_sum, step=_rises, is_least=True, of_condition=True),
        "changes": Aggregate(_sum, step=_differs, is_least=True),
    }
)
"""Aggregates by the name of the function."""
