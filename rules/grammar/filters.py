"""Filters on residuals: a moving average that forgets, and a sum that only grows by what is much.

Page (1954) for the cumulative sum, Roberts (1959) for the average; both in continuous time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.rules.grammar.logic import Array
from heatpump_twin.rules.grammar.memory import Marks, Memory, Times

_HOUR = 3600.0 * MICROSECONDS
"""[µs]"""


class Ewma(Memory):
    """Exponentially weighted moving average; known once it has seen a time constant.

    Parameters
    ----------
    constant : int
        Time constant. [µs]
    """

    def __init__(self, assets: int, constant: int) -> None:
        super().__init__(assets)
        self._constant = constant
        self.level = np.full(assets, np.nan)
        self.seen: Times = np.zeros(assets, dtype=np.int64)
        """Time in which it was known. [µs]"""

    def _pass(self, elapsed: int, held: Sequence[Array]) -> None:
        x, *during = held
        counts = _counts(x, during)
        share = 1.0 - np.exp(-elapsed / self._constant)
        first = np.isnan(self.level)
        level = np.where(first, x, self.level + share * (x - self.level))
        self.level = np.where(counts, level, self.level)
        self.seen = self.seen + np.where(counts, elapsed, 0)

    def _value(self) -> Array:
        return self._known(self.seen, self.level)

    def _known(self, seen: Times, level: Array) -> Array:
        return np.where(seen >= self._constant, level, np.nan)

    def _scan(self, elapsed: Times, rows: Sequence[Array]) -> Array:
        x, *during = (row[:-1] for row in rows)
        counts = _counts(x, during) & (elapsed > 0)[:, None]
        share = 1.0 - np.exp(-elapsed / self._constant)

        def become(level: float, k: int, i: int) -> float:
            now = float(x[k, i])
            return now if math.isnan(level) else level + float(share[k]) * (now - level)

        level = _folded(self.level, counts, become)
        seen = self.seen + np.cumsum(np.where(counts, elapsed[:, None], 0), axis=0)
        self.level, self.seen = level[-1].copy(), seen[-1].copy()
        return self._known(seen, level)


class Cusum(Memory):
    """Sum of what exceeds an allowance, never below zero. [unit of x · h]

    The inputs are x and the allowance.

    Parameters
    ----------
    most : float
        The sum grows no further than this, or what lasted for weeks would be told for weeks after
        its end.
    """

    def __init__(self, assets: int, most: float) -> None:
        super().__init__(assets)
        self._most = most
        self.sum = np.zeros(assets)

    def _pass(self, elapsed: int, held: Sequence[Array]) -> None:
        x, allowance, *during = held
        more = (x - allowance) * (elapsed / _HOUR)
        grown = np.clip(self.sum + np.nan_to_num(more), 0.0, self._most)
        self.sum = np.where(_counts(more, during), grown, self.sum)

    def _value(self) -> Array:
        return self.sum.copy()

    def _scan(self, elapsed: Times, rows: Sequence[Array]) -> Array:
        x, allowance, *during = (row[:-1] for row in rows)
        more = (x - allowance) * (elapsed / _HOUR)[:, None]
        counts = _counts(more, during)

        def become(total: float, k: int, i: int) -> float:
            return min(max(total + float(more[k, i]), 0.0), self._most)

        grown = _folded(self.sum, counts, become)
        self.sum = grown[-1].copy()
        return grown


def _counts(x: Array, during: Sequence[Array]) -> Marks:
    known: Marks = ~np.isnan(x)
    return known & (during[0] == 1) if during else known


def _folded(first: Array, counts: Marks, become: Callable[[float, int, int], float]) -> Array:
    """Return what a number of each asset becomes from moment to moment, where one counts.

    Parameters
    ----------
    become : callable
        Number before, moment and asset → number then.
    """
    folded = np.empty(counts.shape)
    for i in range(len(first)):
        number = float(first[i])
        for k, does in enumerate(counts[:, i].tolist()):
            if does:
                number = become(number, k, i)
            folded[k, i] = number
    return folded
