"""How long a heat-up will take, by the heat-ups before: methods that are tried side by side.

Each takes past heat-ups, all of one regime, and returns a function that takes what is known at a
start and returns seconds as likely too many as too few. NaN: the past tells nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.smart_start.alike import AlikeHeatUps
from heatpump_twin.twin_engine.smart_start.heat_ups import HeatUps, HeatUpStart

SLACK = 300.0
"""Errors are taken relative to a time this much longer: nobody plans by less. [s]"""
_FEW = 5
"""So many heat-ups the simple methods look back."""
_HALF_LIFE = 30.0
"""A heat-up so many before counts half. [heat-ups]"""
_SPREAD = 0.25
"""Usual error of the logarithm of a duration. [-]"""
_BELIEVED = 0.5
"""What a model says counts as so many heat-ups of this machine."""
_SLOPES = ((1.0, 0.4), (0.0, 0.04))
"""What is believed beforehand of the logarithm of a duration, each with how sure that is: it grows
with the logarithm of the lift, and does not change with the air outdoors. [-], [1/K]"""

Expectation = Callable[[HeatUpStart], float]
LeadMethod = Callable[[HeatUps], Expectation]


def last_heat_up(past: HeatUps) -> Expectation:
    """Expect the time that the heat-up before took. [s]"""
    return _always(float(past.seconds[-1]) if len(past) else np.nan)


def median_of_five(past: HeatUps) -> Expectation:
    """Expect the median of the last five. [s]"""
    return _always(float(np.median(past.seconds[-_FEW:])) if len(past) else np.nan)


def five_by_lift(past: HeatUps) -> Expectation:
    """Expect the median of the last five per kelvin, times the kelvins to heat. [s]"""
    if not len(past):
        return _always(np.nan)
    recent = past.part(len(past) - min(_FEW, len(past)), len(past))
    rate = float(np.median(recent.seconds / recent.rise))
    return lambda start: rate * start.rise


def regression(past: HeatUps) -> Expectation:
    """Expect what lift and outdoor air tell, by all heat-ups, the newest first. [s]

    A Bayesian linear regression of the logarithm: with few heat-ups it is the rule of proportion,
    with many it is what they say.
    """
    if not len(past):
        return _always(np.nan)
    known = past.outdoor[np.isfinite(past.outdoor)]
    usual = float(np.mean(known)) if len(known) else 0.0
    rows = _features(past.rise, past.outdoor, usual)
    age = np.arange(len(past))[::-1]
    weight = 0.5 ** (age / _HALF_LIFE) / _SPREAD**2
    told = np.log(past.seconds + SLACK)
    prior = np.array([0.0, *(mean for mean, _ in _SLOPES)])
    precision = np.diag([1e-6, *(1.0 / sd**2 for _, sd in _SLOPES)])
    normal = precision + rows.T @ (weight[:, np.newaxis] * rows)
    found = np.linalg.solve(normal, precision @ prior + rows.T @ (weight * told))
    level, by_lift, by_air = (float(one) for one in found)

    def expected(start: HeatUpStart) -> float:
        air = start.outdoor - usual if math.isfinite(start.outdoor) else 0.0
        told = level + by_lift * math.log(start.rise) + by_air * air
        return max(math.exp(told) - SLACK, 0.0)

    return expected


def alike(past: HeatUps) -> Expectation:
    """Expect what heat-ups took that began alike. [s]"""
    return AlikeHeatUps.of(past, SLACK) if len(past) else _always(np.nan)


def scaled_model(past: HeatUps) -> Expectation:
    """Expect what a model says, times what it was off by. [s]

    With few heat-ups it is believed more than with many, as a machine is seldom quite another.
    """
    known = np.isfinite(past.told)
    off = np.log((past.seconds[known] + SLACK) / (past.told[known] + SLACK))
    weight = 0.5 ** (np.arange(len(off))[::-1] / _HALF_LIFE)
    factor = float(np.exp(np.sum(weight * off) / (np.sum(weight) + _BELIEVED)))
    # `max` would take what is not known for nothing to heat.
    return lambda start: float(np.maximum((start.told + SLACK) * factor - SLACK, 0.0))


def _always(seconds: float) -> Expectation:
    return lambda _: seconds


def _features(rise: Values, outdoor: Values, usual: float) -> Values:
    """Return constant, logarithm of the rise and outdoor air, shape (n, 3)."""
    # Air that nobody has measured is as usual.
    air = np.where(np.isfinite(outdoor), outdoor, usual) - usual
    return np.column_stack([np.ones(len(rise)), np.log(rise), air])


METHODS: Mapping[str, LeadMethod] = MappingProxyType(
    {
        Text("median of the last five", Context.MESSAGES): median_of_five,
        Text("median of the last five by lift", Context.MESSAGES): five_by_lift,
        Text("regression on lift and outdoor air", Context.MESSAGES): regression,
        Text("heat-ups that began alike", Context.MESSAGES): alike,
        Text("model", Context.MESSAGES): scaled_model,
    }
)
"""Those that are chosen from; the first is what is believed until another has done better."""
