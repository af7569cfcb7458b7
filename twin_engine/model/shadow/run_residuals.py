"""Residuals of whole runs, by load: what single values hide in their noise, and rules can judge.

While COP and its expectation are Good, electricity and what was expected of it are summed. A run
that was steady for at least a quarter of an hour gives one residual when it ends, or after six
steady hours. Its score, over its own uncertainty, moves the mean of its load by a quarter.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.model.shadow.reading import ShadowFlags

LEAST_STEADY = 900.0
"""[s]"""
LONGEST = 6 * 3600.0
"""Steady time after which a run counts although it goes on. [s]"""
LOADS = (0.45, 0.75)
"""Heat over rated capacity between low, medium and high load. [-]"""
WEIGHT = 0.25
"""Of the newest run in the mean of its load: the last eight runs decide."""
_APART = 600.0
"""Over a longer pause nothing is known. [s]"""
_SUMS = 5
_NEVER = -(2**62)


@dataclass(slots=True)
class RunResiduals:
    """Running sums and latest residuals of n heat pumps."""

    last: Values
    """Relative COP of the latest run over what was expected, less one. [-]"""
    scores: Values
    """Mean score of each load: (3, n); NaN where no run has had it."""
    ended: Times
    """When the latest run of each ended. [µs since the Unix epoch, UTC]"""
    _sums: Values = field(init=False)
    """Steady time, power, expected power, load × time and uncertainty × time: (5, n)."""
    _seen: Times = field(init=False)

    def __post_init__(self) -> None:
        n = len(self.last)
        self._sums = np.zeros((_SUMS, n))
        self._seen = np.full(n, _NEVER)

    @classmethod
    def of(cls, count: int) -> RunResiduals:
        """Return those of heat pumps that have not run yet."""
        nothing = np.full(count, np.nan)
        return cls(nothing, np.full((len(LOADS) + 1, count), np.nan), np.zeros(count, np.int64))

    def joined(self, other: RunResiduals) -> RunResiduals:
        """Return these and others behind them."""
        both = RunResiduals(
            np.append(self.last, other.last),
            np.append(self.scores, other.scores, axis=1),
            np.append(self.ended, other.ended),
        )
        both._sums = np.append(self._sums, other._sums, axis=1)
        both._seen = np.append(self._seen, other._seen)
        return both

    def of_some(self, which: NDArray[np.int64]) -> RunResiduals:
        """Return those of some heat pumps, by place."""
        some = RunResiduals(self.last[which], self.scores[:, which], self.ended[which])
        some._sums, some._seen = self._sums[:, which], self._seen[which]
        return some

    def take(
        self,
        time: Times,
        good: ShadowFlags,
        over: ShadowFlags,
        power: Values,
        expected: Values,
        load: Values,
        relative: Values,
    ) -> ShadowFlags:
        """Take the values of a moment; return where a run has given its residual.

        Parameters
        ----------
        good : array of bool, shape (n,)
            Where COP and expectation are Good.
        over : array of bool, shape (n,)
            Where the compressor rests: a run that was going on has ended.
        power, expected : array of shape (n,)
            Electrical power, measured and expected. [W]
        load, relative : array of shape (n,)
            Heat over rated capacity; deviation of the expectation over its value. [-]
        """
        apart = (time - self._seen) / MICROSECONDS
        seconds = np.where(good & (apart > 0.0) & (apart <= _APART), apart, 0.0)
        self._seen = np.where(good, time, _NEVER)
        parts = np.stack([np.ones(len(power)), power, expected, load, relative])
        self._sums += np.where(seconds > 0.0, parts * seconds, 0.0)
        steady = self._sums[0]
        ends = (over & (steady > 0.0)) | (steady >= LONGEST)
        counts: ShadowFlags = np.asarray(ends & (steady >= LEAST_STEADY))
        self._count(np.flatnonzero(counts), time)
        self._sums[:, ends] = 0.0
        return counts

    def _count(self, which: NDArray[np.int64], time: Times) -> None:
        steady, power, expected, load, relative = self._sums[:, which]
        residual = expected / power - 1.0
        score = residual / np.maximum(relative / steady, 1e-3)
        self.last[which], self.ended[which] = residual, time[which]
        place = np.digitize(load / steady, LOADS)
        before = self.scores[place, which]
        moved = np.where(np.isnan(before), score, before + WEIGHT * (score - before))
        self.scores[place, which] = moved
