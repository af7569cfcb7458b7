"""The maker's heating controller: what to heat, how warm, and how fast the compressor runs."""

from __future__ import annotations

from typing import NamedTuple

from heatpump_twin.drivers.plant.controller.controller_settings import (
    COOLS_ROOMS,
    ControllerMode,
    ControllerParameters,
    ControllerSettings,
)
from heatpump_twin.drivers.plant.controller.defrost import Defrost
from heatpump_twin.drivers.plant.controller.protection import NO_ERROR, Protection
from heatpump_twin.drivers.plant.controller.supply_setpoint import SupplySetpoint

_ZONE_1 = 1
_HEATS_ROOMS = (
    ControllerMode.HEATING,
    ControllerMode.HEATING_AND_HOT_WATER,
    ControllerMode.AUTOMATIC,
)
_HEATS_WATER = (
    ControllerMode.HEATING_AND_HOT_WATER,
    ControllerMode.HOT_WATER,
    ControllerMode.COOLING_AND_HOT_WATER,
    ControllerMode.AUTOMATIC,
)


class ControllerInputs(NamedTuple):
    """The inputs of the controller: what its own sensors show. [°C]"""

    supply: float
    back: float
    tank: float
    outdoor: float
    room: float
    ice: float
    """Ice on the coil, as a share of what a defrost is due at. [-]"""
    no_flow: bool
    evaporating: float
    condensing: float
    curve_shift: float = 0.0
    """How much warmer than the installer's the curve is set. [K]"""
    error: int = NO_ERROR
    """An error with a cause outside of the model."""


