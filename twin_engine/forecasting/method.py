"""Ways to forecast, baselines and models alike: all behind one protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.baselines import BASELINES, BaselineRule
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.quarter_hours import LEVELS, STEPS
from heatpump_twin.twin_engine.forecasting.targets import TARGETS, ForecastTarget

SIMULATION = "simulation"
"""Name of the method that simulates a learnt house."""
Origins = NDArray[np.int64]
"""Numbers of quarter-hours of a course: what is before each of them is known."""


class Method(Protocol):
    """A way to forecast."""

    @property
    def name(self) -> str:
        """Name as people read it."""
        ...

    @property
    def centred(self) -> bool:
        """Whether its median may be moved by what it has been off."""
        ...

    def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
        """Return quantiles from each origin on, shape (o, 3, STEPS), by target.

        Of what came at an origin or later, nothing may be used: `leakage` looks after that.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class MethodOutlook:
    """What a method says from some origins on, and how it stands to what was measured before."""

    quantiles: Mapping[ForecastTarget, Values]
    """Shape (o, 3, STEPS)."""
    recent: Mapping[ForecastTarget, Values]
    """Measured less what it says of the day before each origin, shape (o, DAY); NaN: not known."""

    def part(self, origins: NDArray[np.bool_]) -> MethodOutlook:
        """Return the same from some of the origins on."""
        return MethodOutlook(
            {target: values[origins] for target, values in self.quantiles.items()},
            {target: values[origins] for target, values in self.recent.items()},
        )


class BaseMethod(Method, Protocol):
    """A method whose remainder can be learnt."""

    def outlook(self, course: PumpCourse, origins: Origins) -> MethodOutlook:
        """Return what it says, and how it has done in the day before; as `forecast`."""
        ...


@dataclass(frozen=True, slots=True)
class BaselineMethod:
    """A baseline as a method."""

    name: str
    baseline: BaselineRule
    centred: bool = False

    def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
        """Return quantiles from each origin on."""
        found: dict[ForecastTarget, Values] = {}
        for target in observed_targets(course):
            # Of the past alone, also where a machine counts as running by what it has taken.
            rows = [self.baseline(course.past(origin).of(target)) for origin in origins.tolist()]
            found[target] = np.array(rows).reshape(-1, len(LEVELS), STEPS)
        return found


def observed_targets(course: PumpCourse) -> list[ForecastTarget]:
    """Return the targets of which a course tells what came."""
    return [one for one in TARGETS if set(one.observed) <= set(course.points)]


def baselines() -> list[BaselineMethod]:
    """Return the baselines, in the order in which they are trusted."""
    return [BaselineMethod(name, baseline) for name, baseline in BASELINES.items()]
