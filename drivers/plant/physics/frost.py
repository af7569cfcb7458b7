"""Frost on the outdoor coil: how ice grows on it, and the heat that melts it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from heatpump_twin.drivers.plant.physics import moist_air as air

_FUSION = 334_000.0
"""Latent heat of ice. [J/kg]"""


@dataclass(frozen=True, slots=True)
class CoilParameters:
    """The outdoor coil of a machine of 5 kW; air flow and ice scale with the capacity."""

    air_flow: float = 0.55
    """Dry air through the coil. [kg/s]"""
    contact: float = 0.38
    """Share of that air that reaches the surface temperature (one less the bypass factor). [-]"""
    cold_growth: float = 0.07
    """Frost that grows less for each kelvin below freezing: it insulates the fins. [1/K]"""
    surface_below_air: float = 2.5
    """Air less surface temperature at the lowest speeds. [K]"""
    surface_per_speed: float = 4.0
    """What full speed adds to it: at A7, of 87 % humidity, ratings know of no frost. [K]"""
    surface_per_ice: float = 5.0
    """What a coil full of ice adds to it. [K]"""
    capacity: float = 1.3
    """Ice that blocks the coil so far that a defrost is due. [kg]"""
    most: float = 2.0
    """Ice that fills it, as a share of that: no air passes that could bring more. [-]"""
    melting_efficiency: float = 0.6
    """Share of the defrost heat that melts ice; the rest warms metal and air. [-]"""


class Coil:
    """The outdoor coil with its ice.

    Ice grows by dm/dt = contact · ṁ_air · (w_air − w_sat(T_surface)) while the surface is below
    0 °C: the air that touches it leaves saturated at its temperature (bypass-factor method).
    """

    def __init__(self, parameters: CoilParameters, scale: float) -> None:
        self._p = parameters
        self._scale = scale
        self.ice = 0.0
        """[kg]"""

    @property
    def level(self) -> float:
        """Ice as a share of what starts a defrost. [-]"""
        return self.ice / (self._p.capacity * self._scale)

    def collect(
        self, dt: float, outdoor: float, humidity_ratio: float, speed: float, air_share: float = 1.0
    ) -> None:
        """Collect ice from the air that passes the running coil.

        Parameters
        ----------
        dt : float
            Time step. [s]
        outdoor : float
            Outdoor air. [°C]
        humidity_ratio : float
            Of that air. [kg/kg]
        speed : float
            Compressor speed as a share of the highest. [-]
        air_share : float
            Share of the air that fan and fins let through. [-]
        """
        p = self._p
        below = p.surface_below_air + p.surface_per_speed * speed + p.surface_per_ice * self.level
        surface = outdoor - below
        if surface >= 0.0 or self.level >= p.most:  # what condenses drips off
            return
        saturated = air.humidity_ratio(air.saturation_pressure(surface))
        surplus = max(humidity_ratio - saturated, 0.0)
        growth = p.contact * math.exp(p.cold_growth * min(outdoor, 0.0))
        self.ice += dt * growth * air_share * p.air_flow * self._scale * surplus

    def thaw(self, dt: float, outdoor: float) -> None:
        """Melt ice with still air at ``outdoor`` °C, while the machine stands, for dt seconds."""
        if self.ice > 0.0 and outdoor > 0.5:
            # 60 W/K from the air to the coil of a machine of 5 kW.
            self.ice = max(self.ice - dt * 60.0 * self._scale * outdoor / _FUSION, 0.0)

    def melt(self, dt: float, heat: float) -> None:
        """Melt ice with the heat of a defrost, in W, for dt seconds."""
        self.ice = max(self.ice - dt * heat * self._p.melting_efficiency / _FUSION, 0.0)
