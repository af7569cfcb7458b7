"""Calibrate a machine on tables alone: columns named in a map, nothing recorded, no site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from heatpump_twin import __version__
from heatpump_twin.calibrating.calibrated_house import HouseOutcome, calibrate_house
from heatpump_twin.calibrating.column_notes import column_notes, with_notes
from heatpump_twin.calibrating.table_grid import grid_of
from heatpump_twin.calibrating.usual_plate import MachineRule, usual_plate
from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, SITE, PointTable
from heatpump_twin.config.settings import Plate
from heatpump_twin.config.yaml_source import YamlSource
from heatpump_twin.drivers.clock import MICROSECONDS, SystemClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD
from heatpump_twin.errors import TwinError
from heatpump_twin.safekeeping.importing.import_map import ImportMap, PointRule, known_zone
from heatpump_twin.safekeeping.importing.table_file import TableFile
from heatpump_twin.safekeeping.importing.table_samples import TableSamples
from heatpump_twin.twin_engine.errors import CalibrationError
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.model.calibration.calibrate import calibrate
from heatpump_twin.twin_engine.model.calibration.calibration_card import (
    CalibrationCard,
    MissingSensor,
    PlateOrigin,
)
from heatpump_twin.twin_engine.model.calibration.record import Record, edges_between, record_of
from heatpump_twin.twin_engine.model.house.house_place import HousePlace

ASSET = "hp1"
NO_PLACE = (
    "where it stands is missing: write place: {latitude: …, longitude: …} in the map, for the sun, "
    "and the house is learnt as well"
)
_POINTS = {**CATALOGUE[HEAT_PUMP], "irradiance": CATALOGUE[SITE]["forecast_irradiance"]}
"""What a column can be: the points of a heat pump, and the light of its place."""
_SIZELESS = ("Cel", "%")
_MOST_OUTSIDE = 0.3
"""Share of values that no instrument can show, from which on they have another unit. [-]"""


class PlaceRule(BaseModel):
    """Where a house stands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latitude: float = Field(ge=-90, le=90, description="[°N]")
    longitude: float = Field(ge=-180, le=180, description="[°E]")
    timezone: Annotated[str, AfterValidator(known_zone)] | None = Field(
        None, description="of its people; default: that of time, else that of the site"
    )


class TableMap(ImportMap):
    """The map of an import, with what the maker states about the machine.

    A point may be named without its heat pump: there is one.
    """

    plate: Plate | None = Field(None, description="default: that of the site's first heat pump")
    machine: MachineRule = Field(MachineRule(), description="of a machine whose plate nobody has")
    place: PlaceRule | None = Field(None, description="where its house stands; default: unknown")
    step: float | None = Field(None, ge=1, le=3600, description="grid; default: by the rows [s]")

    def house_place(self, otherwise: ZoneInfo) -> HousePlace | None:
        """Return where the house stands, with the clock of its people; None: nobody says it."""
        if self.place is None:
            return None
        zone = self.place.timezone or self.time.zone
        own = otherwise if zone is None else ZoneInfo(zone)
        return HousePlace(self.place.latitude, self.place.longitude, own)


def read_table_map(path: Path) -> TableMap:
    """Return the map of a file; raise `ConfigError` with all of its mistakes."""
    found = YamlSource.read(path).validate(TableMap)
    points = {name: _named(found.rule(name)) for name in found.points}
    return found.model_copy(update={"points": points})


@dataclass(frozen=True, slots=True, eq=False)
class TableRecord:
    """What the rows of tables tell of one heat pump."""

    record: Record
    notes: Sequence[MissingSensor]
    """Columns that the map names and that are not there, or have no value."""


@dataclass(frozen=True, slots=True, eq=False)
class TableCalibration:
    """What came of calibrating on tables."""

    card: CalibrationCard
    house: HouseOutcome
    """Its house, or why there is none."""


