"""The calibrated models that heat pumps of a site are compared with."""

from __future__ import annotations

from pathlib import Path

import structlog

from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.twin_engine.errors import CalibrationError
from heatpump_twin.twin_engine.model.calibration.model_versions import card_in_use
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel

log = structlog.stdlib.get_logger(__name__)


def calibrated_models(site: Site, models: Path) -> dict[str, LearntModel]:
    """Return the model in use of each heat pump that has one; the others have their plates."""
    found = {pump.id: calibrated_model(pump, models) for pump in site.heat_pumps}
    return {asset: model for asset, model in found.items() if model is not None}


def calibrated_model(pump: HeatPump, models: Path) -> LearntModel | None:
    """Return the model in use of a heat pump; None, with the reason in the log: its plate."""
    try:
        card = card_in_use(models, pump)
    except CalibrationError as error:
        log.warning("a calibrated model is left out", heat_pump=pump.id, reason=str(error))
        return None
    return None if card is None else card.learnt()
