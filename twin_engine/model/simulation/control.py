"""The heating controller: curve, summer limit, hysteresis, hot water first, backup heater."""

from __future__ import annotations

from dataclasses import dataclass

from heatpump_twin.twin_engine.model.compiled import compiled


@dataclass(frozen=True, slots=True)
class HeatingControl:
    """How the installer has set the controller; hours and setpoints are in `Calendar`."""

    outdoor_low: float = -5.0
    water_high: float = 39.0
    outdoor_high: float = 16.0
    water_low: float = 25.0
    """Heating curve: a straight line between two points, constant beyond them. [°C]"""
    shift: float = 0.0
    """By how much the curve is raised. [K]"""
    damping: float = 3 * 3600.0
    """Time constant with which the curve follows the outdoor air. [s]"""
    summer_limit: float = 16.0
    """Outdoor temperature above which rooms are not heated, 1 K to either side. [°C]"""
    room_limit: float = 1.5
    """Rooms this much above their setpoint are not heated. [K]"""
    band: float = 4.0
    """How far the water passes its target before the compressor starts or stops. [K]"""
    least_run: float = 180.0
    least_pause: float = 1500.0
    """Shortest run and pause of the compressor. [s]"""
    highest_water: float = 55.0
    """[°C]"""
    tank_below: float = 6.0
    """Hot water is made from this far below its setpoint. [K]"""
    tank_excess: float = 8.0
    """Water for the tank is at most this much above its setpoint. [K]"""
    longest_charge: float = 5400.0
    """Longest time for which hot water keeps the rooms waiting. [s]"""
    rest_after_charge: float = 1800.0
    """Then the rooms come first for this long. [s]"""
    backup_below: float = 0.0
    """Bivalence point: outdoor temperature below which the backup heater may help. [°C]"""
    backup_delay: float = 1800.0
    """How long the machine was not able to do it alone. [s]"""
    backup_deficit: float = 4.0
    """How far the water must be below its target. [K]"""
    backup_power: float = 0.0
    """0: there is none. [W]"""


@compiled
def curve_water(control: HeatingControl, outdoor: float) -> float:
    """Return the water temperature that the heating curve asks for. [°C]"""
    span = (outdoor - control.outdoor_low) / (control.outdoor_high - control.outdoor_low)
    fall = control.water_high - control.water_low
    water = control.water_high - fall * min(max(span, 0.0), 1.0) + control.shift
    return min(water, control.highest_water)


@compiled
def wants_rooms(
    control: HeatingControl, before: float, outdoor: float, room: float, setpoint: float
) -> float:
    """Return 1 where rooms are to be heated; ``before`` is what was decided last. [-]"""
    # Within the hysteresis it stays as it was, or heating would come and go with every cloud.
    cold = outdoor < control.summer_limit + (1.0 if before > 0.5 else -1.0)
    limit = setpoint + control.room_limit - (0.0 if before > 0.5 else 0.7)
    return 1.0 if cold and room < limit else 0.0


@compiled
def wants_tank(
    control: HeatingControl, charging: float, tank: float, setpoint: float, charged: float,
    rest: float,
) -> float:  # fmt: skip
    """Return 1 where the tank is to be charged. [-]

    Parameters
    ----------
    charging : float
        Whether it is being charged.
    tank, setpoint : float
        At the tank's sensor. [°C]
    charged, rest : float
        How long it has been charged, and for how long the rooms still come first. [s]
    """
    if charging > 0.5:
        return 1.0 if tank < setpoint and charged < control.longest_charge else 0.0
    return 1.0 if tank < setpoint - control.tank_below and rest <= 0.0 else 0.0


@compiled
def runs(
    control: HeatingControl, running: float, since: float, water: float, target: float
) -> float:
    """Return 1 where the compressor is to run for the rooms, by hysteresis. [-]

    Parameters
    ----------
    running : float
        Whether it runs.
    since : float
        How long it has run or paused. [s]
    water, target : float
        Leaving water: as it is, or while running as it is at the lowest speed. [°C]
    """
    if running > 0.5:
        warm = water > target + control.band
        return 0.0 if warm and since >= control.least_run else 1.0
    return 1.0 if water < target - control.band and since >= control.least_pause else 0.0
