"""The water loop: condenser, pipes, emitter (radiators), three-way valve and tank coil.

Every volume is a well-mixed node. The water goes out through condenser and supply pipe, then by the
three-way valve through the rooms' emitters, the tank's coil or (a broken mixing valve) straight on,
and home through the return pipe. One step solves this ring by backward Euler, so that any step is
stable and no heat is lost between nodes.
The supply pipe gives the transport delay between the machine's sensor and the heat meter's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

WATER_HEAT = 4186.0
"""Specific heat of water. [J/(kg K)]"""
WATER_DENSITY = 0.99
"""At 45 °C. [kg/l]"""


@dataclass(frozen=True, slots=True)
class LoopParameters:
    """The parameters of a water loop."""

    exchanger: float = 18_000.0
    """Heat capacity of the condenser with its water. [J/K]"""
    exchanger_loss: float = 1.5
    """Loss of the condenser to the plant room. [W/K]"""
    thermosiphon: float = 0.0015
    """Flow that warm water keeps up in a standing loop. [kg/s]"""
    pipe_litres: float = 2.2
    """Each of the two volumes of the supply pipe, and of the return pipe. [l]"""
    pipe_loss: float = 0.6
    """Loss of one such volume to the plant room. [W/K]"""
    emitter: float = 165_000.0
    """Heat capacity of the radiators with their water. [J/K]"""
    emitter_power: float = 3300.0
    """Heat of the emitters with all valves open, at 45/40 °C water and 20 °C room. [W]"""
    emitter_exponent: float = 1.3
    """n in Q = K ΔTⁿ: radiators 1.3, floors 1.1 (EN 442, EN 1264). [-]"""
    unvalved_share: float = 0.25
    """Share of emitters without thermostatic valve: bathrooms, the bypass that keeps flow. [-]"""
    buffer_litres: float = 0.0
    """Buffer in series behind the emitters. [l]"""
    buffer_loss: float = 1.0
    """Loss of the buffer to the plant room. [W/K]"""
    coil_litres: float = 4.0
    """Water in the tank's coil. [l]"""
    coil_conductance: float = 800.0
    """Conductance from the coil to the tank: 3 m² of smooth pipe, as tanks for heat pumps have. The
    water of a charge is then 44 to 50 °C, as metered machines have it. [W/K]"""


@dataclass(slots=True)
class LoopFluxes:
    """Heat that left the loop during the last step. [W]"""

    to_room: float = 0.0
    to_tank: float = 0.0
    to_plant_room: float = 0.0
    coil_conductance: float = 0.0
    """Conductance at which the coil gave `to_tank`. [W/K]"""


# In one well-mixed node the water would return as warm as the mean of the emitter.
_EMITTER_NODES = 3
_EXCHANGER, _SUPPLY_1, _SUPPLY_2, _EMITTER, _RETURN_1, _RETURN_2, _COIL = 0, 1, 2, 3, 6, 7, 8
_OUTWARD = (_EXCHANGER, _SUPPLY_1, _SUPPLY_2)
_ROOMS = (3, 4, 5)
_BUFFER = 9
_HOMEWARD = (_RETURN_1, _RETURN_2)
_STILL_COIL = 2.0
"""Conductance from the coil to the tank while no water moves in it. [W/K]"""
_RATED_EXCESS = 22.5
"""Mean water of 45/40 °C less a room of 20 °C. [K]"""


class Paths(NamedTuple):
    """Which way the water goes behind the supply pipe, as shares of it; the rest: the rooms. [-]"""

    tank: float = 0.0
    past: float = 0.0
    """Past the emitters, straight into the return pipe."""

    @property
    def rooms(self) -> float:
        """Through the emitters. [-]"""
        return 1.0 - self.tank - self.past


TO_ROOMS = Paths()
TO_TANK = Paths(tank=1.0)


