"""How well heat-up times were told: each by the heat-ups before it alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.smart_start.heat_ups import HeatUps
from heatpump_twin.twin_engine.smart_start.kept_word import KEPT
from heatpump_twin.twin_engine.smart_start.lead import lead_model

FIRST = 3
"""So many heat-ups are only learnt from."""


@dataclass(frozen=True, slots=True, eq=False)
class WalkForward:
    """What was told of heat-ups, and what came: arrays of one length, those from `FIRST` on."""

    heat_ups: HeatUps
    expected: Values
    """[s]"""
    lead: Values
    """[s]"""
    method: tuple[str, ...]

    @property
    def on_time(self) -> NDArray[np.bool_]:
        """Whether the lead was long enough."""
        return self.heat_ups.reached & (self.lead >= self.heat_ups.seconds)

    @property
    def error(self) -> float:
        """Mean absolute error of the expected time, over those that got warm; NaN: none did. [s]"""
        known = self.heat_ups.reached
        error = np.abs(self.expected - self.heat_ups.seconds)[known]
        return float(error.mean()) if known.any() else np.nan


def walk_forward(past: HeatUps, probability: float) -> WalkForward:
    """Return what would have been told before each heat-up."""
    models = [
        lead_model(past.part(max(number - KEPT, 0), number), probability)
        for number in range(FIRST, len(past))
    ]
    starts = [past.start(number) for number in range(FIRST, len(past))]
    return WalkForward(
        past.part(FIRST, len(past)),
        np.array([m.expected(s) for m, s in zip(models, starts, strict=True)]),
        np.array([m.lead(s) for m, s in zip(models, starts, strict=True)]),
        tuple(model.method for model in models),
    )
