"""The climatology as a base: where no house is learnt, what remains after it is learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.baselines import CLIMATOLOGY, climatology
from heatpump_twin.twin_engine.forecasting.course import PumpCourse, last_day
from heatpump_twin.twin_engine.forecasting.method import (
    BaselineMethod,
    MethodOutlook,
    Origins,
    observed_targets,
)
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY
from heatpump_twin.twin_engine.forecasting.targets import ForecastTarget


@dataclass(frozen=True, slots=True)
class UsualBase:
    """What was usual in the last two weeks, with how the last day differed from it."""

    name: str = CLIMATOLOGY
    centred: bool = False

    def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
        """Return the quantiles of the climatology."""
        return BaselineMethod(self.name, climatology).forecast(course, origins)

    def outlook(self, course: PumpCourse, origins: Origins) -> MethodOutlook:
        """Return the same, with how the last day differed from what is usual."""
        said = self.forecast(course, origins)
        recent = {target: np.empty((len(origins), DAY)) for target in observed_targets(course)}
        for row, origin in enumerate(origins.tolist()):
            past = course.past(origin)
            for target, found in recent.items():
                # A day from now on has the same times of day as the day until now.
                usual = said[target][row, 1, :DAY]
                found[row] = last_day(past.of(target)) - usual
        return MethodOutlook(said, recent)
