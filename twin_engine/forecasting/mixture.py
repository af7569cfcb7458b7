"""The mean of a model and the climatology: two that err in different ways err less together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.baselines import CLIMATOLOGY, climatology
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.method import (
    BaselineMethod,
    BaseMethod,
    Method,
    MethodOutlook,
    Origins,
)
from heatpump_twin.twin_engine.forecasting.targets import ForecastTarget


@dataclass(slots=True)
class RememberedMethod:
    """A method that is asked once for what several want to know: it may take seconds."""

    inner: BaseMethod
    _asked: tuple[PumpCourse, bytes] | None = None
    _said: MethodOutlook = field(default_factory=lambda: MethodOutlook({}, {}))

    @property
    def name(self) -> str:
        """Name of the method."""
        return self.inner.name

    @property
    def centred(self) -> bool:
        """Whether its median may be moved."""
        return self.inner.centred

    def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
        """Return what the method says, without asking it the same again."""
        return self.outlook(course, origins).quantiles

    def outlook(self, course: PumpCourse, origins: Origins) -> MethodOutlook:
        """Return the same, with how it has done in the day before."""
        known = self._asked
        if known is None or known[0] is not course or known[1] != origins.tobytes():
            self._said = self.inner.outlook(course, origins)
            self._asked = course, origins.tobytes()
        return self._said


@dataclass(frozen=True, slots=True)
class GivenMethod:
    """What a method has said of now, as a method."""

    name: str
    said: MethodOutlook
    centred: bool = True

    def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
        """Return what was said."""
        return self.outlook(course, origins).quantiles

    def outlook(self, course: PumpCourse, origins: Origins) -> MethodOutlook:  # noqa: ARG002 (it was asked before)
        """Return the same, with how it has done in the day before."""
        return self.said


@dataclass(frozen=True, slots=True)
class MixedMethod:
    """The mean of the quantiles of a model and of the climatology."""

    model: Method
    usual: Method = field(default_factory=lambda: BaselineMethod(CLIMATOLOGY, climatology))
    centred: bool = True

    @property
    def name(self) -> str:
        """Name as people read it."""
        return f"{self.model.name} with {CLIMATOLOGY}"

    def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
        """Return the mean where both say something."""
        usual = self.usual.forecast(course, origins)
        said = self.model.forecast(course, origins)
        return {
            target: np.asarray(0.5 * (values + usual[target]))
            for target, values in said.items()
            if target in usual
        }
