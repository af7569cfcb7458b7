"""What heat-ups took that began alike: from the same rise, air, tank, and days before.

A regression says that what is colder takes longer. Machines know better: frost between 0 and 5 °C
takes an hour of defrosting that dry frost does not, a backup heater helps below a bivalence point,
a tank that is too cold is charged first, and walls that have cooled for a day keep a room cool.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.smart_start.heat_ups import HeatUps, HeatUpStart

_HALF_LIFE = 30.0
"""A heat-up so many before is half as exact. [heat-ups]"""
_SPREAD = 0.15
"""Usual error of the logarithm of a duration, however alike the starts are. [-]"""
_CURVED = 0.4
"""Spread of what is no straight line in the logarithm of a duration. [-]"""
_ALIKE = (0.7, 6.0, 3.0, 1.0, 0.33)
"""Starts so far apart are hardly alike any more: logarithm of the rise [-], air [K], tank [K],
mean of the last day [K], whether the tank is charged first [-]."""
_SLOPES = (3.0, 0.4, 0.04, 0.0, 0.5, 0.7)
"""How sure it is beforehand that the logarithm does not depend on a constant, and on each of
these, beyond growing with that of the rise."""
_LEAST = 2
"""Fewer heat-ups with a cold tank tell nothing of when it is charged first."""
_KNOWN = 8
"""Nor do fewer heat-ups at all."""
_LONGER = 0.25
"""A charge makes it longer by at least this. [logarithm]"""
_EXPLAINED = 0.85
"""It is believed where it leaves at most this share of the errors. [-]"""


@dataclass(frozen=True, slots=True, eq=False)
class AlikeHeatUps:
    """A Gaussian process over what is known at starts: kriging of logarithms of durations."""

    slack: float
    """[s]"""
    usual: Values
    """Air, tank and mean of the last day that stand for what is not known. [°C]"""
    limit: float
    """A tank colder than this is charged first; -inf: none is known. [°C]"""
    signs: Values
    """Shape (n, signs)."""
    middle: float
    weights: Values

    @classmethod
    def of(cls, past: HeatUps, slack: float) -> AlikeHeatUps:
        """Learn from past heat-ups, at least one."""
        told = np.log(past.seconds + slack) - np.log(past.rise)
        known = np.column_stack([past.outdoor, past.tank, past.lately])
        usual = np.array([_mean(column) for column in known.T])
        limit = tank_limit(past.tank, told)
        signs = _signs(np.log(past.rise), known, usual, limit)
        age = np.arange(len(past))[::-1]
        noise = np.diag(_SPREAD**2 * 2.0 ** (age / _HALF_LIFE))
        middle = float(told.mean())
        weights = np.asarray(np.linalg.solve(_alike(signs, signs) + noise, told - middle), float)
        return cls(slack, usual, limit, signs, middle, weights)

    def __call__(self, start: HeatUpStart) -> float:
        """Return how long it takes. [s]"""
        known = np.array([[start.outdoor, start.tank, start.lately]])
        rise = math.log(start.rise)
        signs = _signs(np.array([rise]), known, self.usual, self.limit)
        told = self.middle + float((_alike(signs, self.signs) @ self.weights)[0]) + rise
        return max(math.exp(min(told, _LONGEST)) - self.slack, 0.0)


_LONGEST = math.log(48 * 3600.0)


def tank_limit(tank: Values, told: Values) -> float:
    """Return below which tank temperature heat-ups take longer, as it is charged first; or -inf.

    The split that leaves the least errors, where it leaves clearly less than none. [°C]
    """
    known = np.isfinite(tank)
    order = np.argsort(tank[known], kind="stable")
    cold, long = tank[known][order], told[known][order]
    if len(cold) < _KNOWN:
        return -np.inf
    least, limit = _EXPLAINED * _error(long), -np.inf
    for count in range(_LEAST, len(cold) // 2 + 1):
        if cold[count - 1] == cold[count]:
            continue
        first, others = long[:count], long[count:]
        if np.median(first) - np.median(others) < _LONGER:
            continue
        error = _error(first) + _error(others)
        if error < least:
            least, limit = error, 0.5 * float(cold[count - 1] + cold[count])
    return limit


def _error(values: Values) -> float:
    return float(np.abs(values - np.median(values)).sum())


def _mean(values: Values) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0


def _signs(rise: Values, known: Values, usual: Values, limit: float) -> Values:
    """Return what is alike or not: logarithm of the rise, air, tank, last day, charged first."""
    # What nobody has measured is as usual.
    moved = np.where(np.isfinite(known), known, usual) - usual
    charged = np.nan_to_num(known[:, 1], nan=np.inf) < limit
    # How cold the tank is matters only where it is charged at all.
    moved[:, 1] *= np.isfinite(limit)
    return np.column_stack([rise, moved, charged.astype(float)])


def _alike(some: Values, others: Values) -> Values:
    apart = ((some[:, np.newaxis] - others[np.newaxis]) / np.array(_ALIKE)) ** 2
    constant, *slopes = _SLOPES
    straight = constant**2 + (some * np.array(slopes) ** 2) @ others.T
    return np.asarray(_CURVED**2 * np.exp(-0.5 * apart.sum(axis=-1)) + straight)
