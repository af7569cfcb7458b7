"""Predict how long before a ready time heating has to start, for any target temperature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.drivers.status import (
    BAD_WAITING_FOR_INITIAL_DATA,
    UNCERTAIN,
    UNCERTAIN_SUB_NORMAL,
    is_bad,
)
from heatpump_twin.twin_engine.failure_log import FailureLog
from heatpump_twin.twin_engine.foresight.model_card import HORIZON
from heatpump_twin.twin_engine.foresight.prediction import HeatUpModel
from heatpump_twin.twin_engine.image import Image

SETPOINT = "supply_setpoint"


@dataclass(frozen=True, slots=True)
class Lead:
    """A heat-up time that is long enough on nine days of ten."""

    seconds: float
    status: int
    """Uncertain; UncertainSubNormal outside the model's training, or where it cannot be asked."""


class HeatUpLead:
    """Heat-up time to a target under present conditions, by the model of each heat pump."""

    def __init__(self, image: Image, models: Mapping[str, HeatUpModel]) -> None:
        self._image = image
        self._models = models
        self._failures = FailureLog("a heat-up time cannot be predicted", "asset")

    def offered(self, asset: str) -> bool:
        """Tell whether a heat pump's model takes the supply setpoint as an input."""
        model = self._models.get(asset)
        return model is not None and any(f.point == SETPOINT for f in model.card.features)

    def lead(self, asset: str, target: float) -> Lead | None:
        """Return the 90 % quantile of the heat-up time to ``target``, started now.

        None until every input was read once. Where an input is Bad later, or the model fails, the
        longest heat-up that there is: a broken room sensor must not leave the building cold.
        """
        model = self._models[asset]
        points = self._image.table.by_asset[asset]
        features = model.card.features
        index = [points[feature.point].index for feature in features]
        # The setpoint in force now is not what the schedule will set: the target stands in for
        # it.
        inputs = [point == SETPOINT for point in (feature.point for feature in features)]
        statuses = [
            int(status)
            for status, given in zip(self._image.status[index], inputs, strict=True)
            if not given
        ]
        # After a start the first values are a poll away. The longest lead would start every
        # schedule of the next hours at once, so none is given.
        if BAD_WAITING_FOR_INITIAL_DATA in statuses:
            return None
        if any(is_bad(status) for status in statuses):
            return Lead(HORIZON, UNCERTAIN_SUB_NORMAL)
        values = np.where(inputs, target, self._image.value[index])
        try:
            lead = _predicted(model, values)
        except Exception:  # noqa: BLE001 (the boundary of one model: the others are asked as ever)
            self._failures.failed(asset)
            return Lead(HORIZON, UNCERTAIN_SUB_NORMAL)
        self._failures.worked(asset)
        return lead


def _predicted(model: HeatUpModel, values: Values) -> Lead:
    if model.reached(values):
        # The model was trained on starts at least 2 K below the setpoint: it knows nothing of
        # warm water.
        return Lead(0.0, UNCERTAIN)
    # The upper end of the interval and not the median: half of all mornings would be late with
    # that.
    minutes = float(model.predict(values[np.newaxis, :])[0]) * (1 + model.card.interval[1])
    return Lead(60 * minutes, UNCERTAIN if model.knows(values) else UNCERTAIN_SUB_NORMAL)
