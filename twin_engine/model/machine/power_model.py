"""Electrical power of a running machine for the heat that it gives, with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.model.machine.operating_points import OperatingPoints
from heatpump_twin.twin_engine.model.machine.plate_performance import PlatePerformance
from heatpump_twin.twin_engine.model.machine.power_terms import (
    LOAD_SPAN,
    TERMS,
    loss_terms,
    share_terms,
)

NORMAL_90 = 1.645
"""Half the width of the interval that holds 90 % of a normal distribution, over its deviation."""
_ITERATIONS = 4
_NEARBY = 1.05
_PLATE_LEVEL, _PLATE_NOISE = 0.1, 0.06
"""Standard deviations of an actual machine from its plate, in general and at any one point: hplib's
fits of the Keymark database are off by 12 % in COP over all loads, of 83 metered systems the mean
error is 7 %. [-]"""


class Estimate(NamedTuple):
    """A value and half the width of its 90 % interval, arrays of one shape."""

    value: Values
    uncertainty: Values


@dataclass(frozen=True, slots=True, eq=False)
class PowerModel:
    """Power model of one machine, or of n: then each field has a leading axis of n."""

    prior: PlatePerformance
    pump: Values
    """Circulation pump. [W]"""
    constant_loss: Values
    """Whether the form is that with a constant loss: 0 or 1."""
    theta: Values
    """Coefficients: (TERMS,)."""
    covariance: Values
    """Of the coefficients: (TERMS, TERMS)."""
    noise: Values
    """Relative deviation of a steady period from the model. [-]"""
    widening: Values
    """By how much held-out errors are wider than the model says. [-]"""
    load: Values
    """Lowest and highest heat over rated capacity that it was fitted on: (2,)."""

    @classmethod
    def of_plate(cls, prior: PlatePerformance, pump: float) -> PowerModel:
        """Return what the plate alone tells: its own performance, with a wide uncertainty."""
        return cls(
            prior,
            np.asarray(pump),
            np.asarray(0.0),
            np.zeros(TERMS),
            np.diag([_PLATE_LEVEL**2, *(0.0 for _ in range(TERMS - 1))]),
            np.asarray(_PLATE_NOISE),
            np.asarray(1.0),
            np.array(LOAD_SPAN),
        )

    @classmethod
    def stacked(cls, models: Sequence[PowerModel]) -> PowerModel:
        """Return one model of n machines, each of which is one row of `OperatingPoints`."""
        return cls(
            PlatePerformance.stacked([model.prior for model in models]),
            *(
                np.array([getattr(model, part) for model in models])
                for part in (
                    "pump",
                    "constant_loss",
                    "theta",
                    "covariance",
                    "noise",
                    "widening",
                    "load",
                )
            ),
        )

    def plate_power(self, at: OperatingPoints) -> Values:
        """Return what the plate tells, with the circulation pump. [W]"""
        prior = self.prior
        heat = np.maximum(at.heat, LOAD_SPAN[0] * prior.rated_capacity)
        cop = prior.cop(at.source, at.water) * (1.0 + prior.part_load_gain(heat))
        return np.asarray(heat / cop + self.pump)

    def terms(self, at: OperatingPoints) -> Values:
        """Return the terms of the form that the model has: (n, TERMS)."""
        rated = self.prior.rated_capacity
        loss = np.asarray(self.constant_loss)[..., None] > 0.0
        if not loss.any():
            return share_terms(at, rated, self.load)
        other = loss_terms(at, rated, self.plate_power(at))
        return other if loss.all() else np.where(loss, other, share_terms(at, rated, self.load))

    def power(self, at: OperatingPoints) -> Estimate:
        """Return the electrical power for a heat, with the circulation pump. [W]"""
        terms = self.terms(at)
        factor, loss = self._factor(terms), np.asarray(self.constant_loss) > 0.0
        spread = np.einsum("...i,...ij,...j->...", terms, self.covariance, terms)
        # The spread is of ln P, or of P over the plate's.
        relative = np.sqrt(np.where(loss, spread / factor**2, spread) + self.noise**2)
        value = self.plate_power(at) * factor
        return Estimate(value, value * NORMAL_90 * self.widening * relative)

    def cop(self, at: OperatingPoints) -> Estimate:
        """Return heat over electrical power. [-]"""
        power = self.power(at)
        value = at.heat / power.value
        return Estimate(value, value * power.uncertainty / power.value)

    def heat(self, at: OperatingPoints, power: Values) -> Estimate:
        """Return the heat that is given for an electrical power in W. [W]

        The COP depends on the load, which has to be found first; that of ``at`` is where the search
        begins, or the plate where it is none.
        """
        low = LOAD_SPAN[0] * self.prior.rated_capacity
        # The slope is taken within the span in which the power follows the heat.
        high = LOAD_SPAN[1] / _NEARBY * self.prior.rated_capacity
        by_plate = (power - self.pump) * self.prior.cop(at.source, at.water)
        heat = np.clip(np.where(at.heat > low, at.heat, by_plate), low, high)
        for _ in range(_ITERATIONS):
            # Newton in logarithms: the constant part of the power makes it grow less than the heat.
            own, more = self._value(at.giving(np.stack([heat, _NEARBY * heat])))
            slope = np.clip(np.log(more / own) / np.log(_NEARBY), 0.2, 2.0)
            ratio = np.clip(power / own, 0.5, 2.0) ** (1.0 / slope)
            heat = np.clip(heat * ratio, low, high)
        found = self.power(at.giving(heat))
        return Estimate(heat, heat * found.uncertainty / found.value)

    def _value(self, at: OperatingPoints) -> Values:
        return np.asarray(self.plate_power(at) * self._factor(self.terms(at)))

    def _factor(self, terms: Values) -> Values:
        """Return the power over the plate's."""
        level = (terms * self.theta).sum(axis=-1)
        loss = np.asarray(self.constant_loss) > 0.0
        # A form with a constant loss is a sum that could vanish where it was never fitted.
        share = np.exp(np.clip(level, -1.5, 1.5))
        return np.asarray(np.where(loss, np.maximum(level, 0.1), share))