class Controller:
    """The controller of the heat pump: it decides in every step; the attributes are its outputs."""

    def __init__(self, parameters: ControllerParameters) -> None:
        self._p = parameters
        self.settings = ControllerSettings(dhw_setpoint=min(48.0, parameters.supply_max - 5.0))
        self.setpoint = SupplySetpoint(
            parameters.compensation, parameters.supply_min, parameters.supply_max
        )
        self.protection = Protection()
        self.defrost = Defrost(parameters.defrost)
        self.running = False
        self.charging = False
        """The three-way valve points to the tank."""
        self.cooling = False
        """The machine runs, or would run, in reverse to cool the rooms."""
        self.pump_on = False
        self.tank_heater_on = False
        self.backup_on = False
        self.modulation = 0.0
        self.target = self.setpoint.value
        self.run_time = 0.0
        """Run time of the compressor since its last start. [s]"""
        self.starts = 0
        self.degree_minutes = 0.0
        """How much and for how long the water was warmer than its target. [K min]"""
        self._off_time = parameters.min_off
        self._integral = 0.5
        self._charge_time = 0.0
        self._rest = 0.0
        self._overrun = 0.0
        self._short = 0.0
        self._cold_outdoors = True
        self._cold_rooms = True
        self._warm_rooms = False

    def step(self, dt: float, seen: ControllerInputs) -> None:
        """Decide what to heat and how fast to run, by the sensors, for dt seconds.

        Protection comes first, because all else depends on whether the machine may run at all; the
        speed comes last, as a defrost takes it out of the controller's hands.
        """
        self.protection.step(
            dt,
            no_flow=seen.no_flow,
            evaporating=seen.evaporating,
            condensing=seen.condensing,
            coldest=min(seen.supply, seen.back, seen.outdoor),
            external=seen.error,
        )
        faulty = self.protection.code != NO_ERROR
        self.setpoint.step(dt, seen.outdoor, seen.curve_shift)
        heating = self._wants_heating(seen)
        self._decide_charging(dt, seen, faulty)
        self._decide_cooling(seen)
        self.target = self._target()
        self._sum_degrees(dt, seen, heating)
        asked = heating or self.charging or self.cooling
        demand = asked and not faulty
        self._switch_compressor(dt, seen, demand)
        self.defrost.step(
            dt, running=self.running, run_time=self.run_time, ice=seen.ice, back=seen.back
        )
        self._modulate(dt, seen)
        self._decide_backup(dt, seen)
        self._overrun = self._p.pump_overrun if self.running else max(self._overrun - dt, 0.0)
        # Frost protection: moving water does not freeze as soon, so that the pump alone has to do.
        freezing = seen.outdoor < 3.0 and min(seen.supply, seen.back) < 8.0
        # On between two runs of the compressor as well, since sensors in standing water show the
        # room, and by them the compressor starts.
        self.pump_on = asked or self._overrun > 0.0 or freezing

    def _wants_heating(self, seen: ControllerInputs) -> bool:
        limit = self._p.heating_limit
        # 1 K to either side, or heating would come and go with every cloud.
        if seen.outdoor > limit + 1.0:
            self._cold_outdoors = False
        elif seen.outdoor < limit - 1.0:
            self._cold_outdoors = True
        s = self.settings
        warm = s.room_setpoint + self._p.room_limit
        self._cold_rooms = seen.room < (warm if self._cold_rooms else warm - 0.7)
        wanted = s.enabled and s.mode in _HEATS_ROOMS and bool(s.zones & _ZONE_1)
        # A setpoint that somebody wrote is heat that somebody wants, in summer too.
        if self.setpoint.on_curve:
            return wanted and self._cold_outdoors and self._cold_rooms
        return wanted and (self._cold_outdoors or s.mode != ControllerMode.AUTOMATIC)

    def _decide_cooling(self, seen: ControllerInputs) -> None:
        p, s = self._p, self.settings
        warm = s.room_setpoint + p.cooling_room - (0.7 if self._warm_rooms else 0.0)
        self._warm_rooms = seen.room > warm
        cools = s.mode in COOLS_ROOMS or (s.mode == ControllerMode.AUTOMATIC and s.changes_over)
        wanted = s.enabled and cools and bool(s.zones & _ZONE_1)
        outdoors = seen.outdoor > p.cooling_limit
        before = self.cooling
        self.cooling = wanted and self._warm_rooms and outdoors and not self.charging
        # The four-way valve does not turn under pressure: a pause comes between.
        if self.cooling != before and self.running:
            self._stop()

    def _stop(self) -> None:
        self.running, self._off_time, self.modulation = False, 0.0, 0.0

    def _sum_degrees(self, dt: float, seen: ControllerInputs, heating: bool) -> None:
        if heating and not self.charging:
            summed = self.degree_minutes + (seen.supply - self.target) * dt / 60.0
            self.degree_minutes = min(max(summed, -3000.0), 100.0)

    def _decide_charging(self, dt: float, seen: ControllerInputs, faulty: bool) -> None:
        p, s = self._p, self.settings
        self._rest = max(self._rest - dt, 0.0)
        heats_water = s.hot_water_apart or s.mode in _HEATS_WATER
        wanted = s.enabled and s.dhw_enabled and heats_water
        self.tank_heater_on = False
        if not wanted:
            self.charging = False
        elif faulty:
            # Emergency operation: the immersion heater keeps the tank usable.
            self.charging = False
            self.tank_heater_on = seen.tank < s.dhw_setpoint - p.tank_below
        elif self.charging:
            self._charge_time += dt
            # Beyond what the compressor can reach, the immersion heater finishes.
            self.tank_heater_on = p.supply_max - 4.0 < seen.tank < s.dhw_setpoint
            if seen.tank >= s.dhw_setpoint:
                self.charging = False
            elif self._charge_time >= p.longest_charge:
                self.charging, self._rest = False, p.rest_after_charge
        elif seen.tank < s.dhw_setpoint - p.tank_below and self._rest == 0.0:
            self.charging, self._charge_time = True, 0.0

    def _target(self) -> float:
        p, s = self._p, self.settings
        if self.charging:
            return min(s.dhw_setpoint + p.tank_excess, p.supply_max)
        if self.cooling:
            return p.cooling_water
        return self.setpoint.value

    def _switch_compressor(self, dt: float, seen: ControllerInputs, demand: bool) -> None:
        p = self._p
        easy = self.setpoint.on_curve and not self.charging
        short = self._short_of_target(seen)
        if not self.running:
            self._off_time += dt
            far = short > (p.curve_band if easy else p.start_below)
            if demand and far and self._off_time >= (p.curve_pause if easy else p.min_off):
                self.running, self.run_time = True, 0.0
                # From the middle: an integral from the last run would answer another load.
                self.modulation, self._integral = p.start_modulation, 0.5
                self.starts += 1
            return
        self.run_time += dt
        above = p.curve_band if easy else p.stop_above
        beyond = -short > above and not self.defrost.active
        at_limit = seen.supply > p.supply_max + 4.0
        # Neither the end of demand nor the limit of the machine waits for the shortest run.
        if not demand or at_limit or (beyond and self.run_time >= p.min_on):
            self._stop()

    def _short_of_target(self, seen: ControllerInputs) -> float:
        """Return by how much the water is too cold, or, while cooling, too warm. [K]"""
        short = self.target - seen.supply
        return -short if self.cooling else short

    def _decide_backup(self, dt: float, seen: ControllerInputs) -> None:
        """Let the backup heater help a compressor that cannot do more, in frost, and only then."""
        p = self._p
        able = (
            self.running and not (self.charging or self.cooling) and seen.outdoor < p.backup_below
        )
        highest = p.silent_limit if self.settings.silent else 1.0
        deficit = self.target - seen.supply
        strained = self.modulation > 0.95 * highest and deficit > p.backup_deficit
        # A defrost is no lack of capacity: the time waits while it lasts.
        if not self.defrost.active:
            self._short = self._short + dt if able and strained else 0.0
        lasting = self._short >= p.backup_delay
        self.backup_on = able and (lasting or (self.backup_on and deficit > 1.0))

    def _modulate(self, dt: float, seen: ControllerInputs) -> None:
        """Set the compressor speed: PI on the supply temperature, with a ramp, without wind-up."""
        p = self._p
        if not self.running or self.defrost.active or self.run_time < p.start_hold:
            return
        highest = p.silent_limit if self.settings.silent else 1.0
        deviation = self._short_of_target(seen)
        wanted = p.gain * deviation + self._integral
        saturated = wanted >= highest if deviation > 0.0 else wanted <= p.min_modulation
        # At a limit the integral stands still: wound up, it would hold the speed there for long
        # after the deviation has changed its sign.
        if not saturated:
            self._integral += p.gain / p.reset_time * deviation * dt
        wanted = min(max(wanted, p.min_modulation), highest)
        step = p.ramp * dt
        self.modulation += min(max(wanted - self.modulation, -step), step)
