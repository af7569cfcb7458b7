"""Residuals of emulated heat pumps with and without faults, as two shadows tell them.

Both see the same polls: one has the models that were calibrated on these very machines, the other
has their plate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.alarm_fleet import PolledFleet, Variant
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame, Values
from heatpump_twin.twin_engine.engine import NO_HISTORY
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.shadow.shadow import Shadow
from heatpump_twin.twin_engine.model.shadow.shadow_points import SHADOWED
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel

PERIOD = 300.0
"""Between two polls. [s]"""
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Residuals:
    """Residuals of n heat pumps at each poll: arrays of shape (polls, n), NaN where not Good."""

    score: Values
    """COP residual over its deviation, by the calibrated model. [-]"""
    load: Values
    """Heat over rated capacity. [%]"""
    by_model: Values
    """COP residual over the COP that the calibrated model expects. [-]"""
    by_plate: Values
    """The same by the plate. [-]"""


def residuals(
    variants: Sequence[Variant], models: Mapping[int, LearntModel], settled: float, watched: float
) -> Residuals:
    """Let heat pumps live so many days without, then with their faults; return the latter."""
    fleet = PolledFleet(variants, PERIOD, models)
    plate = _PlateShadow(fleet)
    for _ in range(round(settled * _DAY / PERIOD)):
        fleet.poll()
    fleet.begin_faults()
    rows = []
    for _ in range(round(watched * _DAY / PERIOD)):
        fleet.poll()
        plate.follow()
        (score, load, residual, expected) = _good(
            fleet.image,
            fleet,
            ("cop_residual_score", "relative_load", "cop_residual", "expected_cop"),
        )
        off, usual = _good(plate.image, fleet, ("cop_residual", "expected_cop"))
        rows.append((score, load, residual / expected, off / usual))
    return Residuals(*np.array(rows).transpose(1, 0, 2))


class _PlateShadow:
    """The shadow of a fleet's plates, in an image of its own."""

    def __init__(self, fleet: PolledFleet) -> None:
        self._fleet = fleet
        table = fleet.image.table
        self.image = Image(table, 0)
        shadow = Shadow(self.image, fleet.site, NO_HISTORY, ManualClock(0))
        self.image.subscribe(shadow.take)
        own = [point.index for point in table if point.spec.role not in SHADOWED]
        self._index = np.array(own, dtype=np.int32)

    def follow(self) -> None:
        """Take what the fleet has measured."""
        image, index = self._fleet.image, self._index
        self.image.ingest(Frame(index, image.value[index], image.status[index], image.time[index]))


def _good(image: Image, fleet: PolledFleet, points: Sequence[str]) -> Values:
    """Return Good values of points of each heat pump: (points, n), NaN where they are not."""
    place = fleet.places(points).T
    good = image.status[place] >> 30 == 0
    return np.where(good, image.value[place], np.nan)
