"""The course of a machine in a record: what it took and gave, where each is taken from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import Span
from heatpump_twin.config.settings import Plate
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.derive.plausibility.possible_values import (
    Place,
    heat_span,
    power_span,
)
from heatpump_twin.twin_engine.derive.sources import SOURCE_TEMPERATURES, WATER_FLOWS, WATER_PAIRS
from heatpump_twin.twin_engine.derive.water import thermal_power
from heatpump_twin.twin_engine.model.calibration.record import Record
from heatpump_twin.twin_engine.model.machine.humid_air import USUAL_HUMIDITY

OBSERVED = (
    "electrical_power", "controller_electrical_power", "electrical_energy",
    "thermal_power", "meter_heat_power", "controller_heat_power", "heat_energy",
    "water_flow", "controller_water_flow", "meter_supply_temperature", "meter_return_temperature",
    "supply_temperature", "return_temperature", "source_inlet_temperature", "outdoor_temperature",
    "ambient_temperature", "outdoor_humidity", "compressor_on", "compressor_running",
    "compressor_frequency", "defrost_active", "operating_state", "operation_cycle", "fault_active",
    "backup_heater_on", "dhw_heater_on", "supply_setpoint", "dhw_temperature", "dhw_heating",
    "valve_direction",
)  # fmt: skip
"""Points that the calibration of a machine takes, where there are some."""
_STARTS_ABOVE = 100.0
"""Power above that at rest from which on a compressor runs. [W]"""
FAST_COUNTER = 600.0
"""A counter's digit is too coarse for shorter steps. [s]"""
_MOST_WILD = 0.2
"""Share of values that no machine can take or give, from which on they are no spikes. [-]"""
_WATTS = 3.6e6
"""One kWh. [W s]"""


@dataclass(frozen=True, slots=True, eq=False)
class MachineCourse:
    """What a machine did, step by step: arrays of shape (n,), NaN where it is not known."""

    time: Times
    """Begin of each step. [µs since the Unix epoch, UTC]"""
    step: float
    """[s]"""
    power: Values
    """Electrical power with all that is behind the meter. [W]"""
    heat: Values
    """Heat into the water, without that of a backup heater. [W]"""
    source: Values
    """Air or brine that enters. [°C]"""
    water: Values
    """Water that leaves. [°C]"""
    humidity: Values
    """Relative humidity of the air; the usual one where nobody measures it. [%]"""
    running: Values
    """Share of the step in which the compressor ran. [-]"""
    defrost: Values
    """Share of the step in which it defrosted; 0 where no point tells. [-]"""
    heater: Values
    """Electricity of heaters, by their plate. [W]"""
    flowing: Values
    """Whether water moves: 0 or 1. [-]"""
    other: NDArray[np.bool_]
    """Whether it cooled, or had a fault: no model here is of that."""
    taken: Mapping[str, str]
    """Quantity → the point or points that it is taken from."""

    def __len__(self) -> int:
        return len(self.time)

    @property
    def warming(self) -> Values:
        """How fast the leaving water warms up. [K/s]"""
        pace = np.diff(self.water) / self.step
        sides = np.array([np.append(np.nan, pace), np.append(pace, np.nan)])
        # Beside a gap one side alone tells.
        known = np.isfinite(sides)
        count = known.sum(axis=0)
        total = np.where(known, sides, 0.0).sum(axis=0)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def machine_course(record: Record, plate: Plate) -> MachineCourse:
    """Return the course of the machine of a record; what is not there is NaN."""
    taken: dict[str, str] = {}
    limits = Place(plate, latitude=0.0)
    power = _within(_first(record, taken, "power", _powers(record)), power_span(limits))
    heat = _within(_first(record, taken, "heat", _heats(record)), heat_span(limits))
    backup = np.nan_to_num(record.column("backup_heater_on")) * (plate.backup_power or 0.0)
    tank = np.nan_to_num(record.column("dhw_heater_on")) * (plate.tank_heater_power or 0.0)
    points = SOURCE_TEMPERATURES if plate.source == "air" else SOURCE_TEMPERATURES[:1]
    source = _first(record, taken, "source", ((p, record.column(p)) for p in points))
    supplies = [pair[0] for pair in WATER_PAIRS]
    water = _first(record, taken, "water", ((p, record.column(p)) for p in supplies))
    humid = _first(
        record, taken, "humidity", [("outdoor_humidity", record.column("outdoor_humidity"))]
    )
    return MachineCourse(
        record.time,
        record.step,
        power,
        # The heat meter stands behind the heater: the machine gave less than it counts.
        heat - backup,
        source,
        water,
        np.where(np.isnan(humid), USUAL_HUMIDITY, humid),
        _first(record, taken, "running", _running(record, power, plate)),
        np.nan_to_num(_first(record, taken, "defrost", _defrosts(record))),
        backup + tank,
        (record.column(*WATER_FLOWS) > 0.0).astype(float),
        _elsewhere(record),
        taken,
    )