def calibrate_tables(
    files: Sequence[Path],
    map_: TableMap,
    plate: Plate | None,
    zone: ZoneInfo,
    place: HousePlace | None = None,
) -> TableCalibration:
    """Calibrate machine and house on the rows of tables.

    Parameters
    ----------
    plate
        None: it begins with the usual machine.
    place
        Where the house stands; None: it is not learnt.

    Raises
    ------
    TwinError
        The tables cannot be read, or tell too little.
    """
    read = read_tables(files, map_, zone)
    record, now = read.record, SystemClock().now()
    prior: PlateOrigin = "usual machine" if plate is None else "plate"
    try:
        plate = plate or usual_plate(record, map_.machine, ASSET)
        card = calibrate(
            record, plate, heat_pump=ASSET, now=now, software=__version__, prior=prior
        ).card
    except CalibrationError as error:
        raise TwinError(with_notes(str(error), read.notes)) from error
    house = _house(card, record, place)
    missing = (*read.notes, *card.missing)
    if house.section is None:
        missing += (MissingSensor(sensor="for the house", consequence=house.words),)
    card = card.model_copy(update={"house": house.section, "missing": missing})
    return TableCalibration(card, house)


def _house(card: CalibrationCard, record: Record, place: HousePlace | None) -> HouseOutcome:
    if place is None:
        return HouseOutcome(None, False, NO_PLACE)
    return calibrate_house(record, card.plate, card.machine_model(), place, None)


def record_of_tables(files: Sequence[Path], map_: TableMap, zone: ZoneInfo) -> Record:
    """Return what the rows of tables tell of one heat pump; raise as `read_tables`."""
    return read_tables(files, map_, zone).record


def read_tables(files: Sequence[Path], map_: TableMap, zone: ZoneInfo) -> TableRecord:
    """Return what the rows of tables tell of one heat pump, and which columns are not there.

    Raises
    ------
    TwinError
        They cannot be read, or no column is named.
    """
    samples, notes = _samples(files, map_, zone)
    if not samples:
        words = "the tables have no value of a column that the map names under points"
        raise TwinError(with_notes(words, notes))
    try:
        times = [found.time for found in samples.values()]
        start, end = min(int(t[0]) for t in times), max(int(t[-1]) for t in times)
        step = map_.step or grid_of(samples)
    except TwinError as error:
        raise TwinError(with_notes(str(error), notes)) from error
    length = round(step * MICROSECONDS)
    edges = edges_between(start // length * length, end, step)
    return TableRecord(record_of(samples.items(), edges, asset=ASSET, emulated=False), notes)


def _samples(
    files: Sequence[Path], map_: TableMap, zone: ZoneInfo
) -> tuple[dict[str, Samples], list[MissingSensor]]:
    """Return the samples of all tables by point, in order of time, and what is not there."""
    table = PointTable.build((ASSET, point, spec, None) for point, spec in _POINTS.items())
    latest = SystemClock().now() + 86_400 * MICROSECONDS
    found = TableSamples(map_, table, zone, latest)
    frames = [Frame.concat([*_frames(found, files), found.ends()])]
    if found.report.mistakes:
        raise TwinError("\n".join(found.report.shown))
    frame = frames[0]
    samples = {
        table[index].id: _possible(_of_point(frame, index), table[index].id)
        for index in np.unique(frame.point).tolist()
    }
    return samples, [*column_notes(map_, found.report)]


def _frames(found: TableSamples, files: Sequence[Path]) -> Iterator[Frame]:
    for path in files:
        yield from found.read(TableFile(path, found.map.format, str(path)))


def _of_point(frame: Frame, index: int) -> Samples:
    own = np.flatnonzero(frame.point == index)
    own = own[np.argsort(frame.time[own], kind="stable")]
    return Samples(frame.value[own], frame.status[own], frame.time[own])


def _possible(samples: Samples, point: str) -> Samples:
    """Return samples of which those are Bad that no instrument can show, such as -127 °C."""
    spec = _POINTS[point]
    # Flows and powers are as large as the machine; a temperature is not.
    if spec.instrument_range is None or spec.unit not in _SIZELESS:
        return samples
    low, high = spec.instrument_range
    outside = (samples.value < low) | (samples.value > high)
    if len(samples) and outside.mean() > _MOST_OUTSIDE:
        raise TwinError(
            f"{point}: {outside.mean():.0%} of its values are not between {low:g} and {high:g} "
            f"{spec.unit}: write their unit in the map"
        )
    return Samples(samples.value, np.where(outside, BAD, samples.status), samples.time)


def _named(rule: PointRule | None) -> PointRule:
    if rule is None:
        raise TwinError("a column without a rule")
    if "." in rule.point:
        return rule.model_copy(update={"point": f"{ASSET}.{rule.point.partition('.')[2]}"})
    return rule.model_copy(update={"point": f"{ASSET}.{rule.point}"})
