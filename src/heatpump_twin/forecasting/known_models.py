"""What can forecast the heat pumps of a site: baselines, and the houses that their cards keep."""

from __future__ import annotations

import structlog

from heatpump_twin.calibrating.calibrated_house import house_place
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.twin_engine.errors import CalibrationError
from heatpump_twin.twin_engine.forecasting.method import Method, baselines
from heatpump_twin.twin_engine.forecasting.mixture import MixedMethod
from heatpump_twin.twin_engine.forecasting.simulated import SimulationMethod
from heatpump_twin.twin_engine.model.calibration.model_versions import card_in_use, house_in_use
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel
from heatpump_twin.twin_engine.model.whatif.kept_house import outlook_of
from heatpump_twin.twin_engine.model.whatif.model_machine import ModelMachine

log = structlog.stdlib.get_logger(__name__)

_DRAWS = 4
"""Houses that the record allows, beside the most likely."""
_SEED = 1


def methods_with(model: Method | None) -> list[Method]:
    """Return the baselines, and a model by itself and with the climatology."""
    return [*baselines()] if model is None else [*baselines(), model, MixedMethod(model)]


def learnt_house(site: Site, data: DataDirectory, pump: HeatPump) -> SimulationMethod | None:
    """Return the house in use of a heat pump; None: it has none that can be used."""
    try:
        kept, card = house_in_use(data.models, pump), card_in_use(data.models, pump)
    except CalibrationError as error:
        log.warning("a learnt house is left out", heat_pump=pump.id, reason=str(error))
        return None
    if kept is None:
        return None
    place = house_place(site.site)
    model = MachineModel.of_plate(pump.plate) if card is None else card.machine_model()
    fit = outlook_of(kept[1], ModelMachine(model, pump.plate.max_power), place).fit
    return SimulationMethod([fit.likely, *fit.drawn(_DRAWS, _SEED)], place)
