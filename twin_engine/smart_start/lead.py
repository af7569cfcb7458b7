"""How long before it shall be warm heating has to start: expected time, and a reserve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.smart_start.heat_ups import HeatUps, HeatUpStart
from heatpump_twin.twin_engine.smart_start.lead_methods import (
    METHODS,
    SLACK,
    Expectation,
    LeadMethod,
)
from heatpump_twin.twin_engine.smart_start.regime import NOTICED, regimes
from heatpump_twin.twin_engine.smart_start.reserve import (
    adapted_level,
    alike_in_length,
    reserve,
    share_within,
)

_PROVEN = 5
"""Of fewer errors no method is told to be better than another."""
_HALF_LIFE = 25.0
"""An error so many heat-ups before counts half when methods are compared. [heat-ups]"""


@dataclass(frozen=True, slots=True, eq=False)
class LeadModel:
    """What past heat-ups of one quantity tell of the next; nothing of it changes."""

    past: HeatUps
    """Of the present regime."""
    method: str
    find: Expectation
    errors: Values
    """Of that method, also in regimes before: logarithms of what came over what was expected."""
    lengths: Values
    """Logarithms of what was expected then; NaN: in a regime before."""
    level: float
    """Of the errors' quantile that is long enough with the probability asked for. [-]"""
    changes: int
    """How many changes of regime were noticed."""

    @property
    def margin(self) -> float:
        """What starts have come too late by, however long heat-ups take. [s]"""
        return reserve(self.errors, self.level)[1]

    def expected(self, start: HeatUpStart) -> float:
        """Return the time that is as likely too long as too short; NaN: not known. [s]"""
        return self.find(start)

    def lead(self, start: HeatUpStart) -> float:
        """Return the time that is long enough with the probability asked for; NaN: unknown. [s]"""
        expected = self.expected(start)
        if np.isnan(expected):
            return np.nan
        factor, margin = reserve(self.errors, self.level, self._alike(expected))
        return max((expected + SLACK) * float(np.exp(factor)) - SLACK, 0.0) + margin

    def probability(self, start: HeatUpStart, seconds: float) -> float:
        """Return how probable it is that so many seconds are enough; NaN: not known."""
        expected = self.expected(start)
        if np.isnan(expected):
            return np.nan
        alike = self._alike(expected)
        error = float(np.log((max(seconds - self.margin, 0.0) + SLACK) / (expected + SLACK)))
        return share_within(self.errors, error, alike)

    def _alike(self, expected: float) -> Values:
        return alike_in_length(self.lengths, float(np.log(expected + SLACK)))


def lead_model(
    past: HeatUps, probability: float, methods: Mapping[str, LeadMethod] = METHODS
) -> LeadModel:
    """Return what past heat-ups tell: by the method that has erred least on them.

    ``probability`` is how probable it shall be that the lead is long enough.
    """
    begin = regimes(past)
    errors = {name: _errors(past, begin, method) for name, method in methods.items()}
    name = _best({name: found[np.isfinite(found)] for name, found in errors.items()}, past)
    changes = int(np.count_nonzero(np.diff(begin)))
    present = past.part(int(begin[-1]), len(past))
    known = np.isfinite(errors[name])
    found, late = errors[name][known], past.late[known]
    lengths = np.log(past.seconds[known] + SLACK) - found
    lengths[np.flatnonzero(known) < begin[-1]] = np.nan
    level = adapted_level(found, late, probability)
    find = methods[name](present.warm())
    return LeadModel(present, name, find, found, lengths, level, changes)


def _errors(past: HeatUps, begin: NDArray[np.int64], method: LeadMethod) -> Values:
    """Return the error of a method on each heat-up, by those before it; NaN: it tells nothing.

    How far it errs is much the same in each regime, so those of regimes before count as well; not
    those by which the present one was noticed.
    """
    first = int(begin[-1])
    by_change = range(first, first + NOTICED) if first else range(0)
    errors = np.full(len(past), np.nan)
    for number in range(1, len(past)):
        if number in by_change:
            continue
        before = past.part(int(begin[number]), number)
        expected = method(before.warm())(past.start(number))
        if np.isnan(expected):
            return np.full(len(past), np.nan)
        # What ended before it was to be ready tells nothing.
        if past.reached[number] or past.seconds[number] > expected:
            errors[number] = np.log((past.seconds[number] + SLACK) / (expected + SLACK))
    return errors


def _best(errors: Mapping[str, Values], past: HeatUps) -> str:
    """Return the name of the method that erred least; with few errors the first that can tell."""
    proven = {name: _loss(found) for name, found in errors.items() if len(found) >= _PROVEN}
    if proven:
        return min(proven, key=lambda name: proven[name])
    return next(iter(errors)) if len(past) else list(errors)[-1]


def _loss(errors: Values) -> float:
    weight = 0.5 ** (np.arange(len(errors))[::-1] / _HALF_LIFE)
    return float(np.average(np.abs(errors), weights=weight))
