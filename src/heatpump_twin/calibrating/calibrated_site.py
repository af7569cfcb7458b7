"""Calibrate the heat pumps of a site on its recorded history, and keep versions of their models."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np

from heatpump_twin import __version__
from heatpump_twin.calibrating.calibrated_house import (
    HOUSE_POINTS,
    HouseOutcome,
    calibrate_house,
)
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.drivers.clock import MICROSECONDS, SystemClock
from heatpump_twin.drivers.frame import Values
from heatpump_twin.errors import TwinError
from heatpump_twin.twin_engine.errors import CalibrationError, EngineError
from heatpump_twin.twin_engine.historian.database.database_access import database_url
from heatpump_twin.twin_engine.historian.stored_history import StoredHistory
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.model.calibration.calibrate import calibrate
from heatpump_twin.twin_engine.model.calibration.calibration_card import CalibrationCard
from heatpump_twin.twin_engine.model.calibration.history_record import read_observations
from heatpump_twin.twin_engine.model.calibration.model_versions import (
    ModelVersions,
    card_in_use,
    house_in_use,
)
from heatpump_twin.twin_engine.model.calibration.promotion import promotion
from heatpump_twin.twin_engine.model.calibration.record import Record
from heatpump_twin.twin_engine.model.house.house_place import HousePlace
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel
from heatpump_twin.twin_engine.model.simulation.house_section import HouseSection

USUAL_SPAN = 60 * 86_400 * MICROSECONDS
"""How much of the history is taken where nobody says it. [µs]"""
STEPS = (60.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)
"""Grids of a record: the finest that most samples fill is taken. [s]"""
_LOOKED_AT = 5000
_EVER = 2**62
_TELLING = ("electrical_power", "controller_electrical_power", "electrical_energy")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of calibrating one heat pump."""

    heat_pump: str
    card: CalibrationCard | None
    """None: it was refused."""
    version: int | None
    """None: nothing was kept."""
    words: str
    """Why it is in use or not, or why it was refused."""
    promoted: bool = False
    house: HouseOutcome | None = None
    """None: it was refused, and the house with it."""


async def calibrate_site(
    site: Site,
    data: DataDirectory,
    heat_pump: str | None,
    start: int | None,
    end: int | None,
    *,
    keep: bool,
) -> list[Outcome]:
    """Calibrate one or all heat pumps of a site on its history from start to end.

    Raises
    ------
    TwinError
        There is no such heat pump, or no history.
    """
    pumps = [p for p in site.heat_pumps if heat_pump in (None, p.id)]
    if not pumps:
        known = ", ".join(pump.id for pump in site.heat_pumps)
        raise TwinError(f"there is no heat pump {heat_pump!r} on this site; it has {known}")
    async with opened(site, data) as history:
        span = (start, end)
        return [await _one(history, site, pump, data, span, keep=keep) for pump in pumps]


def roll_back(site: Site, data: DataDirectory, heat_pump: str | None) -> Iterator[str]:
    """Take back the version in use of one or all heat pumps; say what is in use then."""
    for pump in site.heat_pumps:
        if heat_pump not in (None, pump.id):
            continue
        try:
            versions = ModelVersions(data.models, pump.id)
            number = versions.roll_back()
        except CalibrationError as error:
            raise TwinError(str(error)) from error
        machine = f"version {number} is in use" if number else "the plate alone"
        house = versions.house
        yield f"{pump.id}: {machine}; house: " + (f"version {house}" if house else "none is kept")


@asynccontextmanager
async def opened(site: Site, data: DataDirectory) -> AsyncIterator[StoredHistory]:
    """Open the history of a site for reading; an `EngineError` becomes a `TwinError`."""
    history = StoredHistory(database_url(site.historian, data))
    try:
        await history.start()
        yield history
    except EngineError as error:
        raise TwinError(str(error)) from error
    finally:
        await history.stop()


