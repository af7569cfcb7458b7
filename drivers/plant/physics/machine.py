"""The machine: compressor, coil and refrigerant circuit, in heating, cooling and defrost."""

from __future__ import annotations

import math

from heatpump_twin.drivers.plant.controller.defrost import DefrostPhase
from heatpump_twin.drivers.plant.controller.heating_controller import Controller
from heatpump_twin.drivers.plant.physics.cooling_map import CoolingMap
from heatpump_twin.drivers.plant.physics.energy_ledger import Ledger
from heatpump_twin.drivers.plant.physics.frost import Coil
from heatpump_twin.drivers.plant.physics.performance_map import Impairment, PerformanceMap
from heatpump_twin.drivers.plant.physics.refrigerant_circuit import RefrigerantCircuit, Rest
from heatpump_twin.drivers.plant.physics.sizing import PlantParameters
from heatpump_twin.drivers.plant.physics.weather_year import Weather

_START_LAG = 50.0
"""A starting compressor first has to fetch its refrigerant and warm its metal. [s]"""
_START_SHARE = 0.5
"""Share of the heat that is missing in the first moment of a run. [-]"""
REVERSE_HEAT = 0.6
"""Heat that a defrost takes from the water, of the nominal capacity. [-]"""
REVERSE_POWER = 0.16
"""Electricity of a defrost, of the nominal capacity. [-]"""
_REVERSE_SHARE = {
    DefrostPhase.REVERSING: 0.35,
    DefrostPhase.MELTING: 1.0,
    DefrostPhase.DRAINING: 0.25,
}
"""While pressures change over, and while water drips off, the compressor has little to do. [-]"""
_RATED_ICE = 1.15
"""What frost and defrost cost in a rating near freezing, as ice on the coil. [-]"""


class Machine:
    """The state of the machine, and the heat and the electricity of its last step."""

    def __init__(
        self,
        parameters: PlantParameters,
        performance: PerformanceMap,
        cooling: CoolingMap,
        around: Rest,
    ) -> None:
        self._p = parameters
        self._map = performance
        self._cooling = cooling
        self.coil = Coil(parameters.coil, parameters.scale)
        self.circuit = RefrigerantCircuit(parameters.machine, around)
        self.heat = 0.0
        """Heat into the water; negative while defrosting or cooling. [W]"""
        self.power = 0.0
        """Electricity of compressor, inverter and fan. [W]"""
        self.modulation = 0.0
        """Compressor speed after the power limit. [-]"""

    def step(
        self,
        dt: float,
        controller: Controller,
        weather: Weather,
        supply: float,
        bad: Impairment,
        ledger: Ledger,
    ) -> None:
        """Run the compressor as the controller wants it, or let the circuit rest, for dt seconds.

        ``supply`` is the water that leaves the machine. [°C]
        """
        if not controller.running:
            self.heat = self.power = self.modulation = 0.0
            self.circuit.rest(dt, Rest(weather.temperature, supply))
            self.coil.thaw(dt, weather.temperature)
        elif controller.defrost.active:
            self._defrost(dt, controller.defrost.phase, supply, bad, ledger)
        elif controller.cooling:
            self._cool(dt, controller, weather.temperature, supply, bad, ledger)
        else:
            self._heat(dt, controller, weather, supply, bad, ledger)

    def _heat(
        self,
        dt: float,
        controller: Controller,
        weather: Weather,
        supply: float,
        bad: Impairment,
        ledger: Ledger,
    ) -> None:
        outdoor = weather.temperature
        rated = rated_ice(outdoor)
        operation = self._map.operate(
            outdoor, supply, controller.modulation, self.coil.level - rated, bad
        )
        # The coil itself has the ice that it has.
        evaporating = operation.evaporating - self._p.machine.frost_approach * rated
        self.heat = operation.capacity * (1.0 - _missing(controller.run_time))
        self.power = operation.power
        self.modulation = operation.modulation
        self.coil.collect(dt, outdoor, weather.humidity_ratio, operation.modulation, bad.air_share)
        self.circuit.run(dt, evaporating, operation.condensing, bad.undercharge)
        ledger.heat_to_water += self.heat * dt
        # The air gives what the map says; what a start takes of it is booked as lost.
        ledger.start_loss += (operation.capacity - self.heat) * dt
        ledger.heat_from_air += (operation.capacity - operation.power) * dt

    def _cool(
        self,
        dt: float,
        controller: Controller,
        outdoor: float,
        supply: float,
        bad: Impairment,
        ledger: Ledger,
    ) -> None:
        """Run in reverse for dt seconds: heat of the water goes to the air."""
        operation = self._cooling.operate(outdoor, supply, controller.modulation, bad)
        self.heat = -operation.capacity * (1.0 - _missing(controller.run_time))
        self.power = operation.power
        self.modulation = operation.modulation
        self.coil.thaw(dt, outdoor)
        self.circuit.run(dt, operation.evaporating, operation.condensing, bad.undercharge)
        ledger.cooling_from_water -= self.heat * dt
        ledger.cooling_electricity += operation.power * dt
        ledger.heat_to_air += (operation.power - self.heat) * dt

    def _defrost(
        self, dt: float, phase: DefrostPhase, supply: float, bad: Impairment, ledger: Ledger
    ) -> None:
        """Run a reverse-cycle defrost for dt seconds: heat from the water melts the ice."""
        nominal, share = self._p.nominal_capacity, _REVERSE_SHARE[phase]
        melting = phase is DefrostPhase.MELTING
        seated = 1.0 - bad.valve_leak
        self.heat = -REVERSE_HEAT * nominal * seated if melting else 0.0
        self.power = REVERSE_POWER * nominal * share
        self.modulation = 0.75 * share
        if melting:  # `heat` is negative: the coil gets the water's heat and the electricity
            self.coil.melt(dt, seated * self.power - self.heat)
        # The coil condenses now, a little above the melting ice; the water side evaporates.
        self.circuit.run(dt, max(supply - 35.0, -18.0), 9.0, 0.0)
        ledger.defrost_from_water -= self.heat * dt
        ledger.defrost_electricity += self.power * dt


def _missing(run_time: float) -> float:
    """Return the share of the heat that a compressor does not deliver yet, at a run time in s."""
    return _START_SHARE * math.exp(-run_time / _START_LAG)


def rated_ice(outdoor: float) -> float:
    """Return the ice, of what starts a defrost, that costs what frost does in a rating. [-]"""
    # Rated capacities and inputs near freezing are those of whole cycles with frost and defrost
    # (EN 14511-3): a clean coil does better, and both would be counted twice.
    return _RATED_ICE * min(max((5.0 - outdoor) / 3.0, 0.0), 1.0)
