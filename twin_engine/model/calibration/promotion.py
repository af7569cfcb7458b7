"""Whether a newly calibrated model is put to use: only where unseen days speak for it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from heatpump_twin.twin_engine.model.calibration.calibrate import Calibration
from heatpump_twin.twin_engine.model.calibration.calibration_card import CalibrationCard
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel


class Promotion(NamedTuple):
    """Whether a candidate is put to use, and why."""

    promoted: bool
    reason: str


def promotion(candidate: Calibration, present: CalibrationCard | None) -> Promotion:
    """Judge a candidate against the model in use, or the plate, on periods of its record.

    The candidate is judged on days that it had not seen. The one in use may have seen some of them
    when it was made, and is judged on those since where they are enough: so it never loses by that.
    """
    if candidate.held_out is None:
        return Promotion(False, "heat is estimated: no unseen day can speak for it")
    periods = candidate.periods
    model = MachineModel.of_plate(candidate.card.plate)
    since = np.ones(len(periods), dtype=bool)
    name = "the plate alone"
    if present is not None:
        model, name = present.machine_model(), "the model in use"
        later = periods.time > present.fitted.last
        since = later if later.sum() >= len(periods) // 4 else since
    steady = periods.judged & since
    found = model.power.power(periods.at[steady])
    theirs = float(np.abs(periods.power[steady] / found.value - 1.0).mean())
    own = float(np.abs(candidate.held_out.error[steady]).mean())
    words = f"mean error on {int(steady.sum())} periods {own:.2%}, that of {name} {theirs:.2%}"
    return Promotion(own < theirs, words)
