"""One heat pump with its house, stepped together: weather, controller, machine, water, building."""

from __future__ import annotations

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.controller.heating_controller import Controller, ControllerInputs
from heatpump_twin.drivers.plant.controller.protection import NO_ERROR
from heatpump_twin.drivers.plant.physics.building import Building
from heatpump_twin.drivers.plant.physics.circulation import SLOWEST, Circulation
from heatpump_twin.drivers.plant.physics.controller_counters import ControllerCounters
from heatpump_twin.drivers.plant.physics.cooling_map import CoolingMap
from heatpump_twin.drivers.plant.physics.disturbances import Disturbances
from heatpump_twin.drivers.plant.physics.energy_ledger import Ledger, Stored
from heatpump_twin.drivers.plant.physics.machine import Machine
from heatpump_twin.drivers.plant.physics.meters import ElectricityMeter, HeatMeter
from heatpump_twin.drivers.plant.physics.performance_map import PerformanceMap
from heatpump_twin.drivers.plant.physics.probes import Probes
from heatpump_twin.drivers.plant.physics.refrigerant_circuit import Rest
from heatpump_twin.drivers.plant.physics.sizing import PlantParameters
from heatpump_twin.drivers.plant.physics.stratified_tank import DrawProfile, StratifiedTank
from heatpump_twin.drivers.plant.physics.water_loop import (
    TO_ROOMS,
    TO_TANK,
    WATER_DENSITY,
    Paths,
    WaterLoop,
)
from heatpump_twin.drivers.plant.physics.weather_year import WeatherYear

_WEATHER_EVERY = 60 * MICROSECONDS
_DRIFT_EVERY = 600 * MICROSECONDS
_HEATER_LIMIT = 75.0
"""The backup heater's safety thermostat opens at this. [°C]"""
_BED_TIME, _WAKING_TIME = 22.0, 5.0
"""Between them a night setback holds, by the sun. [h]"""


