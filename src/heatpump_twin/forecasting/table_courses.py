"""The course of a heat pump from tables, or from any record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.calibrating.calibrated_tables import TableMap, record_of_tables
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Values
from heatpump_twin.errors import TwinError
from heatpump_twin.forecasting.site_courses import OF_HEAT_PUMP
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.quarter_hours import STEP, quarter_begin
from heatpump_twin.twin_engine.model.calibration.record import Record
from heatpump_twin.twin_engine.model.whatif.observed_house import heat_of

_TABLES = ("*.csv", "*.parquet")


def table_courses(
    tables: Sequence[Path], map_: TableMap, zone: ZoneInfo
) -> Iterator[tuple[str, PumpCourse]]:
    """Yield name and course of each heat pump: files are of one, each file of a folder of its own.

    Raises
    ------
    TwinError
        A table cannot be read, or a folder has none.
    """
    files = [path for path in tables if not path.is_dir()]
    if files:
        yield files[0].stem, course_of(record_of_tables(files, map_, zone))
    for folder in (path for path in tables if path.is_dir()):
        found = sorted(path for form in _TABLES for path in folder.glob(form))
        if not found:
            raise TwinError(f"{folder}: no {' and no '.join(_TABLES)} in it")
        for path in found:
            yield path.stem, course_of(record_of_tables([path], map_, zone))


def course_of(record: Record) -> PumpCourse:
    """Return a record in quarter-hours; a longer step holds for all that it is long."""
    step = round(record.step * MICROSECONDS)
    start = quarter_begin(int(record.time[0]))
    points = {point: record.columns[point] for point in OF_HEAT_PUMP if point in record.columns}
    heat = heat_of(record)
    if "thermal_power" not in points and np.isfinite(heat).any():
        points["thermal_power"] = heat
    first = (int(record.time[0]) - start) / step
    return PumpCourse(
        start, {point: _in_quarters(values, step, first) for point, values in points.items()}
    )


def _in_quarters(values: Values, step: int, first: float) -> Values:
    """Return means over quarter-hours of steps, the first of which begins ``first`` steps in."""
    if step >= STEP:
        return np.repeat(values, round(step / STEP))
    number = ((np.arange(len(values)) + first) * step // STEP).astype(np.int64)
    known = np.isfinite(values)
    count = np.bincount(number[known], minlength=number[-1] + 1)
    total = np.bincount(number[known], values[known], minlength=number[-1] + 1)
    enough = count >= 0.5 * STEP / step
    return np.where(enough, total / np.maximum(count, 1), np.nan)
