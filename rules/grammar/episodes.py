"""How long it is since something was so, and how long the last times were in which it was so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.rules.grammar.logic import Array
from heatpump_twin.rules.grammar.memory import BRIDGED, Marks, Memory, Times, as_truth
from heatpump_twin.rules.grammar.passage import since_last


class Since(Memory):
    """Time since a condition was last true; before it ever was, since it has been watched.

    With a second input only the time counts in which that holds. [s]
    """

    def __init__(self, assets: int) -> None:
        super().__init__(assets)
        self.passed: Times = np.zeros(assets, dtype=np.int64)
        """[µs]"""

    def _pass(self, elapsed: int, held: Sequence[Array]) -> None:
        self.passed = self.passed + np.where(_counts(held), elapsed, 0)

    def _become(self, inputs: Sequence[Array]) -> None:
        self.passed = np.where(as_truth(inputs[0])[0], 0, self.passed)

    def _value(self) -> Array:
        return self.passed / MICROSECONDS

    def _scan(self, elapsed: Times, rows: Sequence[Array]) -> Array:
        counted = _counts([x[:-1] for x in rows])
        passed = np.cumsum(np.where(counted, elapsed[:, None], 0), axis=0)
        is_so = as_truth(rows[0][1:])[0]
        since = since_last(passed, is_so, self.passed)
        self.passed = since[-1].copy()
        return since / MICROSECONDS


class Episodes(Memory):
    """The longest or shortest of the last episodes of a condition, or of the times between them.

    An episode counts when its start and its end were seen, and it was never unknown for long in
    between; the time between two from start to start. [s]

    Parameters
    ----------
    count : int
        Of so many episodes; before there were so many nothing is known.
    pick : ufunc
        ``np.maximum`` or ``np.minimum``.
    between : bool
        Times from start to start instead of the episodes themselves.
    """

    def __init__(self, assets: int, count: int, pick: np.ufunc, *, between: bool) -> None:
        super().__init__(assets)
        self._pick, self._between = pick, between
        self.lengths = np.full((assets, count), np.nan)
        """Newest first. [s]"""
        self.passed: Times = np.zeros(assets, dtype=np.int64)
        """Time since the last start. [µs]"""
        self.started = np.zeros(assets, dtype=bool)
        """Whether that start was seen, and nothing was lost since."""
        self.runs = np.full(assets, np.nan)
        self.lost: Times = np.zeros(assets, dtype=np.int64)
        """How long it has not been known whether one runs. [µs]"""

    def _pass(self, elapsed: int, held: Sequence[Array]) -> None:
        (x,) = held
        self.passed = self.passed + elapsed
        self.lost = np.where(np.isnan(x), self.lost + elapsed, 0)
        late = self.lost > BRIDGED
        self.started &= ~late
        self.runs = np.where(late, np.nan, self.runs)

    def _become(self, inputs: Sequence[Array]) -> None:
        on, known = as_truth(inputs[0])
        starts = on & (self.runs == 0)
        ends = known & ~on & (self.runs == 1)
        over = self.started & (starts if self._between else ends)
        moved = np.column_stack((self.passed / MICROSECONDS, self.lengths[:, :-1]))
        self.lengths = np.where(over[:, None], moved, self.lengths)
        if not self._between:
            self.started &= ~ends
        self.started |= starts
        self.passed = np.where(starts, 0, self.passed)
        self.runs = np.where(known, on.astype(np.float64), self.runs)

    def _value(self) -> Array:
        # One that is missing is NaN, and so is what is made of all.
        value: Array = self._pick.reduce(self.lengths, axis=1)
        return value

    def _scan(self, elapsed: Times, rows: Sequence[Array]) -> Array:
        # Between two changes of its input it only gets older.
        (x,) = rows
        time = np.cumsum(elapsed)
        same = (x[1:] == x[:-1]) | (np.isnan(x[1:]) & np.isnan(x[:-1]))
        value = np.broadcast_to(self._value(), (len(elapsed), self._assets)).copy()
        done = 0
        for k in np.flatnonzero(~same.all(axis=1)).tolist():
            if time[k] > done:
                self._pass(int(time[k]) - done, [x[k]])
            self._become([x[k + 1]])
            value[k:] = self._value()
            done = int(time[k])
        if time[-1] > done:
            self._pass(int(time[-1]) - done, [x[-1]])
        return value


def _counts(held: Sequence[Array]) -> Marks:
    """Tell where time counts, by a condition that does not hold and maybe one that must."""
    x, *during = held
    counts: Marks = x == 0
    return counts & (during[0] == 1) if during else counts
