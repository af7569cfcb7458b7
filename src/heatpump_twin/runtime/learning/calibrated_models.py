"""The calibrated models that heat pumps of a site are compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import structlog

from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.twin_engine.errors import CalibrationError
from heatpump_twin.twin_engine.model.calibration.model_versions import card_in_use, house_in_use
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel

log = structlog.stdlib.get_logger(__name__)

_Kept = TypeVar("_Kept")


def calibrated_models(site: Site, models: Path) -> dict[str, LearntModel]:
    """Return the model in use of each heat pump that has one; the others have their plates."""
    found = {pump.id: calibrated_model(pump, models) for pump in site.heat_pumps}
    return {asset: model for asset, model in found.items() if model is not None}


def calibrated_model(pump: HeatPump, models: Path) -> LearntModel | None:
    """Return what is in use of a heat pump: machine with water, and house, each of its version.

    None where nothing is. What cannot be used is left out, with the reason in the log.
    """
    card = _usable(pump, models, card_in_use)
    kept = _usable(pump, models, house_in_use)
    if card is None and kept is None:
        return None
    learnt = LearntModel(None) if card is None else card.learnt()
    return learnt if kept is None else replace(learnt, room=kept[1].room_model())


def _usable(
    pump: HeatPump, models: Path, found: Callable[[Path, HeatPump], _Kept | None]
) -> _Kept | None:
    try:
        return found(models, pump)
    except CalibrationError as error:
        log.warning("a calibrated model is left out", heat_pump=pump.id, reason=str(error))
        return None
