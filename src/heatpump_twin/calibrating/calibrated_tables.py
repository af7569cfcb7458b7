"""Calibrate a machine on tables alone: columns named in a map, nothing recorded, no site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import Field

from heatpump_twin import __version__
from heatpump_twin.calibrating.table_grid import grid_of
from heatpump_twin.calibrating.usual_plate import MachineRule, usual_plate
from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, PointTable
from heatpump_twin.config.settings import Plate
from heatpump_twin.config.yaml_source import YamlSource
from heatpump_twin.drivers.clock import MICROSECONDS, SystemClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD
from heatpump_twin.errors import TwinError
from heatpump_twin.safekeeping.importing.import_map import ImportMap, PointRule
from heatpump_twin.safekeeping.importing.table_file import TableFile
from heatpump_twin.safekeeping.importing.table_samples import TableSamples
from heatpump_twin.twin_engine.errors import CalibrationError
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.model.calibration.calibrate import Calibration, calibrate
from heatpump_twin.twin_engine.model.calibration.calibration_card import PlateOrigin
from heatpump_twin.twin_engine.model.calibration.record import Record, edges_between, record_of

ASSET = "hp1"
_SIZELESS = ("Cel", "%")
_MOST_OUTSIDE = 0.3
"""Share of values that no instrument can show, from which on they have another unit. [-]"""


class TableMap(ImportMap):
    """The map of an import, with what the maker states about the machine.

    A point may be named without its heat pump: there is one.
    """

    plate: Plate | None = Field(None, description="default: that of the site's first heat pump")
    machine: MachineRule = Field(MachineRule(), description="of a machine whose plate nobody has")
    step: float | None = Field(None, ge=1, le=3600, description="grid; default: by the rows [s]")


def read_table_map(path: Path) -> TableMap:
    """Return the map of a file; raise `ConfigError` with all of its mistakes."""
    found = YamlSource.read(path).validate(TableMap)
    points = {name: _named(found.rule(name)) for name in found.points}
    return found.model_copy(update={"points": points})


def calibrate_tables(
    files: Sequence[Path], map_: TableMap, plate: Plate | None, zone: ZoneInfo
) -> Calibration:
    """Calibrate a machine on the rows of tables; without a plate, from the usual machine on.

    Raises
    ------
    TwinError
        The tables cannot be read, or tell too little.
    """
    record = record_of_tables(files, map_, zone)
    now = SystemClock().now()
    prior: PlateOrigin = "usual machine" if plate is None else "plate"
    try:
        plate = plate or usual_plate(record, map_.machine, ASSET)
        return calibrate(record, plate, heat_pump=ASSET, now=now, software=__version__, prior=prior)
    except CalibrationError as error:
        raise TwinError(str(error)) from error


def record_of_tables(files: Sequence[Path], map_: TableMap, zone: ZoneInfo) -> Record:
    """Return what the rows of tables tell of one heat pump.

    Raises
    ------
    TwinError
        They cannot be read, or no column is named.
    """
    samples = _samples(files, map_, zone)
    if not samples:
        raise TwinError("the tables have no value of a column that the map names under points")
    times = [found.time for found in samples.values()]
    start, end = min(int(t[0]) for t in times), max(int(t[-1]) for t in times)
    step = map_.step or grid_of(samples)
    length = round(step * MICROSECONDS)
    edges = edges_between(start // length * length, end, step)
    return record_of(samples.items(), edges, asset=ASSET, emulated=False)


def _samples(files: Sequence[Path], map_: TableMap, zone: ZoneInfo) -> dict[str, Samples]:
    """Return the samples of all tables by point, in order of time."""
    table = PointTable.build(
        (ASSET, point, spec, None) for point, spec in CATALOGUE[HEAT_PUMP].items()
    )
    latest = SystemClock().now() + 86_400 * MICROSECONDS
    found = TableSamples(map_, table, zone, latest)
    frames = [Frame.concat([*_frames(found, files), found.ends()])]
    if found.report.mistakes:
        raise TwinError("\n".join(found.report.shown))
    frame = frames[0]
    return {
        table[index].id: _possible(_of_point(frame, index), table[index].id)
        for index in np.unique(frame.point).tolist()
    }


def _frames(found: TableSamples, files: Sequence[Path]) -> Iterator[Frame]:
    for path in files:
        yield from found.read(TableFile(path, found.map.format, str(path)))


def _of_point(frame: Frame, index: int) -> Samples:
    own = np.flatnonzero(frame.point == index)
    own = own[np.argsort(frame.time[own], kind="stable")]
    return Samples(frame.value[own], frame.status[own], frame.time[own])


def _possible(samples: Samples, point: str) -> Samples:
    """Return samples of which those are Bad that no instrument can show, such as -127 °C."""
    spec = CATALOGUE[HEAT_PUMP][point]
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
