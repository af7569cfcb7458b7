"""A base and what was learnt of its remainder, as one method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.method import BaseMethod, Origins
from heatpump_twin.twin_engine.forecasting.quarter_hours import LEVELS, STEP, STEPS
from heatpump_twin.twin_engine.forecasting.remainder.features import FeatureSource
from heatpump_twin.twin_engine.forecasting.remainder.remainder_model import RemainderModel
from heatpump_twin.twin_engine.forecasting.targets import ForecastTarget

WITH_REMAINDER = "with learnt remainder"
"""How the name of such a method ends."""


@dataclass(frozen=True, slots=True, eq=False)
class LearntMethod:
    """A base with its learnt remainder: its median, moved and spread by what remained before.

    Of origins before it was learnt it says nothing: it has seen what came there.
    """

    base: BaseMethod
    model: RemainderModel
    source: FeatureSource
    only_proved: bool = True
    """Whether it speaks only of targets of which it has proved itself."""
    centred: bool = True

    @property
    def name(self) -> str:
        """Name as people read it."""
        return f"{self.base.name} {WITH_REMAINDER}"

    def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
        """Return quantiles from each origin on; NaN before it was learnt."""
        card = self.model.card
        wanted = card.proved if self.only_proved else tuple(card.targets)
        said = self.base.outlook(course, origins)
        scales = {point: card.targets[point].scale for point in wanted}
        after = course.start + origins * STEP >= card.trained.until
        rows = self.source.rows(course, origins, said, scales)
        remainders = self.model.remainders(
            {target.point: table.reshape(-1, table.shape[2]) for target, table in rows.items()}
        )
        found = {}
        for target in rows:
            moved = remainders[target.point].reshape(len(LEVELS), -1, STEPS).transpose(1, 0, 2)
            values = said.quantiles[target][:, 1:2] + moved
            values[~after] = np.nan
            found[target] = values
        return found
