"""What is told of a span of time: mean, minimum, maximum, trend, count, duration, changes.

A span is cut into buckets. Each aggregate says what is kept of a bucket, what is added to it while
time passes and when the input changes, and what follows from all buckets of a span.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from heatpump_twin.rules.grammar.logic import Array

Weigh = Callable[[Array, Array], Array]
"""Input and seconds in which it was so → what that adds to an amount."""
Tell = Callable[[Array, Array], Array]
"""Amounts and known seconds, both of shape (n, buckets) in order of time → value (n,)."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One way to tell something of a span of time."""

    tell: Tell
    weigh: Weigh
    join: np.ufunc = np.add
    """An amount and what is added → the amount then."""
    step: Callable[[Array, Array], Array] | None = None
    """Last known input and new one → what is added; both are known."""
    empty: float = 0.0
    """Amount of a bucket in which nothing was yet."""
    is_least: bool = False
    """Whether it is known at once, as what it is at least."""
    of_condition: bool = False
    needs_buckets: bool = False

    def grow(self, amount: Array, x: Array, seconds: Array) -> Array:
        """Return amounts after some seconds in which the input was so."""
        grown: Array = self.join(amount, self.weigh(x, seconds))
        return grown


def _integral(x: Array, seconds: Array) -> Array:
    return np.where(np.isnan(x), 0.0, x) * seconds


def _lasted(x: Array, seconds: Array) -> Array:
    return np.where(x == 1, seconds, 0.0)


def _nothing(x: Array, _seconds: Array) -> Array:
    return np.zeros(np.shape(x))


def _seen(otherwise: float) -> Weigh:
    return lambda x, seconds: np.where(~np.isnan(x) & (seconds > 0), x, otherwise)


def _mean(amount: Array, known: Array) -> Array:
    seconds = known.sum(axis=1)
    return np.where(seconds > 0, amount.sum(axis=1) / np.maximum(seconds, 1e-9), np.nan)


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
        "min": Aggregate(_bounded(np.minimum), _seen(np.inf), np.minimum, empty=np.inf),
        "max": Aggregate(_bounded(np.maximum), _seen(-np.inf), np.maximum, empty=-np.inf),
        "trend": Aggregate(_trend, _integral, needs_buckets=True),
        "duration": Aggregate(_sum, _lasted, is_least=True, of_condition=True),
        "count": Aggregate(_sum, _nothing, step=_rises, is_least=True, of_condition=True),
        "changes": Aggregate(_sum, _nothing, step=_differs, is_least=True),
    }
)
"""Aggregates by the name of the function."""