class HeatPumpPhysics:
    """The state of one heat pump and its house, and how a time step changes it."""

    def __init__(
        self,
        parameters: PlantParameters,
        performance: PerformanceMap,
        cooling: CoolingMap,
        weather: WeatherYear,
        longitude: float,
        seed: int,
        time: int,
    ) -> None:
        p = parameters
        self.parameters = p
        self.time = time
        """µs since the Unix epoch; the state is that of this moment."""
        self._year = weather
        self.weather = weather.at(time)
        self._weather_until = self._drift_until = time
        self._mains = weather.mains_water(time)
        self.controller = Controller(p.controller)
        self.controller.settings.room_setpoint = p.variety.room_setpoint
        limit = p.controller.supply_max - 5.0
        self.controller.settings.dhw_setpoint = min(p.variety.dhw_setpoint, limit)
        room = max(self.controller.settings.room_setpoint, min(self.weather.temperature, 26.0))
        self.loop = WaterLoop(p.loop, 30.0)
        self.tank = StratifiedTank(p.tank, 48.0, 40.0)
        self.building = Building(p.building, p.valves, longitude, room, self.weather)
        around = Rest(self.weather.temperature, room)
        self.machine = Machine(p, performance, cooling, around)
        v = p.variety
        self._draws = DrawProfile(seed, longitude, people=v.people, hours_later=v.hours_later)
        self._solar_shift = longitude / 360.0
        self.probes = Probes(seed)
        self.disturbances = Disturbances()
        self.electricity_meter = ElectricityMeter(seed, p.max_power)
        self.heat_meter = HeatMeter(seed)
        self.counters = ControllerCounters()
        self.ledger = Ledger()
        self.circulation = Circulation(seed, p.nominal_flow, p.pump_power)
        self.backup_power = 0.0
        """Electricity of the backup heater, all of which becomes heat of the water. [W]"""

    @property
    def stored(self) -> Stored:
        """Heat contents of loop, tank and building. [J]"""
        return Stored(self.loop.stored, self.tank.stored, self.building.stored)

    @property
    def plant_room(self) -> float:
        """Air temperature where pipes and tank stand. [°C]"""
        return self.building.room - 1.0

    @property
    def standby_power(self) -> float:
        """Standby: electronics, crankcase heater; the plate's input has them while running. [W]"""
        return 0.0 if self.controller.running else self.parameters.standby_power

    @property
    def electrical_power(self) -> float:
        """Electricity of everything behind the meter. [W]"""
        own = self.machine.power + self.circulation.power + self.standby_power
        return own + self.tank.fluxes.heater + self.backup_power

    @property
    def paths(self) -> Paths:
        """Which way the water goes behind the supply pipe, whatever the controller wants."""
        bad = self.disturbances
        if bad.none:
            return TO_TANK if self.controller.charging else TO_ROOMS
        stuck = bad.present("valve_stuck", self.time)
        tank = float(self.controller.charging) if stuck is None else stuck
        tank += (1.0 - tank) * bad.level("diverter_leaking")
        return Paths(tank, (1.0 - tank) * bad.level("mixing_valve_stuck"))

    def start_counting(self, time: int) -> None:
        """Begin a new ledger, and set the counters to what they would show at a time in µs."""
        p = self.parameters
        self.ledger = Ledger()
        self.electricity_meter.start(time, p.max_power)
        self.heat_meter.start(time, p.nominal_capacity, p.nominal_flow)
        self.counters.start(time, p.nominal_capacity, p.max_power)

    def step(self, dt: float) -> None:
        """Advance the heat pump and its house by dt seconds.

        The order follows the heat: controller, machine, water, tank, house. Each part takes what
        the one before it gave off in this very step, so that no energy is lost in between.
        """
        # Now and then: weather and drift change slowly, and their noise is dear to compute.
        if self.time >= self._drift_until:
            self.probes.refresh(self.time)
            self._mains = self._year.mains_water(self.time)
            self._drift_until = self.time - self.time % _DRIFT_EVERY + _DRIFT_EVERY
        if self.time >= self._weather_until:
            self.weather = self._year.at(self.time)
            self._weather_until = self.time - self.time % _WEATHER_EVERY + _WEATHER_EVERY
        self.controller.step(dt, self._seen())
        self.circulation.step(
            dt, self.time, self._wanted_speed(), self.loop.mean, self.disturbances
        )
        bad = self.disturbances
        self.machine.step(
            dt, self.controller, self.weather, self.loop.supply, bad.impairment, self.ledger
        )
        self._switch_backup()
        self.loop.step(
            dt,
            self.machine.heat,
            self.circulation.flow / 60.0 * WATER_DENSITY,
            backup=self.backup_power,
            paths=self.paths,
            room=self.building.room,
            plant_room=self.plant_room,
            valve_opening=self.building.valve_opening,
            tank=self.tank.around_coil,
            scaled=bad.level("tank_coil_scaled"),
            vented=1.0 - 0.5 * bad.level("air_in_circuit"),
        )
        fluxes = self.loop.fluxes
        self.tank.step(
            dt,
            coil_heat=fluxes.to_tank,
            coil_conductance=fluxes.coil_conductance,
            draw=self._draws.flow(self.time),
            cold=self._mains,
            plant_room=self.plant_room,
            heater=max(float(self.controller.tank_heater_on), bad.level("tank_heater_stuck")),
        )
        inside = fluxes.to_room + fluxes.to_plant_room + self.tank.fluxes.lost
        self.building.step(
            dt,
            inside,
            self.weather,
            self.time,
            self.controller.settings.room_setpoint,
            cooling=self.controller.cooling,
        )
        self._count(dt)
        self.time += round(dt * MICROSECONDS)

    def _seen(self) -> ControllerInputs:
        """Return what the controller's sensors show, right or wrong."""
        time, bad, shows = self.time, self.disturbances, self.probes.steady
        error = bad.present("controller_error", time)
        # A real controller infers the ice from temperatures; this one is told.
        return ControllerInputs(
            supply=shows("supply_temperature", self.loop.supply, time, bad),
            back=shows("return_temperature", self.loop.back, time, bad),
            tank=shows("dhw_temperature", self.tank.sensor, time, bad),
            outdoor=shows("outdoor_temperature", self.weather.temperature, time, bad),
            room=shows("room_temperature", self.building.room, time, bad),
            ice=self.machine.coil.level,
            no_flow=self.controller.pump_on and not self.circulation.flow_switch,
            evaporating=self.machine.circuit.evaporating,
            condensing=self.machine.circuit.condensing,
            curve_shift=bad.level("curve_wrong") - self._setback(),
            error=NO_ERROR if error is None else int(error),
        )

    def _setback(self) -> float:
        """Return by how much the curve is lowered at this hour. [K]"""
        v = self.parameters.variety
        if not v.setback:
            return 0.0
        hour = ((self.time / MICROSECONDS / 86_400.0 + self._solar_shift) % 1.0) * 24.0
        night = (hour - v.hours_later) % 24.0
        return v.setback if night >= _BED_TIME or night < _WAKING_TIME else 0.0

    def _wanted_speed(self) -> float:
        """Return the speed of the water pump: with the heat, so that ΔT stays as designed. [-]"""
        if not self.controller.pump_on:
            return 0.0
        if self.controller.charging or self.controller.defrost.active:
            return 1.0
        return min(max(abs(self.machine.heat) / self.parameters.nominal_capacity, SLOWEST), 1.0)

    def _switch_backup(self) -> None:
        """Switch the backup heater as the controller wants it."""
        bad = self.disturbances
        share = (1.0 - bad.level("backup_heater_failed")) if self.controller.backup_on else 0.0
        share = max(share, bad.level("backup_heater_stuck"))
        if self.loop.heater_outlet > _HEATER_LIMIT:
            share = 0.0
        self.backup_power = self.parameters.backup_power * share

    def _count(self, dt: float) -> None:
        """Add the energies of dt seconds to the ledger, and to the counters of the meters."""
        ledger, loop, tank = self.ledger, self.loop.fluxes, self.tank.fluxes
        house = self.building.fluxes
        ledger.compressor += self.machine.power * dt
        ledger.pump += self.circulation.power * dt
        ledger.standby += self.standby_power * dt
        ledger.tank_heater += tank.heater * dt
        ledger.backup_heater += self.backup_power * dt
        ledger.loop_to_room += loop.to_room * dt
        ledger.loop_to_plant_room += loop.to_plant_room * dt
        ledger.loop_to_tank += loop.to_tank * dt
        ledger.tank_drawn += tank.drawn * dt
        ledger.tank_lost += tank.lost * dt
        ledger.sun += house.sun * dt
        ledger.people += house.people * dt
        ledger.to_outdoors += house.to_outdoors * dt
        self.counters.count(
            dt, charging=self.controller.charging, power=self.machine.power, heat=self.machine.heat
        )

        time, bad, shows = self.time, self.disturbances, self.probes.steady
        meter = self.electricity_meter
        meter.count(dt, meter.measured(self.electrical_power, bad.level("meter_offset")))
        # Without noise: a counter that only counts up would add up its positive half.
        flow = self.heat_meter.measured_flow(self.circulation.flow)
        self.heat_meter.count(
            dt,
            shows("water_flow", flow, time, bad),
            shows("meter_supply_temperature", self.loop.meter_supply, time, bad),
            shows("meter_return_temperature", self.loop.meter_return, time, bad),
        )