class WaterLoop:
    """The temperatures of the loop's nodes, and how they change."""

    def __init__(self, parameters: LoopParameters, temperature: float) -> None:
        p = parameters
        pipe = p.pipe_litres * WATER_DENSITY * WATER_HEAT
        coil = p.coil_litres * WATER_DENSITY * WATER_HEAT
        self._p = p
        self._capacity = (p.exchanger, pipe, pipe, *[p.emitter / _EMITTER_NODES] * 3, pipe, pipe)
        self._capacity += (coil,)
        self._rooms: tuple[int, ...] = _ROOMS
        if p.buffer_litres:
            self._capacity += (p.buffer_litres * WATER_DENSITY * WATER_HEAT,)
            self._rooms = (*_ROOMS, _BUFFER)
        self._t = [temperature] * len(self._capacity)
        self._whole = sum(self._capacity)
        self._losses = _losses(p)
        # In one: a plant that remembers has another step at first.
        self._inertia: tuple[float, tuple[float, ...]] = (1.0, self._capacity)
        self.fluxes = LoopFluxes()

    @property
    def supply(self) -> float:
        """Water leaving the machine. [°C]"""
        return self._t[_EXCHANGER]

    @property
    def heater_outlet(self) -> float:
        """Water leaving the backup heater. [°C]"""
        return self._t[_SUPPLY_1]

    @property
    def back(self) -> float:
        """Water entering the machine. [°C]"""
        return self._t[_RETURN_2]

    @property
    def meter_supply(self) -> float:
        """Water at the heat meter, behind the supply pipe. [°C]"""
        return self._t[_SUPPLY_2]

    @property
    def meter_return(self) -> float:
        """Water at the heat meter's sensor in the return pipe. [°C]"""
        return self._t[_RETURN_1]

    @property
    def zone(self) -> float:
        """Water entering the emitters. [°C]"""
        return self._t[_EMITTER]

    @property
    def mean(self) -> float:
        """Mean temperature, weighted by heat capacity. [°C]"""
        return self.stored / self._whole

    @property
    def stored(self) -> float:
        """Heat content above 0 °C. [J]"""
        return sum([c * t for c, t in zip(self._capacity, self._t, strict=True)])

    def step(
        self,
        dt: float,
        heat: float,
        flow: float,
        *,
        backup: float = 0.0,
        paths: Paths,
        room: float,
        plant_room: float,
        valve_opening: float,
        tank: Sequence[float],
        scaled: float = 0.0,
        vented: float = 1.0,
    ) -> None:
        """Advance the water's temperatures by dt seconds.

        Parameters
        ----------
        heat : float
            Heat into the exchanger; negative while defrosting. [W]
        flow : float
            Circulating water. [kg/s]
        backup : float
            Heat of the backup heater, behind the exchanger. [W]
        paths : Paths
            Where the valves send the water.
        valve_opening : float
            Mean opening of the thermostatic valves. [-]
        room, plant_room : float
            Air around the emitters, and around pipes and condenser. [°C]
        tank : sequence of float
            Tank layers around the coil. [°C]
        scaled : float
            Share of the coil's conductance that scale has taken. [-]
        vented : float
            Share of the emitters that is full of water and not of air. [-]
        """
        p, t = self._p, self._t
        loss, ambient = list(self._losses), [plant_room] * len(t)
        share = p.unvalved_share + (1.0 - p.unvalved_share) * valve_opening
        rated = vented * share * p.emitter_power / _RATED_EXCESS / _EMITTER_NODES
        for node in range(_EMITTER, _EMITTER + _EMITTER_NODES):
            # Q = K ΔTⁿ, made linear with the last step's ΔT: the ring is solved by one sweep. Not
            # from 0, where the conductance would be 0 and stay so.
            excess = max(abs(t[node] - room), 0.5)
            loss[node] = rated * (excess / _RATED_EXCESS) ** (p.emitter_exponent - 1.0)
            ambient[node] = room
        if paths.tank > 0.0 and flow > 0.0:
            loss[_COIL] = p.coil_conductance * (1.0 - scaled)
        ambient[_COIL] = sum(tank) / len(tank)

        # With the pump off, warm water still rises: the idle sensors of a real circuit show it.
        stirred = max(flow, p.thermosiphon) * WATER_HEAT
        self._solve(dt, stirred, paths, (heat, backup), loss, ambient)
        # By the new temperatures, with which the step was solved: so the energy balance closes.
        given = [k * (x - a) for k, x, a in zip(loss, t, ambient, strict=True)]
        self.fluxes.to_room = sum(given[_EMITTER : _EMITTER + _EMITTER_NODES])
        self.fluxes.to_tank = given[_COIL]
        self.fluxes.coil_conductance = loss[_COIL]
        self.fluxes.to_plant_room = sum(given) - self.fluxes.to_room - self.fluxes.to_tank

    def _solve(
        self,
        dt: float,
        stirred: float,
        paths: Paths,
        heat: tuple[float, float],
        loss: Sequence[float],
        ambient: Sequence[float],
    ) -> None:
        """Solve (C/Δt + W + k) Tᵢ = C/Δt Tᵢ⁰ + W Tᵢ₋₁ + k Tₐ + Q around the ring.

        W is the stream ṁc, k the loss of a node and Tₐ what it loses to. [W/K], [°C]
        Q is the heat into the exchanger and into the first supply pipe. [W]

        Every Tᵢ is written as offset + slope · T of the last node; closing the ring gives that.
        """
        if dt != self._inertia[0]:
            self._inertia = dt, tuple(c / dt for c in self._capacity)
        t, inertia = self._t, self._inertia[1]
        standing = [c + k for c, k in zip(inertia, loss, strict=True)]
        known = [c * x + k * a for c, x, k, a in zip(inertia, t, loss, ambient, strict=True)]
        known[_EXCHANGER] += heat[0]
        known[_SUPPLY_1] += heat[1]
        lines = [(0.0, 0.0)] * len(t)

        def along(nodes: Sequence[int], stream: float, line: tuple[float, float]) -> None:
            offset, slope = line
            for node in nodes:
                total = standing[node] + stream
                offset = (known[node] + stream * offset) / total
                slope = stream * slope / total
                lines[node] = offset, slope

        along(_OUTWARD, stirred, (0.0, 1.0))
        hot = lines[_SUPPLY_2]
        along(self._rooms, stirred * paths.rooms, hot)
        along((_COIL,), stirred * paths.tank, hot)
        rooms, coil = lines[self._rooms[-1]], lines[_COIL]
        mixed = (
            paths.rooms * rooms[0] + paths.tank * coil[0] + paths.past * hot[0],
            paths.rooms * rooms[1] + paths.tank * coil[1] + paths.past * hot[1],
        )
        along(_HOMEWARD, stirred, mixed)
        offset, slope = lines[_RETURN_2]
        last = offset / (1.0 - slope)
        for node, (offset, slope) in enumerate(lines):
            t[node] = offset + slope * last


def _losses(p: LoopParameters) -> tuple[float, ...]:
    """Return the conductance from each node to what is around it, where it stays the same. [W/K]"""
    pipe = p.pipe_loss
    losses = (p.exchanger_loss, pipe, pipe, *[0.0] * _EMITTER_NODES, pipe, pipe, _STILL_COIL)
    return (*losses, p.buffer_loss) if p.buffer_litres else losses
