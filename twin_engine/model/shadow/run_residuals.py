"""Residuals of whole runs, by load: what single values hide in their noise, and rules can judge.

While COP and its expectation are Good, electricity, heat and what was expected of both are summed.
A run that was steady for at least a quarter of an hour gives its residuals when it ends, or after
six steady hours. The score of its COP, over its own uncertainty, moves the mean of its load by a
quarter: heat for a power and power for a heat are one statement, so that one score is enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

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
_QUANTITIES = 3
_NEVER = -(2**62)


class RunMoment(NamedTuple):
    """Values of n running heat pumps at a moment: arrays of shape (n,)."""

    power: Values
    expected_power: Values
    heat: Values
    expected_heat: Values
    """[W]"""
    load: Values
    """Heat over rated capacity. [-]"""
    relative: Values
    """Deviation of the expected COP over its value. [-]"""


@dataclass(slots=True)
class RunResiduals:
    """Running sums and latest residuals of n heat pumps."""

    last: Values
    """COP, electricity and heat of the latest run over what was expected of each, less one: (3, n).
    [-]"""
    scores: Values
    """Mean score of each load: (3, n); NaN where no run has had it."""
    ended: Times
    """When the latest run of each ended. [µs since the Unix epoch, UTC]"""
    _sums: Values = field(init=False)
    """Steady time, and the values of `RunMoment` over it: (7, n)."""
    _seen: Times = field(init=False)

    def __post_init__(self) -> None:
        n = len(self.ended)
        self._sums = np.zeros((1 + len(RunMoment._fields), n))
        self._seen = np.full(n, _NEVER)

    @classmethod
    def of(cls, count: int) -> RunResiduals:
        """Return those of heat pumps that have not run yet."""
        nothing = np.full((_QUANTITIES, count), np.nan)
        return cls(nothing, np.full((len(LOADS) + 1, count), np.nan), np.zeros(count, np.int64))

    def joined(self, other: RunResiduals) -> RunResiduals:
        """Return these and others behind them."""
        both = RunResiduals(
            np.append(self.last, other.last, axis=1),
            np.append(self.scores, other.scores, axis=1),
            np.append(self.ended, other.ended),
        )
        both._sums = np.append(self._sums, other._sums, axis=1)
        both._seen = np.append(self._seen, other._seen)
        return both

    def of_some(self, which: NDArray[np.int64]) -> RunResiduals:
        """Return those of some heat pumps, by place."""
        some = RunResiduals(self.last[:, which], self.scores[:, which], self.ended[which])
        some._sums, some._seen = self._sums[:, which], self._seen[which]
        return some

    def take(
        self, time: Times, good: ShadowFlags, over: ShadowFlags, now: RunMoment
    ) -> ShadowFlags:
        """Take the values of a moment; return where a run has given its residuals.

        Parameters
        ----------
        good : array of bool, shape (n,)
            Where COP and expectation are Good.
        over : array of bool, shape (n,)
            Where the compressor rests: a run that was going on has ended.
        """
        apart = (time - self._seen) / MICROSECONDS
        seconds = np.where(good & (apart > 0.0) & (apart <= _APART), apart, 0.0)
        self._seen = np.where(good, time, _NEVER)
        parts = np.stack([np.ones(len(time)), *now])
        self._sums += np.where(seconds > 0.0, parts * seconds, 0.0)
        steady = self._sums[0]
        ends = (over & (steady > 0.0)) | (steady >= LONGEST)
        counts: ShadowFlags = np.asarray(ends & (steady >= LEAST_STEADY))
        self._count(np.flatnonzero(counts), time)
        self._sums[:, ends] = 0.0
        return counts

    def _count(self, which: NDArray[np.int64], time: Times) -> None:
        steady, *sums = self._sums[:, which]
        mean = RunMoment(*(total / steady for total in sums))
        cop = mean.expected_power / mean.power - 1.0
        self.last[:, which] = (
            cop,
            mean.power / mean.expected_power - 1.0,
            mean.heat / mean.expected_heat - 1.0,
        )
        self.ended[which] = time[which]
        score = cop / np.maximum(mean.relative, 1e-3)
        place = np.digitize(mean.load, LOADS)
        before = self.scores[place, which]
        moved = np.where(np.isnan(before), score, before + WEIGHT * (score - before))
        self.scores[place, which] = moved
