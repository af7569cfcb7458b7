"""Which sensors a record has not, and what follows from that."""

from __future__ import annotations

from collections.abc import Iterator

from heatpump_twin.config.settings import Plate
from heatpump_twin.twin_engine.derive.sources import SOURCE_TEMPERATURES
from heatpump_twin.twin_engine.errors import CalibrationError
from heatpump_twin.twin_engine.model.calibration.calibration_card import MissingSensor, PlateOrigin
from heatpump_twin.twin_engine.model.calibration.machine_course import MachineCourse
from heatpump_twin.twin_engine.model.calibration.record import Record

_NEEDED = {
    "power": "electrical_power (or, at steps of ten minutes and more, the counter "
    "electrical_energy)",
    "source": f"the temperature of what enters the machine ({', '.join(SOURCE_TEMPERATURES)})",
    "water": "the temperature of the leaving water (meter_supply_temperature, supply_temperature)",
}

_OF_GROUND = f"the temperature of the brine or water that enters it ({SOURCE_TEMPERATURES[0]})"


def required(course: MachineCourse, plate: Plate, heat_pump: str) -> None:
    """Raise `CalibrationError` naming each sensor without which nothing can be calibrated."""
    needed = _NEEDED if plate.source == "air" else {**_NEEDED, "source": _OF_GROUND}
    missing = [words for quantity, words in needed.items() if quantity not in course.taken]
    if missing:
        raise CalibrationError(
            f"{heat_pump}: the record lacks {'; and '.join(missing)}: without it no model can "
            "be told from the data"
        )


def missing_sensors(
    course: MachineCourse, record: Record, plate: Plate, prior: PlateOrigin
) -> Iterator[MissingSensor]:
    """Yield what is missing, sensors and the plate, each with its consequence."""
    if prior == "usual machine":
        rated = max(point.capacity for point in plate.heating)
        yield MissingSensor(
            sensor="plate (rated points of EN 14511)",
            consequence=f"a usual machine of {rated / 1e3:.1f} kW stands for it, as metered "
            "systems perform: nine of ten are within 11 % of it",
        )
    if "heat" not in course.taken:
        yield MissingSensor(
            sensor="heat meter (water_flow with supply and return temperature)",
            consequence="heat is estimated from the plate's COP and the electrical power; COP, "
            "capacity and load cannot be told from the data, and the plate stays",
        )
    if plate.source == "air":
        yield from _of_frost(course)
    if "compressor_frequency" not in record.points:
        yield MissingSensor(
            sensor="compressor_frequency",
            consequence="nobody knows when it runs at full load: the capacity is the plate's",
        )
    if course.taken.get("running") == "electrical_power":
        yield MissingSensor(
            sensor="compressor_running",
            consequence="whether it runs is told from the electrical power",
        )


def _of_frost(course: MachineCourse) -> Iterator[MissingSensor]:
    if "humidity" not in course.taken:
        yield MissingSensor(
            sensor="outdoor_humidity",
            consequence="ice on the coil is estimated for air of 85 % relative humidity",
        )
    if "defrost" not in course.taken:
        yield MissingSensor(
            sensor="defrost_active",
            consequence="ice on the coil is not in the model; defrosts count as errors",
        )
