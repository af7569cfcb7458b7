"""The building: air, mass, sun, people, windows and thermostatic valves.

Two resistances and two capacities (Bacher and Madsen, Energy and Buildings 43, 2011, model TiTm),
with a direct path for ventilation and windows::

    C_a dT_a/dt = H_direct (T_o − T_a) + H_coupling (T_m − T_a) + Q_a
    C_m dT_m/dt = H_envelope (T_o − T_m) + H_coupling (T_a − T_m) + Q_m

with a the room's air, m the mass, o outdoors; T in °C, C in J/K, H in W/K, Q in W.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.physics import moist_air as air
from heatpump_twin.drivers.plant.physics.weather_year import Weather


@dataclass(frozen=True, slots=True)
class BuildingParameters:
    """A house that loses 150 W/K."""

    loss: float = 150.0
    """Whole heat loss coefficient. [W/K]"""
    light_share: float = 0.42
    """Share of the loss that goes directly, through ventilation and windows. [-]"""
    air_capacity: float = 3.5e6
    """Heat capacity of air, furniture and inner surfaces. [J/K]"""
    mass_capacity: float = 28e6
    """Heat capacity of walls and floors. [J/K]"""
    coupling: float = 1500.0
    """Conductance between air and mass. [W/K]"""
    aperture: float = 2.6
    """Sunlit area that counts, per horizontal irradiance. [m²]"""
    volume: float = 330.0
    """[m³]"""


@dataclass(frozen=True, slots=True)
class ValveParameters:
    """The parameters of thermostatic radiator valves."""

    band: float = 2.0
    """Change of the room temperature between open and shut. [K]"""
    lag: float = 1200.0
    """Time constant of the wax in the valve. [s]"""


_AIRING_FROM = 24.5
"""Above this room temperature people open windows, and close shutters. [°C]"""
_PEOPLE_VAPOUR = 8.0 / 86_400.0
"""Water vapour from breathing, cooking and washing. [kg/s]"""
_AIR_DENSITY = 1.2
"""[kg/m³]"""


@dataclass(slots=True)
class BuildingFluxes:
    """Heat during the last step. [W]"""

    sun: float = 0.0
    people: float = 0.0
    to_outdoors: float = 0.0


class Building:
    """The state of the building: room and mass temperature, humidity, opening of the valves."""

    def __init__(
        self,
        parameters: BuildingParameters,
        valves: ValveParameters,
        longitude: float,
        room: float,
        weather: Weather,
    ) -> None:
        self._p = parameters
        self._valves = valves
        self._solar_shift = longitude / 360.0
        self.room = room
        # The walls of a heated house are a little cooler than its air.
        self.mass = room - 0.05 * max(room - weather.temperature, 0.0)
        self.valve_opening = 0.5
        self._vapour = weather.humidity_ratio + 0.0015
        self.fluxes = BuildingFluxes()

    @property
    def stored(self) -> float:
        """Heat content above 0 °C. [J]"""
        return self._p.air_capacity * self.room + self._p.mass_capacity * self.mass

    @property
    def relative_humidity(self) -> float:
        """Relative humidity of the room. [%]"""
        pressure = air.vapour_pressure_of(self._vapour)
        return min(air.relative_humidity(self.room, pressure), 98.0)

    def step(
        self,
        dt: float,
        heat: float,
        weather: Weather,
        time: int,
        setpoint: float,
        *,
        cooling: bool = False,
    ) -> None:
        """Advance by dt seconds (backward Euler).

        Parameters
        ----------
        heat : float
            All that the heating system gives off inside. [W]
        time : int
            µs since the Unix epoch.
        setpoint : float
            Room temperature at which the thermostatic valves are half open. [°C]
        cooling : bool
            The valves open for a warm room, as those with a switch for summer do.
        """
        p = self._p
        outdoor = weather.temperature
        # People open windows against heat, and only where it is cooler outdoors.
        discomfort = min(max((self.room - _AIRING_FROM) / 1.5, 0.0), 1.0)
        airing = discomfort if outdoor < self.room else 0.0
        direct = p.loss * (p.light_share + 5.0 * airing)
        # Mass in series with the coupling makes up the rest of the loss coefficient.
        through = p.loss * (1.0 - p.light_share)
        envelope = 1.0 / (1.0 / through - 1.0 / p.coupling)

        sun = p.aperture * weather.irradiance * (1.0 - 0.6 * discomfort)
        people = self._people(time)
        # People and appliances warm mostly the air, the sun mostly the floor that it falls on.
        to_air = heat + 0.7 * people + 0.3 * sun
        to_mass = 0.3 * people + 0.7 * sun
        # Two linear equations in the new temperatures: stable at any time step.
        a11 = p.air_capacity / dt + direct + p.coupling
        a22 = p.mass_capacity / dt + envelope + p.coupling
        b1 = p.air_capacity / dt * self.room + direct * outdoor + to_air
        b2 = p.mass_capacity / dt * self.mass + envelope * outdoor + to_mass
        determinant = a11 * a22 - p.coupling**2
        self.room = (b1 * a22 + p.coupling * b2) / determinant
        self.mass = (a11 * b2 + p.coupling * b1) / determinant
        self.fluxes.sun = sun
        self.fluxes.people = people
        # By the new temperatures, with which the step was solved: so the energy balance closes.
        self.fluxes.to_outdoors = direct * (self.room - outdoor) + envelope * (self.mass - outdoor)

        changes_per_hour = 0.45 + 4.0 * airing
        # The humidity ratio tends to where people's vapour and the air change are in balance.
        rest = weather.humidity_ratio + _PEOPLE_VAPOUR * 3600.0 / (
            _AIR_DENSITY * p.volume * changes_per_hour
        )
        self._vapour += (rest - self._vapour) * (1.0 - math.exp(-dt * changes_per_hour / 3600.0))
        cold = self.room - setpoint if cooling else setpoint - self.room
        wanted = min(max(cold / self._valves.band + 0.5, 0.0), 1.0)
        self.valve_opening += (wanted - self.valve_opening) * (
            1.0 - math.exp(-dt / self._valves.lag)
        )

    def _people(self, time: int) -> float:
        """Return the heat of people and appliances, scaled by the heat loss of the house. [W]"""
        # Solar time, so that it needs no time zone and no summer time.
        hour = ((time / MICROSECONDS / 86_400.0 + self._solar_shift) % 1.0) * 24.0
        if hour < 6.5:
            gain = 180.0
        elif hour < 9.0:
            gain = 420.0
        elif hour < 17.5:
            gain = 240.0
        else:
            gain = 480.0
        return gain * self._p.loss / 150.0
