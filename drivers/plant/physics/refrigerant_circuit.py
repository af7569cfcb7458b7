"""The refrigerant circuit as its sensors see it: pressures and temperatures that lag behind."""

from __future__ import annotations

import math
from typing import NamedTuple

from heatpump_twin.drivers.plant.physics.performance_map import MachineParameters

_LAG = 35.0
"""Pressures and pipe sensors follow the compressor. [s]"""
_REST_LAG = 240.0
"""Stopped, they fall back to the air and the water. [s]"""


class Rest(NamedTuple):
    """The temperatures around a standing circuit. [°C]"""

    outdoor: float
    water: float


class RefrigerantCircuit:
    """The temperatures of the refrigerant circuit, each following with a first-order lag. [°C]"""

    def __init__(self, parameters: MachineParameters, rest: Rest) -> None:
        self._p = parameters
        self.evaporating = self.condensing = min(rest.outdoor, rest.water)
        self.discharge = self.suction = rest.outdoor
        self.liquid = rest.water
        self.coil_outlet = rest.outdoor

    @property
    def high_pressure(self) -> float:
        """Condensing pressure, absolute. [bar]"""
        return self._p.refrigerant.pressure(self.condensing)

    @property
    def low_pressure(self) -> float:
        """Evaporating pressure, absolute. [bar]"""
        return self._p.refrigerant.pressure(self.evaporating)

    def run(self, dt: float, evaporating: float, condensing: float, undercharge: float) -> None:
        """Follow the running compressor for dt seconds.

        Missing refrigerant shows as more superheat and less subcooling.

        Parameters
        ----------
        evaporating, condensing : float
            Saturation temperatures that the circuit settles at. [°C]
        undercharge : float
            Missing share of the refrigerant. [-]
        """
        p = self._p
        # The exact step of a first-order lag: steps of 60 s are as stable as those of 1 s.
        follow = 1.0 - math.exp(-dt / _LAG)
        superheat = p.superheat + 30.0 * undercharge
        subcooling = max(p.subcooling * (1.0 - 2.5 * undercharge), 0.3)
        self.evaporating += follow * (evaporating - self.evaporating)
        self.condensing += follow * (condensing - self.condensing)
        self.suction += follow * (self.evaporating + superheat - self.suction)
        self.coil_outlet += follow * (self.evaporating + 0.8 * superheat - self.coil_outlet)
        self.liquid += follow * (self.condensing - subcooling - self.liquid)
        gas = p.refrigerant.discharge_temperature(self.suction, self.evaporating, self.condensing)
        # Controllers slow down before the gas is hot enough to harm the oil.
        self.discharge += follow * (min(gas, 115.0) - self.discharge)

    def rest(self, dt: float, around: Rest) -> None:
        """Relax the standing circuit for dt seconds towards what surrounds it.

        The refrigerant gathers where it is coldest, and that temperature sets the pressure.
        """
        follow = 1.0 - math.exp(-dt / _REST_LAG)
        coldest = min(around.outdoor, around.water)
        self.evaporating += follow * (coldest - self.evaporating)
        self.condensing += follow * (coldest - self.condensing)
        self.suction += follow * (around.outdoor - self.suction)
        self.coil_outlet += follow * (around.outdoor - self.coil_outlet)
        self.discharge += follow * (around.outdoor - self.discharge)
        self.liquid += follow * (around.water - self.liquid)
