"""Heat-ups of one heat pump: what was known at their start, and how long they took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Times, Values

REACHED = 0.5
"""It is warm when it is within this of its target: controllers stop there. [K]"""
LEAST_RISE = 0.1
"""What is nearer to being warm counts as this far away: sensors are noisy. [K]"""


@dataclass(frozen=True, slots=True)
class HeatUpStart:
    """What is known when a heat-up begins."""

    begin: int
    """[µs since the Unix epoch, UTC]"""
    initial: float
    """Temperature of what is heated. [°C]"""
    target: float
    """[°C]"""
    outdoor: float
    """Air outdoors; NaN: not known. [°C]"""
    told: float = np.nan
    """How long a model says that it takes; NaN: there is none, or it does not know. [s]"""
    tank: float = np.nan
    """Hot water, which is charged first where it is too cold; NaN: not known. [°C]"""
    lately: float = np.nan
    """Mean of a room over the last day, as its walls are; NaN: not known. [°C]"""

    @property
    def rise(self) -> float:
        """By how much it is to be heated until it counts as warm, at least `LEAST_RISE`. [K]"""
        return max(self.target - REACHED - self.initial, LEAST_RISE)


@dataclass(frozen=True, slots=True, eq=False)
class HeatUps:
    """Past heat-ups of one quantity in order of time: arrays of one length, n."""

    begin: Times
    """[µs since the Unix epoch, UTC]"""
    initial: Values
    """Temperature at the start. [°C]"""
    target: Values
    """[°C]"""
    outdoor: Values
    """Air outdoors at the start; NaN: not known. [°C]"""
    seconds: Values
    """How long it took. [s]"""
    reached: NDArray[np.bool_]
    """Whether the target was reached; where not, it would have taken longer than ``seconds``."""
    told: Values
    """How long a model said that it takes; NaN: none did. [s]"""
    promised: Values
    """How long after its start it was to be warm; NaN: nobody had asked for that. [s]"""
    tank: Values
    """Hot water at the start; NaN: not known. [°C]"""
    lately: Values
    """Mean of a room over the day before; NaN: not known. [°C]"""

    @classmethod
    def of(
        cls, rows: Iterable[tuple[HeatUpStart, float, bool]], promised: Sequence[float] = ()
    ) -> Self:
        """Return heat-ups from rows of start, seconds and whether the target was reached.

        ``promised``: of each how long after its start it was to be warm; empty: of none. [s]
        """
        found = list(rows)
        starts = [start for start, _, _ in found]
        return cls(
            np.array([s.begin for s in starts], np.int64),
            np.array([s.initial for s in starts], float),
            np.array([s.target for s in starts], float),
            np.array([s.outdoor for s in starts], float),
            np.array([seconds for _, seconds, _ in found], float),
            np.array([met for _, _, met in found], bool),
            np.array([s.told for s in starts], float),
            np.array(promised or [np.nan] * len(found), float),
            np.array([s.tank for s in starts], float),
            np.array([s.lately for s in starts], float),
        )

    def __len__(self) -> int:
        return len(self.begin)

    @property
    def rise(self) -> Values:
        """By how much each was to be heated until it counts as warm; see `HeatUpStart.rise`. [K]"""
        return np.maximum(self.target - REACHED - self.initial, LEAST_RISE)

    @property
    def late(self) -> Values:
        """1 where a promise was broken, whatever the cause; 0: kept; NaN: nothing was promised."""
        broken = np.where(self.reached & (self.seconds <= self.promised), 0.0, 1.0)
        return np.where(np.isnan(self.promised), np.nan, broken)

    def part(self, first: int, last: int) -> HeatUps:
        """Return those from number ``first`` to before ``last``."""
        return self.taken(slice(first, last))

    def warm(self) -> HeatUps:
        """Return those that reached their target; all, where none did.

        How long it takes is told by them; of the others, that it may take longer.
        """
        return self.taken(self.reached) if self.reached.any() else self

    def taken(self, cut: slice | NDArray[np.bool_]) -> HeatUps:
        """Return some of them."""
        return HeatUps(
            self.begin[cut],
            self.initial[cut],
            self.target[cut],
            self.outdoor[cut],
            self.seconds[cut],
            self.reached[cut],
            self.told[cut],
            self.promised[cut],
            self.tank[cut],
            self.lately[cut],
        )

    def start(self, number: int) -> HeatUpStart:
        """Return what was known when one began."""
        return HeatUpStart(
            int(self.begin[number]),
            float(self.initial[number]),
            float(self.target[number]),
            float(self.outdoor[number]),
            float(self.told[number]),
            float(self.tank[number]),
            float(self.lately[number]),
        )
