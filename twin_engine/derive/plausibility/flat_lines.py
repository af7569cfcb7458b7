"""Records of values that do not move while they must: a sensor that is stuck."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from heatpump_twin.twin_engine.derive.plausibility.fleet_view import Array, FleetView, Mask
from heatpump_twin.twin_engine.derive.plausibility.possible_values import HOUR, MINUTE

COARSE = 0.5
"""A temperature that comes in such steps may well stand still. [K]"""


@dataclass(frozen=True, slots=True)
class FlatLine:
    """How long a value may stay the same, to its last digit, while something moves it."""

    point: str
    moving: Callable[[FleetView], Mask]
    """Tells where it must move; only such time counts."""
    longest: float
    """[s]"""


def _charging(view: FleetView) -> Mask:
    # Heat into a tank of a house makes 0.2 K a minute or more.
    charging = view.on("dhw_heating") | view.on("valve_direction") | view.on("dhw_heater_on")
    return charging & (view.on("compressor_on") | view.on("dhw_heater_on"))


def _always(view: FleetView) -> Mask:
    return np.ones(view.size, dtype=bool)


def _heating_up(view: FleetView) -> Mask:
    """Tell where water flows through a machine that gives heat."""
    return view.on("compressor_on") & (view["thermal_power"] > 0.2 * view.capacity)


FLAT_LINES = (
    FlatLine("dhw_temperature", _charging, 15 * MINUTE),
    FlatLine("outdoor_temperature", _always, 24 * HOUR),
    FlatLine("ambient_temperature", _always, 24 * HOUR),
    FlatLine("room_temperature", _always, 72 * HOUR),
    # A water temperature may stand still for as long as a controller holds it; a start or a stop
    # moves it, and there is one in twelve hours of running.
    FlatLine("supply_temperature", _heating_up, 12 * HOUR),
    FlatLine("meter_supply_temperature", _heating_up, 2 * HOUR),
    FlatLine("meter_return_temperature", _heating_up, 2 * HOUR),
    FlatLine("electrical_power", _heating_up, 2 * HOUR),
)


class FlatLineWatch:
    """Watch of one record on all heat pumps: how long each value has stood still."""

    def __init__(self, record: FlatLine) -> None:
        self.record = record
        self._level: Array = np.empty(0)
        self._still: Array = np.empty(0)
        self._fine: Mask = np.empty(0, dtype=bool)
        """Whether its digits are known to be finer than `COARSE`."""

    def found(self, view: FleetView) -> Mask:
        """Tell where the value has stood still for too long, after another look."""
        if more := view.size - len(self._level):
            self._grow(more)
        value = view[self.record.point]
        known = ~np.isnan(value)
        # One that is away for a moment has not moved by that.
        self._fine |= known & (value % COARSE != 0)
        moved = known & (value != self._level)
        self._level = np.where(moved, value, self._level)
        due = view.elapsed * (self.record.moving(view) & known)
        self._still = np.where(moved, 0.0, self._still + due)
        return np.asarray(self._fine & (self._still > self.record.longest))

    def _grow(self, more: int) -> None:
        self._level = np.append(self._level, np.full(more, np.nan))
        self._still = np.append(self._still, np.zeros(more))
        # Of what is no temperature, a whole number says nothing of its digits.
        temperature = self.record.point.endswith("_temperature")
        self._fine = np.append(self._fine, np.full(more, not temperature))
