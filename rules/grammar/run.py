"""Aggregates over a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.rules.grammar.aggregates import Aggregate
from heatpump_twin.rules.grammar.logic import Array
from heatpump_twin.rules.grammar.memory import BRIDGED, Marks, Times, as_truth
from heatpump_twin.rules.grammar.passage import Known, Passage, latest, since_last
from heatpump_twin.rules.grammar.windows import LEAST_KNOWN, Aggregated


class Run(Aggregated):
    """Aggregate over a run: the time in which the second input holds, now or the last time.

    It is known of a run whose start was seen and that was never lost for long.
    """

    def __init__(self, assets: int, aggregate: Aggregate) -> None:
        super().__init__(assets, aggregate, 1)
        self.whole = np.zeros(assets, dtype=bool)
        self.runs = np.full(assets, np.nan)
        """Whether one is going on."""
        self.gone: Times = np.zeros(assets, dtype=np.int64)
        """How long that has not been known. [µs]"""

    def _pass(self, elapsed: int, held: Sequence[Array]) -> None:
        x, during = held
        self._lose(elapsed, x)
        self.gone = np.where(np.isnan(during), self.gone + elapsed, 0)
        late = self.gone > BRIDGED
        self.whole &= ~(late & (self.runs == 1))
        self.runs = np.where(late, np.nan, self.runs)
        part = np.where(during == 1, elapsed, 0).astype(np.int64)
        self._add(np.zeros(len(part), dtype=np.int64), x, part)
        self.axis += part

    def _become(self, inputs: Sequence[Array]) -> None:
        x, during = inputs
        on, known = as_truth(during)
        starts = on & (self.runs == 0)
        self.amount[starts], self.known[starts] = self._aggregate.empty, 0.0
        self.axis[starts] = 0
        self.whole |= starts
        # A run that was going on when we came is none that we know.
        self.whole &= ~(on & np.isnan(self.runs))
        self.runs = np.where(known, on.astype(np.float64), self.runs)
        self._step(np.zeros(len(x), dtype=np.int64), x, on & ~starts)

    def _value(self) -> Array:
        return self._told(self.axis, self.whole, self.amount, self.known)

    def _told(self, axis: Times, whole: Marks, amount: Array, known: Array) -> Array:
        value = self._aggregate.tell(amount, known)
        enough = known[:, 0] >= LEAST_KNOWN * axis / MICROSECONDS
        return np.where(whole & (enough | self._aggregate.is_least), value, np.nan)

    def _of_one(self, i: int, elapsed: Times, rows: Sequence[Array]) -> Array:
        x, during = rows
        runs = Known.of(during, self.runs[i], int(self.gone[i]), elapsed)
        on = as_truth(during[1:])[0]
        starts = on & (runs.value == 0)
        number = np.append(0, np.cumsum(starts))
        part = np.where(during[:-1] == 1, elapsed, 0)
        last = self._look_back(i, x, elapsed)
        passage = Passage.through(
            self._aggregate,
            np.append(0, number[:-1]),
            np.append(np.nan, x[:-1]),
            np.append(0, part),
            np.append(self.amount[i, 0], self._steps(last, x[1:], on & ~starts)),
            float(self.known[i, 0]),
        )
        amount, known = passage.at(np.arange(1, len(number)), number[1:])
        axis = since_last(np.cumsum(part), starts, self.axis[i])
        lost = ((runs.lost > BRIDGED) & (runs.latest == 1)) | (on & np.isnan(runs.value))
        whole = latest(np.where(starts, 1.0, np.where(lost, 0.0, np.nan)), self.whole[i]) == 1
        self.amount[i], self.known[i], self.axis[i] = amount[-1], known[-1], axis[-1]
        self.whole[i], self.gone[i] = whole[-1], runs.lost[-1]
        self.runs[i] = runs.value[-1] if np.isnan(during[-1]) else during[-1] != 0
        return self._told(axis, whole, amount[:, None], known[:, None])