async def _one(
    history: HistoryReader,
    site: Site,
    pump: HeatPump,
    data: DataDirectory,
    span: tuple[int | None, int | None],
    *,
    keep: bool,
) -> Outcome:
    try:
        record = await recorded_of(history, pump, HOUSE_POINTS, *span)
        now = SystemClock().now()
        found = calibrate(record, pump.plate, heat_pump=pump.id, now=now, software=__version__)
    except CalibrationError as error:
        return Outcome(pump.id, None, None, str(error))
    present = _card_in_use(data, pump)
    verdict = promotion(found, present)
    house = _house(site, pump, data, record, found.card if verdict.promoted else present)
    card = found.card.model_copy(update={"house": house.section})
    number = _kept(data, card, verdict.promoted, house.promoted) if keep else None
    return Outcome(pump.id, card, number, verdict.reason, verdict.promoted, house)


def _house(
    site: Site,
    pump: HeatPump,
    data: DataDirectory,
    record: Record,
    card: CalibrationCard | None,
) -> HouseOutcome:
    """Learn the house on top of the machine that is in use afterwards."""
    model = MachineModel.of_plate(pump.plate) if card is None else card.machine_model()
    present = _house_in_use(data, pump)
    return calibrate_house(record, pump.plate, model, HousePlace.of(site.site), present)


def _kept(data: DataDirectory, card: CalibrationCard, machine: bool, house: bool) -> int:
    versions = ModelVersions(data.models, card.heat_pump)
    number = versions.keep(card)
    if machine or house:
        versions.promote(number, machine=machine, house=house)
    return number


def _card_in_use(data: DataDirectory, pump: HeatPump) -> CalibrationCard | None:
    """Return the card in use; one that cannot be used here has to be beaten by nobody."""
    try:
        return card_in_use(data.models, pump)
    except CalibrationError:
        return None


def _house_in_use(data: DataDirectory, pump: HeatPump) -> HouseSection | None:
    """Return the house in use; the same holds of it."""
    try:
        kept = house_in_use(data.models, pump)
    except CalibrationError:
        return None
    return None if kept is None else kept[1]


async def recorded_of(
    history: HistoryReader,
    pump: HeatPump,
    points: Sequence[str],
    start: int | None,
    end: int | None,
    span: int = USUAL_SPAN,
) -> Record:
    """Return what is recorded of a heat pump from start to end, by default in its last ``span``.

    Raises
    ------
    CalibrationError
        Nothing is.
    """
    newest = [await history.before(f"{pump.id}.{point}", _EVER) for point in _TELLING]
    last = max((int(found.time[0]) for found in newest if len(found)), default=None)
    if last is None:
        raise CalibrationError(f"{pump.id}: nothing is recorded of {', '.join(_TELLING)}")
    until = last if end is None else min(end, last)
    begin = until - span if start is None else start
    step = await _step(history, pump.id, begin, until)
    oldest = [await history.after(f"{pump.id}.{point}", begin) for point in _TELLING]
    begin = max(begin, min((int(f.time[0]) for f in oldest if len(f)), default=begin))
    length = round(step * MICROSECONDS)
    return await read_observations(
        history,
        pump.id,
        points,
        -(-begin // length) * length,
        until,
        step,
        emulated=pump.emulated,
    )


async def _step(history: HistoryReader, asset: str, start: int, end: int) -> float:
    for point in _TELLING:
        found = await history.read_raw(f"{asset}.{point}", start, end, limit=_LOOKED_AT)
        if len(found) > 1:
            return step_of(np.diff(found.time) / MICROSECONDS)
    return STEPS[0]


def step_of(pauses: Values) -> float:
    """Return the grid for samples with such pauses. [s]"""
    # A deadband leaves out samples of what stays the same: the shorter pauses tell how often
    # somebody looks.
    usual = float(np.quantile(pauses, 0.25))
    return next((step for step in STEPS if step >= usual), STEPS[-1])
