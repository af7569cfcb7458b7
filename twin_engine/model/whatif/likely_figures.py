"""Key figures of simulations, one for each, with the interval in which they are likely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from heatpump_twin.twin_engine.model.house.envelope import Floats
from heatpump_twin.twin_engine.model.simulation.simulate import Simulated
from heatpump_twin.twin_engine.model.whatif.outlook import NORMAL_90, HeldOutDays

_COLD = 0.5
"""A room is missed from this far below its setpoint on. [K]"""
_TEPID = 40.0
"""Colder water at the tank's top is not enough for a shower. [°C]"""
_DAY = 86_400.0
_ALIKE = 3.0
"""Errors of so many days in a row are alike. [d]"""


@dataclass(frozen=True, slots=True)
class Simulation:
    """What was simulated, with what its figures need beside it."""

    run: Simulated
    setpoint: float
    """Of the rooms. [°C]"""
    price: Floats
    """Of a kWh in each interval, shape (t,); NaN: not known."""


@dataclass(frozen=True, slots=True)
class LikelyFigure:
    """A key figure before and after a change, each with half the width of its 90 % interval."""

    name: str
    unit: str
    before: float
    before_half: float
    after: float
    after_half: float
    difference: float
    difference_half: float
    """Of pairs with the same house and people: narrower than those of both together."""


def _starts(one: Simulation) -> Floats:
    return np.asarray(one.run.of("starts").sum(axis=1))


def _hours(one: Simulation, share: Floats) -> Floats:
    return np.asarray(share.sum(axis=1) * one.run.interval / 3600.0)


def _missed(one: Simulation) -> Floats:
    return _hours(one, np.maximum(one.setpoint - _COLD - one.run.of("room"), 0.0))


def _tepid(one: Simulation) -> Floats:
    cold = (one.run.of("tank_top") < _TEPID).astype(np.float64)
    return _hours(one, cold)


def _cost(one: Simulation) -> Floats:
    energy = one.run.of("power") * one.run.interval / 3.6e6
    return np.asarray((energy * one.price).sum(axis=1))


FIGURES: tuple[tuple[str, str, Callable[[Simulation], Floats]], ...] = (
    ("electricity", "kWh", lambda one: one.run.energy("power")),
    ("heat", "kWh", lambda one: one.run.energy("heat")),
    ("heat_hot_water", "kWh", lambda one: one.run.energy("heat_to_tank")),
    ("heaters", "kWh", lambda one: one.run.energy("heaters")),
    ("spf", "1", lambda one: one.run.energy("heat") / np.maximum(one.run.energy("power"), 1e-9)),
    ("cost", "tariff", _cost),
    ("starts", "1", _starts),
    ("running", "h", lambda one: _hours(one, one.run.of("running"))),
    ("room_mean", "°C", lambda one: one.run.of("room").mean(axis=1)),
    ("room_coldest", "°C", lambda one: one.run.of("room").min(axis=1)),
    ("room_missed", "K h", _missed),
    ("hot_water_tepid", "h", _tepid),
)
"""Name, unit and how it is computed of each simulation, shape (n,)."""
_BY_HELD_OUT = {"electricity": "power", "cost": "power", "spf": "power", "heat": "heat"}


def likely_figures(
    before: Simulation, after: Simulation, held_out: HeldOutDays
) -> list[LikelyFigure]:
    """Return the figures before and after a change.

    Of each the first simulation is the most likely one; the others, pairs of the same house and
    people, tell how sure it is.
    """
    days = len(before.run.time) * before.run.interval / _DAY
    found = []
    for name, unit, figure in FIGURES:
        one, other = figure(before), figure(after)
        if not np.isfinite(one[0] + other[0]):
            continue
        share = getattr(held_out, _BY_HELD_OUT[name]) if name in _BY_HELD_OUT else 0.0
        share /= max(days / _ALIKE, 1.0) ** 0.5
        found.append(
            LikelyFigure(
                name,
                unit,
                float(one[0]),
                _half(one, share * float(one[0])),
                float(other[0]),
                _half(other, share * float(other[0])),
                float(other[0] - one[0]),
                _half(other - one, 0.0),
            )
        )
    return found


def _half(drawn: Floats, own: float) -> float:
    spread = float(drawn[1:].std()) if len(drawn) > 2 else 0.0
    return NORMAL_90 * max(spread, own)
