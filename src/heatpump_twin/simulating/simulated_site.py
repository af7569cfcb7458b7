"""Learn an installation from the history of a site, and simulate it as it is and as it would be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from heatpump_twin.calibrating.calibrated_house import HOUSE_POINTS
from heatpump_twin.calibrating.calibrated_site import USUAL_SPAN, opened, recorded_of
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.quick_yaml import quick_load
from heatpump_twin.config.settings import HeatPump, Plate, Site
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.errors import TwinError
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.model.calibration.model_versions import card_in_use, house_in_use
from heatpump_twin.twin_engine.model.calibration.record import Record
from heatpump_twin.twin_engine.model.house.house_place import HousePlace
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel
from heatpump_twin.twin_engine.model.simulation.house_section import HouseSection
from heatpump_twin.twin_engine.model.simulation.machine_map import Machine
from heatpump_twin.twin_engine.model.simulation.tariff_prices import tariff_prices
from heatpump_twin.twin_engine.model.whatif.changes import ChangeError, changes_of
from heatpump_twin.twin_engine.model.whatif.comparison import Comparison, Progress, compare
from heatpump_twin.twin_engine.model.whatif.kept_house import outlook_of
from heatpump_twin.twin_engine.model.whatif.model_machine import ModelMachine
from heatpump_twin.twin_engine.model.whatif.observed_house import ObservedHouse, observed_house
from heatpump_twin.twin_engine.model.whatif.outlook import HouseOutlook, outlook

_DAY = 86_400 * MICROSECONDS
_LEAD = 14.0
"""Days before those that are simulated, in which the house finds its temperatures. [d]"""
_LEARN = 0.3
"""Share of the progress that learning takes."""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants to know."""

    heat_pump: str | None
    """Default: the only one."""
    changes: tuple[str, ...]
    start: int | None
    """From when on it is learnt; default: 60 days before the end. [µs since the epoch, UTC]"""
    end: int | None
    """Default: the last that is recorded."""
    days: float
    """How many of the last days are simulated."""
    draws: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class KnownHouse:
    """The house that is simulated, and where it is known from."""

    view: HouseOutlook
    learnt: str
    room_seen: bool
    irradiance_seen: bool


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a simulation says to a question."""

    pump: HeatPump
    question: Question
    house: KnownHouse
    span: tuple[int, int]
    comparison: Comparison
    machine: str
    """Of which the power is from: the plate, or a calibrated model."""
    currency: str
    """Empty: there is no tariff."""

    @property
    def notes(self) -> list[str]:
        """What is to be known about it."""
        house, held = self.house.view.fit.house, self.house.view.held_out
        noted = [
            f"simulated from {'the emulated plant' if self.pump.emulated else 'a real machine'}; "
            f"machine: {self.machine}",
            f"house: {self.house.learnt}; {house.structure}, loss {house.envelope.loss:.0f} W/K "
            f"± {1.645 * house.posterior.deviation[0]:.0%}, slowest time constant "
            f"{house.envelope.time_constants[0] / 3600.0:.0f} h",
            f"held-out days ({held.days}): room {held.room:.2f} K, heat of a day {held.heat:.0%}, "
            f"electricity {held.power:.0%} (root mean square)",
        ]
        if not self.house.room_seen:
            noted.append("no room temperature is recorded: rooms are thought at their setpoint")
        if not self.house.irradiance_seen:
            noted.append("no irradiance is recorded: it is estimated by each day's temperatures")
        return noted


async def answered(
    site: Site, data: DataDirectory, question: Question, progress: Progress = lambda _: None
) -> Answer:
    """Answer a question from the recorded history of a site.

    Raises
    ------
    TwinError
        It can't be answered: the message says what is missing.
    """
    pump = _pump(site, question.heat_pump)
    try:
        # Who names a span wants it learnt from that.
        kept = house_in_use(data.models, pump) if question.start is None else None
        async with opened(site, data) as history:
            span = USUAL_SPAN if kept is None else round((question.days + _LEAD) * _DAY)
            wanted = question.start, question.end, span
            record = await recorded_of(history, pump, HOUSE_POINTS, *wanted)
        return _answer(site, data, pump, record, question, kept, progress)
    except EngineError as error:
        told = str(error)
        raise TwinError(told if told.startswith(pump.id) else f"{pump.id}: {told}") from error


def _answer(
    site: Site,
    data: DataDirectory,
    pump: HeatPump,
    record: Record,
    question: Question,
    kept: tuple[int, HouseSection] | None,
    progress: Progress,
) -> Answer:
    """Answer a question from a record, with the house that is kept, or that it tells."""
    place = HousePlace.of(site.site)
    changes = changes_of(question.changes, _other_machine)
    model, machine = _model(data, pump)
    seen = observed_house(record, place)
    house = _kept(kept, pump, model, place) or _learnt(seen, pump, model, place)
    progress(_LEARN)
    end = int(seen.time[-1]) + round(seen.step * MICROSECONDS)
    span = (max(end - round(question.days * _DAY), int(seen.time[0])), end)
    comparison = compare(
        house.view, seen.weather, span, changes, tariff_prices(site.tariff, place.zone),
        draws=question.draws, seed=question.seed,
        progress=lambda share: progress(_LEARN + (1.0 - _LEARN) * share),
    )  # fmt: skip
    currency = site.tariff.currency if site.tariff else ""
    return Answer(pump, question, house, span, comparison, machine, currency)


def _kept(
    kept: tuple[int, HouseSection] | None, pump: HeatPump, model: MachineModel, place: HousePlace
) -> KnownHouse | None:
    """Return the house that is in use; None: there is none."""
    if kept is None:
        return None
    number, section = kept
    view = outlook_of(section, ModelMachine(model, pump.plate.max_power), place)
    learnt = f"version {number}, learnt from {section.start[:10]} to {section.end[:10]}"
    return KnownHouse(view, learnt, section.room_seen, section.irradiance_seen)


def _learnt(
    seen: ObservedHouse, pump: HeatPump, model: MachineModel, place: HousePlace
) -> KnownHouse:
    """Return the house that a record tells."""
    view = outlook(seen, pump.plate, ModelMachine(model, pump.plate.max_power), place)
    return KnownHouse(
        view,
        "learnt for this answer alone; hptwin calibrate keeps it",
        bool(np.isfinite(seen.room).any()),
        bool(np.isfinite(seen.weather.irradiance).any()),
    )


def _pump(site: Site, wanted: str | None) -> HeatPump:
    pumps = [pump for pump in site.heat_pumps if wanted in (None, pump.id)]
    if len(pumps) == 1:
        return pumps[0]
    known = ", ".join(pump.id for pump in site.heat_pumps)
    if wanted is None:
        raise TwinError(f"the site has {known}: name one with --heat-pump")
    raise TwinError(f"there is no heat pump {wanted!r} on this site; it has {known}")


def _model(data: DataDirectory, pump: HeatPump) -> tuple[MachineModel, str]:
    """Return the model of a machine in use, and what it is."""
    card = card_in_use(data.models, pump)
    if card is None:
        return MachineModel.of_plate(pump.plate), "the plate; hptwin calibrate learns more"
    return card.machine_model(), f"calibrated until {card.fitted.end[:10]}"


def _other_machine(text: str) -> Machine:
    """Return the machine whose plate a file has."""
    path = Path(text)
    try:
        found: object = quick_load(path.read_text("utf-8"))
    except OSError as error:
        raise ChangeError(f"machine: {text}: {error.strerror}; name a file with a plate") from error
    plate = found.get("plate", found) if isinstance(found, dict) else found
    try:
        other = TypeAdapter(Plate).validate_python(plate)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ChangeError(f"machine: {text}: {where}: {first['msg']}") from error
    return ModelMachine(MachineModel.of_plate(other), other.max_power)
