"""Since when heat-ups take as long as they do now: changes of regime, noticed within some runs.

A pump that was replaced, another setting at the machine, a window that stays open: what was learnt
before no longer holds, and no mean of before and after is right for either.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.twin_engine.smart_start.heat_ups import HeatUps
from heatpump_twin.twin_engine.smart_start.lead_methods import SLACK, five_by_lift

NOTICED = 2
"""So many heat-ups in a row that are all too long, or all too short, are another regime."""
LASTING = 20
"""A change so few heat-ups after another one is none."""
_LEAST = float(np.log(1.5))
"""Smaller changes are left to forgetting."""
_SPREADS = 3.0
"""A change is this many usual spreads of the errors."""
_USUAL = 0.1
"""The spread is thought to be at least this: the first heat-ups are alike by chance. [-]"""


def regimes(past: HeatUps) -> NDArray[np.int64]:
    """Return where the regime began that was known before each heat-up, and after the last.

    Shape (n + 1,): numbers of heat-ups.
    """
    begin, before_it, changed, errors = 0, 0, -LASTING, list[float]()
    found = [0] if not len(past) else [0, 0]
    for number in range(1, len(past)):
        # One that may be the first of another regime does not spoil what is expected.
        before = past.part(begin, number - _beyond(errors))
        expected = five_by_lift(before)(past.start(number))
        errors.append(float(np.log((past.seconds[number] + SLACK) / (expected + SLACK))))
        if _beyond(errors) >= NOTICED:
            # A regime lasts: where it is soon as before, both are ways of one and the same.
            lasting = number - changed >= LASTING
            before_it = begin if lasting else before_it
            begin, changed, errors = number + 1 - NOTICED if lasting else before_it, number, []
        found.append(begin)
    return np.array(found, np.int64)


def _beyond(errors: list[float]) -> int:
    """Return how many of the last errors are all beyond what is usual, to the same side."""
    for count in range(min(NOTICED, len(errors)), 0, -1):
        usual = np.abs(errors[:-count])
        spread = max(_USUAL, 1.4826 * float(np.median(usual))) if len(usual) else _USUAL
        limit = max(_LEAST, _SPREADS * spread)
        last = np.array(errors[-count:])
        if np.all(last > limit) or np.all(last < -limit):
            return count
    return 0
