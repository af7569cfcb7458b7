"""What a heating controller can be set to: by its maker and installer, and by its user."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from heatpump_twin.drivers.plant.controller.defrost import DefrostParameters
from heatpump_twin.drivers.plant.controller.supply_setpoint import CompensationLine


class ControllerMode(IntEnum):
    """The codes of the catalogue's `operating_mode`."""

    NONE = 0
    HEATING = 1
    HEATING_AND_HOT_WATER = 2
    HOT_WATER = 3
    COOLING_AND_HOT_WATER = 4
    COOLING = 5
    AUTOMATIC = 6


COOLS_ROOMS = frozenset({ControllerMode.COOLING_AND_HOT_WATER, ControllerMode.COOLING})
_SAYS_HOT_WATER = frozenset(
    {
        ControllerMode.HEATING_AND_HOT_WATER,
        ControllerMode.HOT_WATER,
        ControllerMode.COOLING_AND_HOT_WATER,
    }
)


@dataclass(frozen=True, slots=True)
class ControllerParameters:
    """How the installer set up the controller."""

    supply_min: float = 20.0
    supply_max: float = 55.0
    """Limits of the supply setpoint. [°C]"""
    tank_min: float = 40.0
    tank_max: float = 75.0
    """Limits of the hot water setpoint. [°C]"""
    compensation: CompensationLine | None = field(default_factory=CompensationLine)
    """The target until somebody writes a setpoint. None: the setpoint is the target (direct)."""
    start_below: float = 2.0
    """The compressor starts this far below the target. [K]"""
    stop_above: float = 3.0
    """It stops this far above the target. [K]"""
    curve_band: float = 4.0
    """The same for both on the curve, where the load is often below its lowest speed. [K]"""
    curve_pause: float = 1500.0
    """Shortest pause of the compressor on the curve. [s]"""
    room_limit: float = 1.5
    """On the curve no more heat is asked for from this far above the room's setpoint. [K]"""
    gain: float = 0.12
    """Gain of the PI controller: speed per K of deviation. [1/K]"""
    reset_time: float = 300.0
    """Reset time of the PI controller. [s]"""
    ramp: float = 0.02
    """Fastest change of the speed, as a share of the highest. [1/s]"""
    start_modulation: float = 0.35
    start_hold: float = 20.0
    """The compressor starts at a fixed speed, for the oil. [s]"""
    min_modulation: float = 0.27
    min_on: float = 180.0
    """Shortest run of the compressor before it stops for warm water. [s]"""
    min_off: float = 60.0
    """Shortest pause of the compressor, in which the pressures level out. [s]"""
    tank_below: float = 6.0
    """Hot water is made from this far below its setpoint. [K]"""
    tank_excess: float = 8.0
    """Water for the tank is this much warmer than the tank's setpoint. [K]"""
    longest_charge: float = 5400.0
    """Longest time for which hot water keeps the rooms waiting. [s]"""
    rest_after_charge: float = 1800.0
    """After a charge that took too long the rooms come first for a while. [s]"""
    silent_limit: float = 0.7
    """Highest compressor speed in silent mode. [-]"""
    pump_overrun: float = 120.0
    """Time for which the pump runs on after the compressor. [s]"""
    backup_below: float = 0.0
    """Outdoor temperature below which the backup heater may help, the bivalence point. [°C]"""
    backup_delay: float = 1800.0
    """Time at the compressor's highest speed, and too cold, before it does. [s]"""
    backup_deficit: float = 4.0
    """How far the water must be below its target for it. [K]"""
    cooling_water: float = 16.0
    """Target of the water while cooling: above the dew point of most summer days. [°C]"""
    cooling_room: float = 4.0
    """Rooms are cooled from this far above their setpoint, which is one for heating. [K]"""
    cooling_limit: float = 20.0
    """Rooms are cooled above this outdoor temperature. [°C]"""
    heating_limit: float = 16.0
    """On the curve and in automatic mode rooms are heated below this outdoor temperature. [°C]"""
    defrost: DefrostParameters = field(default_factory=DefrostParameters)


@dataclass(slots=True)
class ControllerSettings:
    """The settings of the user."""

    enabled: bool = True
    mode: int = ControllerMode.HEATING_AND_HOT_WATER
    hot_water_apart: bool = False
    """No mode says anything of hot water, for which there is a switch of its own."""
    changes_over: bool = False
    """The automatic mode cools, too: of a maker that has cooling at all."""
    room_setpoint: float = 20.5
    dhw_enabled: bool = True
    dhw_setpoint: float = 48.0
    zones: int = 1
    silent: bool = False

    def offer(self, codes: frozenset[int]) -> None:
        """Take a mode that the maker's controller has: hot water too, as long as it can say so."""
        self.hot_water_apart = not codes & _SAYS_HOT_WATER
        self.changes_over = bool(codes & COOLS_ROOMS)
        usual = (ControllerMode.HEATING_AND_HOT_WATER, ControllerMode.HEATING)
        for mode in (self.mode, *usual, ControllerMode.AUTOMATIC):
            if mode in codes:
                self.mode = mode
                return
