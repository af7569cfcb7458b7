"""Find how ice grows on a coil from when it was defrosted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.model.machine.frost import CoilFrost, levels

LEAST_DEFROSTS = 8
"""Fewer tell nothing of how ice grows."""
_CANDIDATES = tuple(product((3.0, 3.75, 4.5, 5.25, 6.5), (0.0, 1.5, 3.0, 4.5), (0.0, 0.05, 0.1)))
_PASSES = 3
_TOO_SMALL, _TOO_LARGE = 0.1, 3.0


@dataclass(frozen=True, slots=True)
class FrostFit:
    """A coil's growth of ice, and how well it foretells when a defrost begins."""

    frost: CoilFrost
    defrosts: int
    spread: float
    """Mean deviation of the ice at the begin of a defrost from what usually starts one. [-]"""


def fit_frost(
    hours: float, outdoor: Values, relative: Values, running: Values, defrosting: Values
) -> FrostFit | None:
    """Return the growth with which the ice is most alike whenever a defrost begins.

    Arguments as in `levels`. None: there were too few defrosts.
    """
    active = np.nan_to_num(defrosting) > 0.0
    begins = np.flatnonzero(active[1:] & ~active[:-1])
    if len(begins) < LEAST_DEFROSTS:
        return None
    approach, per_ice, damping = np.array(_CANDIDATES).T
    threshold = np.full(len(_CANDIDATES), 1.5)
    course = np.nan_to_num(defrosting)
    for _ in range(_PASSES):
        frost = CoilFrost(approach, per_ice, damping, threshold)
        found = levels(frost, hours, outdoor, relative, running, course)
        before = found[begins]
        # What ice there is when a defrost begins is full by definition.
        threshold = threshold * np.clip(np.median(before, axis=0), _TOO_SMALL, _TOO_LARGE)
    # Ice that is full for long without a defrost is as wrong as a defrost of a clean coil.
    missed = np.abs(np.clip(before, _TOO_SMALL, _TOO_LARGE) - 1.0).mean(axis=0)
    idle = np.maximum(found - 1.1, 0.0).mean(axis=0)
    best = int(np.argmin(missed + idle))
    chosen = CoilFrost(*(float(v[best]) for v in (approach, per_ice, damping, threshold)))
    return FrostFit(chosen, len(begins), float(missed[best]))
