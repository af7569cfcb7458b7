"""One quantity of a heat pump that is to be warm: how it is, and what is written for it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from heatpump_twin.drivers.status import BAD_WAITING_FOR_INITIAL_DATA, is_bad, is_good
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs.hot_water_tank import TEMPERATURE, HotWaterTank
from heatpump_twin.twin_engine.smart_start.heat_ups import REACHED, HeatUpStart
from heatpump_twin.twin_engine.smart_start.ready_kinds import KINDS, SWITCH, TO_TANK
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyQuantity

_OUTDOOR, _POWER = "outdoor_temperature", "electrical_power"
_ROOM_RISE = 2.0
"""So far above its target a room is set while it is heated: valves and thermostats throttle some
tenths below their setpoint, and a room that crept up to it would be warm at any time. [K]"""
_TANK_BAND = 7.0
"""A controller charges a tank that is this far below its setpoint, whatever its hysteresis. [K]"""
_SAME = 0.05
"""Half of the finest resolution in which a device reads back a temperature. [K]"""


class ReadyMachine:
    """One quantity of one heat pump, as it is now, and what has to be written for it."""

    def __init__(self, image: Image, asset: str, quantity: ReadyQuantity) -> None:
        self.kind = KINDS[quantity]
        self._quantity = quantity
        self._image = image
        self._asset = asset
        self._points = image.table.by_asset[asset]

    @property
    def temperature(self) -> float | None:
        """Temperature of what is to be warm; None: not known. [°C]"""
        return self.value(self.kind.observed)

    @property
    def power(self) -> float | None:
        """Electrical power; None: not known. [W]"""
        return self.value(_POWER)

    @property
    def waits(self) -> bool:
        """Whether the sensor was never read: a poll after a start will tell."""
        status = int(self._image.status[self._points[self.kind.observed].index])
        return status == BAD_WAITING_FOR_INITIAL_DATA

    def value(self, point: str) -> float | None:
        """Return the value of a point; None where it is Bad, NaN or missing."""
        found = self._points.get(point)
        if found is None or is_bad(int(self._image.status[found.index])):
            return None
        value = float(self._image.value[found.index])
        return None if math.isnan(value) else value

    def start(self, now: int, target: float, told: float) -> HeatUpStart | None:
        """Return what a heat-up would begin from now; None: its sensor shows nothing."""
        if self.temperature is None:
            return None
        outdoor, tank = (
            math.nan if value is None else value
            for value in (self.value(_OUTDOOR), self.value(TEMPERATURE))
        )
        if self._quantity is ReadyQuantity.TANK:
            tank = math.nan
        return HeatUpStart(now, self.temperature, target, outdoor, told, tank)

    def warm(self, target: float) -> bool:
        """Tell whether a target is reached.

        Water on its way to the tank is warmer than what the rooms get.
        """
        found = self.temperature
        if found is None or (self._quantity is ReadyQuantity.WATER and self._charges):
            return False
        return found >= target - REACHED

    @property
    def _charges(self) -> bool:
        """Whether the machine charges the tank, as far as it says so."""
        known = [value for point in TO_TANK if (value := self.value(point)) is not None]
        return bool(known) and known[0] > 0.0

    def wanted(self, target: float) -> dict[str, float]:
        """Return what has to be written so that it is heated to a target, in this order.

        The setpoint first: a machine that is switched on with yesterday's heats to that until the
        next write.
        """
        switch, setpoint = {SWITCH: 1.0}, self._heating(target)
        if self._quantity is not ReadyQuantity.TANK:
            return {self.kind.setpoint: setpoint, **switch}
        return {**HotWaterTank(self._image, self._asset).wanted(setpoint), **switch}

    def changed(self, written: Mapping[str, float]) -> str:
        """Return the title of a setting that holds something else than was written; or nothing."""
        for name, value in written.items():
            point = self._points.get(name)
            if point is None or not is_good(int(self._image.status[point.index])):
                continue
            if abs(float(self._image.value[point.index]) - value) > _SAME:
                return point.spec.title
        return ""

    def _heating(self, target: float) -> float:
        """Return the setpoint with which the controller surely heats up to a target.

        It charges a tank only some kelvins below its setpoint, so that one a little too cool would
        wait. When the target is reached, that is what is written.
        """
        highest = (self._points[self.kind.setpoint].limits or (target, target))[1]
        now = self.temperature
        if now is None or now >= target - REACHED or self._quantity is ReadyQuantity.WATER:
            return target
        if self._quantity is ReadyQuantity.ROOM:
            return max(target, min(target + _ROOM_RISE, highest))
        return max(target, min(math.ceil(now + _TANK_BAND), highest))
