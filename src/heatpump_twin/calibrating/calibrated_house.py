"""Learn the house around a machine from its record, beside the calibration of the machine."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heatpump_twin.config.settings import Plate
from heatpump_twin.twin_engine.model.calibration.machine_course import OBSERVED, machine_course
from heatpump_twin.twin_engine.model.calibration.record import Record
from heatpump_twin.twin_engine.model.house.house_fit import HouseUnknownError
from heatpump_twin.twin_engine.model.house.house_place import HousePlace
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel
from heatpump_twin.twin_engine.model.simulation.house_section import HouseSection
from heatpump_twin.twin_engine.model.whatif.house_promotion import house_promotion
from heatpump_twin.twin_engine.model.whatif.kept_house import section_of
from heatpump_twin.twin_engine.model.whatif.model_machine import ModelMachine
from heatpump_twin.twin_engine.model.whatif.observed_house import observed_house
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


def calibrate_house(
    record: Record,
    plate: Plate,
    model: MachineModel,
    place: HousePlace,
    present: HouseSection | None,
) -> HouseOutcome:
    """Learn a house on top of the model of its machine, and judge it against the one in use."""
    machine = ModelMachine(model, plate.max_power)
    seen = observed_house(_with_counted(record, plate), place)
    try:
        view = outlook(seen, plate, machine, place)
    except HouseUnknownError as error:
        return HouseOutcome(None, False, str(error))
    verdict = house_promotion(view, seen, machine, present)
    return HouseOutcome(section_of(view, seen), verdict.promoted, verdict.reason)


def _with_counted(record: Record, plate: Plate) -> Record:
    """Return a record with the heat and power that its counters tell, where no meter does."""
    course = machine_course(record, plate)
    told = {"heat": ("thermal_power", course.heat), "power": ("electrical_power", course.power)}
    counted = {
        point: values
        for quantity, (point, values) in told.items()
        if course.taken.get(quantity, "").endswith("_energy")
    }
    if not counted:
        return record
    known = {point: np.isfinite(values).astype(float) for point, values in counted.items()}
    return replace(record, columns={**record.columns, **counted}, known={**record.known, **known})
