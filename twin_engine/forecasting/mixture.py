"""The mean of a model and the climatology: two that err in different ways err less together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.baselines import CLIMATOLOGY, climatology
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.method import BaselineMethod, Method, Origins
from heatpump_twin.twin_engine.forecasting.targets import ForecastTarget


@dataclass(slots=True)
class RememberedMethod:
    """A method that is asked once for what several want to know: it may take seconds."""

    inner: Method
    _asked: tuple[PumpCourse, bytes] | None = None
    _said: Mapping[ForecastTarget, Values] = field(default_factory=dict)

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
        known = self._asked
        if known is None or known[0] is not course or known[1] != origins.tobytes():
            self._said = self.inner.forecast(course, origins)
            self._asked = course, origins.tobytes()
        return self._said


@dataclass(frozen=True, slots=True)
class GivenMethod:
    """What a method has said of now, as a method."""

    name: str
    said: Mapping[ForecastTarget, Values]
    centred: bool = True

    def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:  # noqa: ARG002 (it was asked before)
        """Return what was said."""
        return self.said


@dataclass(frozen=True, slots=True)
class MixedMethod:
    """The mean of the quantiles of a model and of the climatology."""

    model: Method
    centred: bool = True

    @property
    def name(self) -> str:
        """Name as people read it."""
        return f"{self.model.name} with {CLIMATOLOGY}"

    def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
        """Return the mean where both say something."""
        usual = BaselineMethod(CLIMATOLOGY, climatology).forecast(course, origins)
        said = self.model.forecast(course, origins)
        return {
            target: np.asarray(0.5 * (values + usual[target]))
            for target, values in said.items()
            if target in usual
        }
