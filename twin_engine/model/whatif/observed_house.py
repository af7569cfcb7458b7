"""What a record tells of a house, its circuit and its tank: arrays on one grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.model.calibration.record import Record
from heatpump_twin.twin_engine.model.house.envelope import Floats
from heatpump_twin.twin_engine.model.house.house_fit import HouseObservations
from heatpump_twin.twin_engine.model.house.house_place import HousePlace
from heatpump_twin.twin_engine.model.house.room_model import TANK_LOSS
from heatpump_twin.twin_engine.model.house.sun import on_orientations
from heatpump_twin.twin_engine.model.simulation.household import (
    CalendarSeries,
    Household,
    LocalClock,
    lived,
    local_clock,
)
from heatpump_twin.twin_engine.model.simulation.tank import WATER
from heatpump_twin.twin_engine.model.simulation.weather import WeatherSeries

GRID = 1800.0
"""A house does little in less. [s]"""
_STARTS_ABOVE = 150.0
"""Electricity above that at rest from which on a compressor runs. [W]"""


@dataclass(frozen=True, slots=True, eq=False)
class ObservedHouse:
    """A record on a grid of `GRID` or of its own step, if that is longer: shape (n,)."""

    time: Times
    """Begin of each step. [µs since the Unix epoch, UTC]"""
    step: float
    """[s]"""
    clock: LocalClock
    weather: WeatherSeries
    room: Floats
    """[°C]"""
    heat: Floats
    """Into rooms and tank. [W]"""
    to_tank: Floats
    """[W]"""
    defrosted: Floats
    """Heat that defrosts took back. [W]"""
    power: Floats
    """Electricity. [W]"""
    supply: Floats
    """Leaving water while rooms were heated throughout; NaN elsewhere. [°C]"""
    target: Floats
    """What the controller wanted of it. [°C]"""
    tank: Floats
    """[°C]"""
    room_setpoint: Floats
    tank_setpoint: Floats
    """[°C]"""

    @property
    def to_rooms(self) -> Floats:
        """Heat into the heating circuit. [W]"""
        return self.heat - self.to_tank

    def house(self, home: Household) -> HouseObservations:
        """Return what is to be known of the house, with the gains of people as they are usual."""
        calendar: CalendarSeries = lived(home, self.time, self.clock)
        moments = self.time + round(0.5 * self.step * MICROSECONDS)
        light = self.weather.light
        sun = on_orientations(moments, light, self.weather.latitude, self.weather.longitude)
        heat = self.to_rooms + TANK_LOSS
        outdoor = self.weather.outdoor
        return HouseObservations(self.step, self.room, outdoor, heat, sun, calendar.people)


def observed_house(record: Record, place: HousePlace) -> ObservedHouse:
    """Return what a record tells, with NaN for what it does not."""
    many = max(round(GRID / record.step), 1)
    heat = heat_of(record)
    charging = _charging(record)
    running = _running(record)
    defrost = np.nan_to_num(record.column("defrost_active"))
    rooms = (running > 0.9) & (np.nan_to_num(charging) < 0.05) & (defrost < 0.05)
    supply = np.where(
        rooms, record.column("supply_temperature", "meter_supply_temperature"), np.nan
    )
    time = record.time[: len(record.time) // many * many : many]
    outdoor = _meant(record.column("outdoor_temperature", "ambient_temperature"), many)
    step = record.step * many
    weather = WeatherSeries(
        time + round(0.5 * step * MICROSECONDS),
        outdoor,
        _meant(record.column("irradiance", "forecast_irradiance"), many),
        _meant(record.column("outdoor_humidity"), many),
        place.latitude,
        place.longitude,
    )
    return ObservedHouse(
        time,
        step,
        local_clock(time, place.zone),
        weather,
        room=_meant(record.column("room_temperature"), many),
        heat=_meant(heat, many),
        to_tank=_meant(heat * np.nan_to_num(charging), many),
        defrosted=_meant(np.maximum(-np.nan_to_num(heat), 0.0) * (defrost > 0.05), many),
        power=_meant(record.column("electrical_power", "controller_electrical_power"), many),
        supply=_meant(supply, many),
        target=_meant(record.column("supply_setpoint"), many),
        tank=_meant(record.column("dhw_temperature"), many),
        room_setpoint=_meant(record.column("room_setpoint"), many),
        tank_setpoint=_meant(record.column("dhw_setpoint"), many),
    )


def heat_of(record: Record) -> Floats:
    """Return the heat into the water, of the first meter that tells. [W]"""
    flow = record.column("water_flow", "controller_water_flow")
    metered = record.column("meter_supply_temperature") - record.column("meter_return_temperature")
    own = record.column("supply_temperature") - record.column("return_temperature")
    by_flow = flow / 60.0 * WATER * np.where(np.isnan(metered), own, metered)
    told = record.column("thermal_power", "meter_heat_power")
    told = np.where(np.isnan(told), by_flow, told)
    return np.where(np.isnan(told), record.column("controller_heat_power"), told)


def _running(record: Record) -> Floats:
    """Return the share of each step in which the compressor ran, else told by the power. [-]"""
    told = record.column("compressor_on", "compressor_running")
    power = record.column("electrical_power", "controller_electrical_power")
    at_rest = float(np.nanquantile(power, 0.02)) if np.isfinite(power).any() else 0.0
    by_power = np.where(np.isnan(power), np.nan, power > at_rest + _STARTS_ABOVE)
    return np.where(np.isnan(told), by_power, told)


def _charging(record: Record) -> Floats:
    """Return the share of each step in which the tank was charged. [-]"""
    return record.column("dhw_heating", f"operating_state={State.HOT_WATER:d}", "valve_direction=1")


def _meant(values: Floats, many: int) -> Floats:
    """Return means over so many steps of what is known; NaN where less than half of it is."""
    whole = values[: len(values) // many * many].reshape(-1, many)
    known: NDArray[np.bool_] = np.isfinite(whole)
    count = known.sum(axis=1)
    total = np.where(known, whole, 0.0).sum(axis=1)
    return np.where(count >= 0.5 * many, total / np.maximum(count, 1), np.nan)
