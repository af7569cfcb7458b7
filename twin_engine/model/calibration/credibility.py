"""Whether a record can be what it says: units, stuck and exchanged sensors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.settings import Plate
from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.derive.plausibility.possible_values import HEATER
from heatpump_twin.twin_engine.errors import CalibrationError
from heatpump_twin.twin_engine.model.calibration.machine_course import MachineCourse
from heatpump_twin.twin_engine.model.calibration.record import Record
from heatpump_twin.twin_engine.model.calibration.steady_periods import SteadyPeriods
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel

_HOTTEST_SOURCE, _HOTTEST_WATER = 32.0, 75.0
"""Medians while a machine heats, above which degrees are those of Fahrenheit. [°C]"""
_SMALLEST_POWER = 50.0
"""No heat pump takes less at its most. [W]"""
_MOST_POWER = 1.5
"""Over the plate's largest, beside a heater: a meter of other things. [-]"""
_MEASURED = ("power", "source", "water")
_STUCK = 1e-3
"""Span of a record's values below which a sensor does not measure. [W], [K]"""
_TIMES = " × "
_LEAST = 24
COP_RATIO = (0.5, 1.6)
"""Median of the measured COP over that of the plate between which a record is believed: the
SPF of 142 metered systems is 0.66 to 1.18 of that of the usual machine. [-]"""
_MOST_ERROR = 0.25
"""No machine is so unsteady: of emulated ones it is 0.01 to 0.03. [-]"""
_SMALLEST_SHARE, _LARGEST_SHARE = 0.05, 3.0
"""Of the plate's capacity: largest heat between which it is the machine of that plate. [-]"""


def refuse_incredible(
    course: MachineCourse, record: Record, plate: Plate | None, heat_pump: str
) -> None:
    """Raise `CalibrationError` where quantities of a record cannot be what they are called.

    Without a plate nothing is said of how much heat there may be.
    """
    found = list(_wrong(course, record, plate))
    if found:
        raise CalibrationError(f"{heat_pump}: " + "; ".join(found))


def refuse_incredible_heat(periods: SteadyPeriods, base: MachineModel, heat_pump: str) -> None:
    """Raise `CalibrationError` where heat and power do not belong to one machine."""
    steady = periods.judged
    at, power = periods.at[steady], periods.power[steady]
    ratio = float(np.median(base.power.power(at).value / power))
    cop = float(np.median(at.heat / power))
    low, high = COP_RATIO
    if not low <= ratio <= high:
        raise CalibrationError(
            f"{heat_pump}: heat over power is {cop:.1f} while it runs steadily, {ratio:.2f} times "
            "what its plate tells: no machine is so far off. Look at the units of heat, flow and "
            "power, at whether the meters belong to this machine alone (another heater, a pool, a "
            "second machine), and at the sensors of the heat meter"
        )


def refuse_unrelated(periods: SteadyPeriods, error: Values, heat_pump: str) -> None:
    """Raise `CalibrationError` where the power of days not seen does not follow heat and water."""
    mean = float(np.abs(error[periods.judged]).mean())
    if mean > _MOST_ERROR:
        raise CalibrationError(
            f"{heat_pump}: of days that were not seen the power is told with a mean error of "
            f"{mean:.0%}: it does not follow heat, source and water. Look at the meters and their "
            "digits, at whether their times agree, and at what else is behind them"
        )


def _wrong(course: MachineCourse, record: Record, plate: Plate | None) -> Iterator[str]:
    running = np.nan_to_num(course.running) > 0.0
    yield from _stuck(course, record)
    yield from _power(course, plate, running)
    for values, hottest, name in (
        (course.source, _HOTTEST_SOURCE, "source"),
        (course.water, _HOTTEST_WATER, "water"),
    ):
        middle = _median(values, running)
        if middle > hottest:
            yield (
                f"{course.taken[name]} is {middle:.0f} °C while it heats: if it is in °F, write "
                "unit: degF in the map"
            )
    if plate is not None and "heat" in course.taken:
        yield from _heat(course, plate, running)


def _power(course: MachineCourse, plate: Plate | None, running: NDArray[np.bool_]) -> Iterator[str]:
    known = course.power[np.isfinite(course.power)]
    if len(known) and (most := float(np.quantile(known, 0.995))) < _SMALLEST_POWER:
        yield (
            f"{course.taken['power']} is {most:.3g} W at its most: if it is in kW, write unit: kW "
            "in the map; else the machine never ran"
        )
    middle = _median(course.power, running)
    if plate is not None and middle > _MOST_POWER * plate.max_power + HEATER:
        yield (
            f"{course.taken['power']} is {middle:.0f} W while it runs, and the plate says "
            f"{plate.max_power:.0f} W at most: look at its unit, and at the plate"
        )


def _stuck(course: MachineCourse, record: Record) -> Iterator[str]:
    meters = course.taken.get("heat", "").split(_TIMES)
    # A pump of one speed has one flow; no water has one temperature.
    warm = [(name, record.column(name)) for name in meters if name.endswith("temperature")]
    found = [(course.taken[name], getattr(course, name)) for name in _MEASURED]
    for point, values in dict([*found, *warm]).items():
        known = values[np.isfinite(values)]
        if len(known) >= _LEAST and float(np.ptp(known)) < _STUCK:
            yield f"{point} is {known[0]:g} all the time: its sensor does not measure"


def _heat(course: MachineCourse, plate: Plate, running: NDArray[np.bool_]) -> Iterator[str]:
    known = course.heat[running & np.isfinite(course.heat) & (course.defrost <= 0.0)]
    if len(known) < _LEAST:
        return
    middle, most = float(np.median(known)), float(np.quantile(known, 0.9))
    rated = max(point.capacity for point in plate.heating)
    if middle < 0.0:
        yield (
            f"{course.taken['heat']} is {middle:.0f} W while it runs: supply and return "
            "temperature are exchanged, or it cools"
        )
    elif not _SMALLEST_SHARE * rated <= most <= _LARGEST_SHARE * rated:
        yield (
            f"{course.taken['heat']} is {most:.0f} W at its most, and the plate says {rated:.0f} "
            "W: look at the units of heat and flow, and at the plate"
        )


def _median(values: Values, which: NDArray[np.bool_]) -> float:
    known = values[which & np.isfinite(values)]
    return float(np.median(known)) if len(known) >= _LEAST else 0.0
