"""The card of a calibrated model: what it was fitted on, what it says, and what it cannot know."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from heatpump_twin.config.durable_file import write_private
from heatpump_twin.config.settings import Plate
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.errors import CalibrationError
from heatpump_twin.twin_engine.model.machine.capacity import Capacity
from heatpump_twin.twin_engine.model.machine.frost import CoilFrost
from heatpump_twin.twin_engine.model.machine.machine_model import (
    DefrostCost,
    Extent,
    MachineModel,
    Validity,
)
from heatpump_twin.twin_engine.model.machine.plate_performance import PlatePerformance
from heatpump_twin.twin_engine.model.machine.power_model import PowerModel
from heatpump_twin.twin_engine.model.simulation.house_section import HouseSection
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel
from heatpump_twin.twin_engine.model.water.water_section import WaterSection

Connection = Literal["emulated", "real"]
PlateOrigin = Literal["plate", "usual machine"]
NOT_OBSERVABLE = (
    "how much refrigerant is in the circuit: less of it looks like a worse machine in general",
    "whether the coil or an exchanger is fouled, and which: the same holds of it",
    "which part is to blame for a residual: sensors, meters, water and refrigerant side look alike",
    "errors of the meters themselves: a gain of a meter is in the model as if it were the machine",
)
"""What no calibration on temperatures, flow and two powers can tell."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MissingSensor(_Section):
    """A sensor that the record has not, and what follows."""

    sensor: str
    consequence: str


class FittedSpan(_Section):
    """What a model was fitted on."""

    start: str
    end: str
    """ISO 8601, UTC."""
    days: float
    step: float
    """[s]"""
    periods: int
    """Steady periods of ten minutes, or of one step."""
    left_out: str = ""
    """Why an earlier part of the record is not in it."""

    @property
    def last(self) -> int:
        """Begin of the last period or step. [µs since the Unix epoch, UTC]"""
        return round(datetime.fromisoformat(self.end).timestamp()) * MICROSECONDS


class Parameter(_Section):
    """A coefficient with its 90 % interval."""

    name: str
    value: float
    lower: float
    upper: float
    told: float
    """Share of the prior's deviation that the data have taken away: near 0, the plate tells it."""


class HeldOutErrors(_Section):
    """Errors on days that the model had not seen; shares, unless stated otherwise."""

    cop: float | None
    """Mean absolute error of the COP of steady periods."""
    cop_of_runs: float | None
    """The same of the mean COP of whole runs."""
    coverage: float | None
    """Share of the periods inside their 90 % interval, whose width was set by these days."""
    other_form: float | None
    """Mean absolute error of the form that was not chosen."""
    plate: float | None
    """Mean absolute error of the plate alone, on the same periods."""
    daily_electricity: float | None
    """Mean absolute error of a day's electricity; without a heat meter, given when it ran."""
    power: float | None = None
    """Mean absolute error of the power of a step, where it is told without heat. [W]"""
    supply: float | None = None
    """Mean absolute error of the leaving water, told from the electricity alone. [K]"""


class FrostSection(_Section):
    """Growth of ice on the coil; fields as in `CoilFrost`."""

    approach: float
    per_ice: float
    damping: float
    threshold: float
    spread: float
    """Mean deviation of the ice at the begin of a defrost from the usual one."""

    def coil(self) -> CoilFrost:
        """Return the growth of ice."""
        return CoilFrost(self.approach, self.per_ice, self.damping, self.threshold)


class OtherStates(_Section):
    """What the machine takes beside steady heating."""

    standby: float
    circulating: float
    """[W]"""
    start: float
    """[Wh]"""
    defrost_power: float
    defrost_heat: float
    """[W]"""
    defrost_minutes: float
    starts_seen: int
    defrosts_seen: int


class MachineSection(_Section):
    """The machine: its power for the heat that it gives."""

    form: Literal["plate", "share of Carnot", "constant loss"]
    theta: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    noise: float
    widening: float
    parameters: tuple[Parameter, ...]
    capacity: tuple[float, float, float]
    """At A7/W35 in W, and its change with source and water in 1/K."""
    full_load_periods: int
    frost: FrostSection | None
    others: OtherStates
    source: tuple[float, float]
    water: tuple[float, float]
    load: tuple[float, float]
    """Spans in which it was fitted. [°C], [°C], [-]"""


class CalibrationCard(_Section):
    """Everything that a user must know before trusting what a calibrated model says."""

    heat_pump: str
    machine: str
    """Manufacturer and model on the plate."""
    plate: Plate
    prior: PlateOrigin = "plate"
    """Whose the plate is: its maker's, or that of the usual machine of its size."""
    connection: Connection
    """Whether the emulated plant was observed, or a real machine."""
    made: str
    """ISO 8601, UTC."""
    software: str
    heat: Literal["measured", "estimated"]
    taken: dict[str, str]
    """Quantity → the point that it was taken from."""
    fitted: FittedSpan
    model: MachineSection
    water: WaterSection = WaterSection()
    held_out: HeldOutErrors
    house: HouseSection | None = None
    """None: the record does not tell it."""
    missing: tuple[MissingSensor, ...]
    cannot_know: tuple[str, ...] = NOT_OBSERVABLE

    def learnt(self) -> LearntModel:
        """Return the models of the card of machine and water; its house is put to use by itself."""
        return LearntModel(self.machine_model(), self.water.water_model())

    def machine_model(self) -> MachineModel:
        """Return the model of the card."""
        part, plate = self.model, self.plate
        power = PowerModel(
            PlatePerformance(plate.heating),
            np.asarray(plate.pump_power),
            np.asarray(float(part.form == "constant loss")),
            np.array(part.theta),
            np.array(part.covariance),
            np.asarray(part.noise),
            np.asarray(part.widening),
            np.array(part.load),
        )
        frost, other = part.frost, part.others
        return MachineModel(
            power,
            Capacity(*part.capacity),
            None if frost is None else frost.coil(),
            other.standby,
            other.circulating,
            other.start,
            DefrostCost(other.defrost_power, other.defrost_heat, other.defrost_minutes),
            Validity(Extent(*part.source), Extent(*part.water), Extent(*part.load)),
        )


def write_card(path: Path, card: CalibrationCard) -> None:
    """Write a card as JSON, whole or not at all."""
    write_private(path, card.model_dump_json(indent=1) + "\n")


def card_of(path: Path) -> CalibrationCard:
    """Return the card of a file; raise `CalibrationError` where it cannot be read."""
    try:
        return CalibrationCard.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CalibrationError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise CalibrationError(
            f"{path}: {place}: {first['msg']}; calibrate again with hptwin calibrate"
        ) from error
