"""What can forecast the heat pumps of a site: baselines, learnt houses, and learnt remainders."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import structlog

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.twin_engine.errors import CalibrationError, ForecastError
from heatpump_twin.twin_engine.forecasting.baselines import CLIMATOLOGY
from heatpump_twin.twin_engine.forecasting.method import BaseMethod, Method, baselines
from heatpump_twin.twin_engine.forecasting.mixture import MixedMethod, RememberedMethod
from heatpump_twin.twin_engine.forecasting.remainder.features import FeatureSource
from heatpump_twin.twin_engine.forecasting.remainder.learnt_method import LearntMethod
from heatpump_twin.twin_engine.forecasting.remainder.remainder_model import RemainderModel
from heatpump_twin.twin_engine.forecasting.remainder.remainder_versions import remainder_in_use
from heatpump_twin.twin_engine.forecasting.remainder.usual_base import UsualBase
from heatpump_twin.twin_engine.forecasting.simulated import SimulationMethod
from heatpump_twin.twin_engine.model.calibration.model_versions import card_in_use, house_in_use
from heatpump_twin.twin_engine.model.house.house_place import HousePlace
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel
from heatpump_twin.twin_engine.model.whatif.kept_house import outlook_of
from heatpump_twin.twin_engine.model.whatif.model_machine import ModelMachine

log = structlog.stdlib.get_logger(__name__)

_DRAWS = 4
"""Houses that the record allows, beside the most likely."""
_SEED = 1


def methods_with(
    model: BaseMethod | None, zone: ZoneInfo, remainder: RemainderModel | None = None
) -> list[Method]:
    """Return the baselines, a model by itself and with the climatology, and what was learnt.

    Parameters
    ----------
    zone
        By whose clock its people live.
    remainder
        Of the model; where there is none, of the climatology, as `learnt_remainder` returns it.
    """
    usual = RememberedMethod(UsualBase())
    found: list[Method] = [usual, *(one for one in baselines() if one.name != CLIMATOLOGY)]
    if model is not None:
        found += [model, MixedMethod(model, usual)]
    base = usual if model is None else model
    if remainder is not None:
        found.append(LearntMethod(base, remainder, FeatureSource(usual, zone)))
    return found


def learnt_remainder(
    data: DataDirectory, pump: HeatPump, model: BaseMethod | None
) -> RemainderModel | None:
    """Return the learnt remainder in use of a heat pump; None: none that can be used.

    Of its model; where there is none, of the climatology. Why one is left out is in the log.
    """
    base = CLIMATOLOGY if model is None else model.name
    try:
        return remainder_in_use(data.models, pump.id, base=base, emulated=pump.emulated)
    except ForecastError as error:
        log.warning("a learnt remainder is left out", heat_pump=pump.id, reason=str(error))
        return None


def learnt_house(site: Site, data: DataDirectory, pump: HeatPump) -> SimulationMethod | None:
    """Return the house in use of a heat pump; None: it has none that can be used."""
    try:
        kept, card = house_in_use(data.models, pump), card_in_use(data.models, pump)
    except CalibrationError as error:
        log.warning("a learnt house is left out", heat_pump=pump.id, reason=str(error))
        return None
    if kept is None:
        return None
    place = HousePlace.of(site.site)
    model = MachineModel.of_plate(pump.plate) if card is None else card.machine_model()
    fit = outlook_of(kept[1], ModelMachine(model, pump.plate.max_power), place).fit
    return SimulationMethod([fit.likely, *fit.drawn(_DRAWS, _SEED)], place)