def part_of(course: MachineCourse, which: NDArray[np.bool_]) -> MachineCourse:
    """Return the steps of a course for which a flag is set; they follow one another."""
    c = course
    return MachineCourse(
        c.time[which], c.step, c.power[which], c.heat[which], c.source[which], c.water[which],
        c.humidity[which], c.running[which], c.defrost[which], c.heater[which], c.flowing[which],
        c.other[which], c.taken,
    )  # fmt: skip


def _first(
    record: Record, taken: dict[str, str], quantity: str, choices: Iterable[tuple[str, Values]]
) -> Values:
    """Return the first choice of which anything is known, and note it."""
    for name, values in choices:
        if np.isfinite(values).any():
            taken[quantity] = name
            return values
    return np.full(len(record), np.nan)


def _within(values: Values, span: Span) -> Values:
    """Return values without those that cannot be, such as spikes of a meter.

    Where they are many, all stay: they have another unit, and somebody has to be told.
    """
    low, high = span
    wild = (values < low) | (values > high)
    many = wild.sum() > _MOST_WILD * max(int(np.isfinite(values).sum()), 1)
    return values if many else np.where(wild, np.nan, values)


def _powers(record: Record) -> Iterator[tuple[str, Values]]:
    yield "electrical_power", record.column("electrical_power")
    yield from _counted(record, "electrical_energy")
    yield "controller_electrical_power", record.column("controller_electrical_power")


def _heats(record: Record) -> Iterator[tuple[str, Values]]:
    yield "thermal_power", record.column("thermal_power")
    for flow in WATER_FLOWS:
        for pair in WATER_PAIRS:
            supply, back = (record.column(point) for point in pair)
            heat = thermal_power(record.column(flow), supply, back)
            yield " × ".join((flow, *pair)), np.asarray(heat)
    yield "meter_heat_power", record.column("meter_heat_power")
    yield from _counted(record, "heat_energy")
    yield "controller_heat_power", record.column("controller_heat_power")


def _counted(record: Record, counter: str) -> Iterator[tuple[str, Values]]:
    """Yield the power of a counter in kWh, where steps are long enough for its digits."""
    if counter in record.columns and record.step >= FAST_COUNTER and len(record) > 2:
        gained = np.gradient(record.column(counter)) * _WATTS / record.step
        yield counter, np.where(gained >= 0.0, gained, np.nan)


def _running(record: Record, power: Values, plate: Plate) -> Iterator[tuple[str, Values]]:
    yield "compressor_on", record.column("compressor_on")
    yield "compressor_running", record.column("compressor_running")
    speed = record.column("compressor_frequency")
    yield "compressor_frequency", np.where(np.isnan(speed), np.nan, (speed > 0.0).astype(float))
    idle = plate.standby_power + plate.pump_power + _STARTS_ABOVE
    told = np.where(np.isnan(power), np.nan, (power > idle).astype(float))
    yield "electrical_power", told


def _defrosts(record: Record) -> Iterator[tuple[str, Values]]:
    yield "defrost_active", record.column("defrost_active")
    yield "operating_state", record.column("operating_state=5")


def _elsewhere(record: Record) -> NDArray[np.bool_]:
    wrong = ("operating_state=4", "operating_state=6", "operation_cycle=1", "fault_active")
    told = [np.nan_to_num(record.column(point)) > 0.0 for point in wrong]
    return np.asarray(np.any(told, axis=0))
