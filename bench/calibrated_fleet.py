"""Models of emulated heat pumps, calibrated on days before anything was wrong with them.

A twin calibrates by itself every week, on sixty days. To save time, what is used here is a month
old at most, and calibrated on the thirty days before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bench.alarm_fleet import Variant, emulated
from bench.observed_plant import observed
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.errors import CalibrationError
from heatpump_twin.twin_engine.model.calibration.calibrate import calibrate
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel

DAYS = 30
_STEP = 60.0
"""Of the plant, and of the record. [s]"""


def calibrated(variants: Sequence[Variant]) -> dict[int, LearntModel]:
    """Return models by number; variants of one machine, house and place have one together.

    One whose record cannot tell anything, as in summer, has none.
    """
    known: dict[Variant, LearntModel | None] = {}
    found = {}
    for number, variant in enumerate(variants):
        machine = _before(variant)
        if machine not in known:
            known[machine] = _learnt(machine)
        if (model := known[machine]) is not None:
            found[number] = model
    return found


def _before(variant: Variant) -> Variant:
    """Return the machine of a variant as it is when it is observed."""
    return replace(variant, start=variant.start - timedelta(days=DAYS), fault=None, more=())


def _learnt(machine: Variant) -> LearntModel | None:
    begin = round(machine.start.timestamp()) * MICROSECONDS
    record = observed(emulated(machine, _STEP), begin, DAYS, step=_STEP)
    plate = load_site("default", environment={}).heat_pumps[0].plate
    try:
        found = calibrate(record, plate, heat_pump="hp0", now=record.end, software="campaign")
    except CalibrationError:
        return None
    return found.card.learnt()
