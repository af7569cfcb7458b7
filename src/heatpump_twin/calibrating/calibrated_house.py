"""Learn the house around a machine from its record, beside the calibration of the machine."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from heatpump_twin.config.settings import Plate, SiteInfo
from heatpump_twin.twin_engine.model.calibration.machine_course import OBSERVED
from heatpump_twin.twin_engine.model.calibration.record import Record
from heatpump_twin.twin_engine.model.house.house_fit import HouseUnknownError
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel
from heatpump_twin.twin_engine.model.simulation.house_section import HouseSection
from heatpump_twin.twin_engine.model.whatif.house_promotion import house_promotion
from heatpump_twin.twin_engine.model.whatif.kept_house import section_of
from heatpump_twin.twin_engine.model.whatif.model_machine import ModelMachine
from heatpump_twin.twin_engine.model.whatif.observed_house import HousePlace, observed_house
from heatpump_twin.twin_engine.model.whatif.outlook import outlook

HOUSE_POINTS = (
    *OBSERVED, "room_temperature", "dhw_temperature", "room_setpoint", "dhw_setpoint",
    "dhw_heating", "valve_direction",
)  # fmt: skip
"""Points from which an installation is learnt, where there are some."""


@dataclass(frozen=True, slots=True)
class HouseOutcome:
    """What came of learning a house."""

    section: HouseSection | None
    """None: the record does not tell it."""
    promoted: bool
    words: str
    """Why it is in use or not, or what is missing."""


def house_place(site: SiteInfo) -> HousePlace:
    """Return where the houses of a site stand."""
    return HousePlace(site.latitude, site.longitude, ZoneInfo(site.timezone))


def calibrate_house(
    record: Record,
    plate: Plate,
    model: MachineModel,
    place: HousePlace,
    present: HouseSection | None,
) -> HouseOutcome:
    """Learn a house on top of the model of its machine, and judge it against the one in use."""
    machine = ModelMachine(model, plate.max_power)
    seen = observed_house(record, place)
    try:
        view = outlook(seen, plate, machine, place)
    except HouseUnknownError as error:
        return HouseOutcome(None, False, str(error))
    verdict = house_promotion(view, seen, machine, present)
    return HouseOutcome(section_of(view, seen), verdict.promoted, verdict.reason)
