"""Sizing: from a plate and a climate to an installation: tank, radiators and a house that fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from heatpump_twin.config.settings import Plate, PlatePoint
from heatpump_twin.drivers.plant.controller.controller_settings import ControllerParameters
from heatpump_twin.drivers.plant.controller.supply_setpoint import CompensationLine
from heatpump_twin.drivers.plant.physics.building import BuildingParameters, ValveParameters
from heatpump_twin.drivers.plant.physics.cooling_map import CoolingMap
from heatpump_twin.drivers.plant.physics.frost import CoilParameters
from heatpump_twin.drivers.plant.physics.performance_map import (
    MachineParameters,
    PerformanceMap,
    parameters_of,
)
from heatpump_twin.drivers.plant.physics.stratified_tank import TankParameters
from heatpump_twin.drivers.plant.physics.water_loop import LoopParameters
from heatpump_twin.drivers.plant.physics.weather_year import Climate
from heatpump_twin.drivers.plant.variety import REFERENCE, Variety

_REFERENCE_CAPACITY = 5000.0
"""The defaults of all parameters are those of a machine of 5 kW at A7/W35. [W]"""
_ROOM = 20.0
"""Room temperature that heating is sized for. [°C]"""
_DESIGN_WATER = 45.0
"""Water temperature at the design outdoor temperature. [°C]"""
_BACKUP_SHARE = 0.6
"""Power of the backup heater, of the nominal capacity: 3 kW beside a machine of 5 kW. [-]"""
_LOAD_SHARE = 0.75
"""Design heat load over the capacity then: hot water and defrost take their part. So the load is
0.6 to 0.7 of the capacity at A7/W35; of 96 metered houses of openenergymonitor.org the median is
0.7, and 10 to 90 % are 0.4 to 1.0. [-]"""
_EMITTER_RESERVE = 1.45
"""Emitter power at the design water temperature over the design load."""


_FLOOR_MASS = 12.0
"""Screed and its pipes over radiators and their water. [-]"""
_FLOOR_AREA = 1.7
"""Heat of a floor at 45/40 °C over that of the radiators that would do. [-]"""
_FLOOR_COLDER = (5.0, 2.0)
"""How much colder a curve for floors is, at the design temperature and in mild air. [K]"""


@dataclass(frozen=True, slots=True)
class PlantParameters:
    """Everything about one emulated heat pump and the house around it."""

    machine: MachineParameters
    coil: CoilParameters
    loop: LoopParameters
    tank: TankParameters
    building: BuildingParameters
    valves: ValveParameters
    controller: ControllerParameters
    nominal_capacity: float
    """At A7/W35. [W]"""
    nominal_flow: float
    """[l/min]"""
    max_power: float
    pump_power: float
    standby_power: float
    backup_power: float
    """Backup heater. [W]"""
    variety: Variety = REFERENCE

    @property
    def scale(self) -> float:
        """Size relative to a machine of 5 kW. [-]"""
        return self.nominal_capacity / _REFERENCE_CAPACITY


def map_of(plate: Plate, machine: MachineParameters | None = None) -> PerformanceMap:
    """Return the performance map of the emulated machine with this plate."""
    return PerformanceMap(plate.heating, plate.max_power, machine or parameters_of(plate))


def cooling_map_of(plate: Plate) -> CoolingMap:
    """Return the cooling map of the emulated machine with this plate."""
    nominal = map_of(plate).operate(7.0, 35.0, 1.0)
    rated = PlatePoint(outdoor=7.0, water=35.0, capacity=nominal.capacity, power=nominal.power)
    return CoolingMap(plate, rated, parameters_of(plate))


def _machine_of(plate: Plate, variety: Variety) -> MachineParameters:
    """Return a machine with better or worse heat exchangers than others of its plate."""
    usual = parameters_of(plate)
    return replace(
        usual,
        evaporator_approach=variety.approach * usual.evaporator_approach,
        condenser_approach=variety.approach * usual.condenser_approach,
    )


def size(plate: Plate, climate: Climate, variety: Variety = REFERENCE) -> PlantParameters:
    """Size the installation for a plate in a climate."""
    performance = map_of(plate)
    nominal = performance.full_capacity(7.0, 35.0)
    design = climate.design_temperature
    load = variety.load * _LOAD_SHARE * performance.full_capacity(design, _DESIGN_WATER)
    # In a mild climate the difference gets small, and the house would be one without insulation.
    loss = load / max(_ROOM - design, 8.0)
    scale = nominal / _REFERENCE_CAPACITY
    house = loss / BuildingParameters().loss
    machine = _machine_of(plate, variety)
    loop, building = LoopParameters(), BuildingParameters()
    return PlantParameters(
        machine=machine,
        coil=CoilParameters(),
        loop=LoopParameters(
            exchanger=loop.exchanger * scale,
            # Losses go with the surface: of a pipe, by the root of what it holds.
            exchanger_loss=loop.exchanger_loss * scale**0.5,
            thermosiphon=loop.thermosiphon * scale,
            pipe_litres=loop.pipe_litres * scale,
            pipe_loss=loop.pipe_loss * scale**0.5,
            emitter=loop.emitter * scale * (_FLOOR_MASS if variety.floor_heating else 1.0),
            emitter_power=_EMITTER_RESERVE * load * (_FLOOR_AREA if variety.floor_heating else 1.0),
            emitter_exponent=1.1 if variety.floor_heating else loop.emitter_exponent,
            buffer_litres=variety.buffer_litres * scale,
            coil_litres=loop.coil_litres * scale,
            coil_conductance=loop.coil_conductance * scale,
        ),
        tank=TankParameters(litres=130.0 + 50.0 * scale),
        building=BuildingParameters(
            loss=loss,
            air_capacity=building.air_capacity * house,
            mass_capacity=building.mass_capacity * house * variety.mass,
            coupling=building.coupling * house,
            aperture=building.aperture * house * variety.windows,
            volume=building.volume * house,
        ),
        valves=ValveParameters(),
        controller=ControllerParameters(
            supply_max=plate.max_supply,
            min_modulation=machine.min_modulation,
            compensation=_curve(design, variety),
        ),
        nominal_capacity=nominal,
        nominal_flow=plate.nominal_flow,
        max_power=plate.max_power,
        pump_power=plate.pump_power,
        standby_power=plate.standby_power,
        backup_power=_BACKUP_SHARE * nominal,
        variety=variety,
    )


def _curve(design: float, variety: Variety) -> CompensationLine:
    """Return the heating curve that the installer has set."""
    usual = CompensationLine(outdoor_low=min(design, 5.0))
    cold, mild = _FLOOR_COLDER if variety.floor_heating else (0.0, 0.0)
    return replace(
        usual,
        water_high=usual.water_high - cold + variety.curve_shift,
        water_low=usual.water_low - mild + variety.curve_shift,
    )
