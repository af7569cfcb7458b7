"""The latest start that is ready in time: each candidate with how probable it is that it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.smart_start.heat_ups import HeatUpStart
from heatpump_twin.twin_engine.smart_start.lead import LeadModel

LONGEST = 12 * 3600.0
"""No start is planned earlier than this: what takes longer is never in time. [s]"""
_STEP = 5 * 60 * MICROSECONDS


@dataclass(frozen=True, slots=True, eq=False)
class Ahead:
    """What is expected until the time at which it shall be ready, if nothing is started.

    By what it is now, at times in order, shape (n,): the first is now.
    """

    time: Times
    """[µs since the Unix epoch, UTC]"""
    initial: Values
    """Temperature of what is to be heated. [°C]"""
    outdoor: Values
    """NaN: not known. [°C]"""

    @classmethod
    def constant(cls, now: HeatUpStart) -> Ahead:
        """Return that all stays as it is."""
        return cls(
            np.array([now.begin], np.int64), np.array([now.initial]), np.array([now.outdoor])
        )

    def at(self, moment: int, now: HeatUpStart) -> HeatUpStart:
        """Return what a heat-up would begin from at a moment."""
        initial, outdoor = (
            float(np.interp(moment, self.time, values)) for values in (self.initial, self.outdoor)
        )
        return replace(now, begin=moment, initial=initial, outdoor=outdoor)


@dataclass(frozen=True, slots=True)
class StartPlan:
    """When a heat-up is to be started, as far as can be told now."""

    start_at: int
    """[µs since the Unix epoch, UTC]"""
    expected: float
    """How long it is likely to take from then on; NaN: not known. [s]"""
    probability: float
    """How probable it is that it is ready in time, started then; NaN: not known."""


def planned(
    model: LeadModel, ready_at: int, now: HeatUpStart, ahead: Ahead, shortest: float
) -> StartPlan | None:
    """Return the latest start that is long enough before ``ready_at``; None: nothing is known.

    Candidates are tried from the latest on: ``shortest`` seconds before, then each five minutes.
    The one that is now is tried with what is measured, all others with what is expected then.
    Where none is early enough, it is now.
    """
    latest = max(ready_at - round(shortest * MICROSECONDS), now.begin)
    earliest = max(now.begin, ready_at - round(LONGEST * MICROSECONDS))
    candidates = [*range(latest, earliest, -_STEP), earliest]
    found = earliest
    for moment in candidates:
        lead = model.lead(ahead.at(moment, now))
        if np.isnan(lead):
            return None
        begin = ready_at - round(lead * MICROSECONDS)
        if begin >= moment:
            # Between two candidates it is known to the second.
            found = min(begin, latest, moment + _STEP)
            break
    start = ahead.at(found, now)
    seconds = (ready_at - found) / MICROSECONDS
    return StartPlan(found, model.expected(start), model.probability(start, seconds))
