"""The hydraulic circuit: emitters with their thermostatic valves, and a buffer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from heatpump_twin.twin_engine.model.compiled import compiled
from heatpump_twin.twin_engine.model.simulation.tank import WATER

RATED_EXCESS = 22.5
"""Mean of water of 45/40 °C less a room of 20 °C. [K]"""


@dataclass(frozen=True, slots=True)
class HeatingCircuit:
    """Emitters of one mean water temperature, and a buffer in the return.

    The defaults are radiators for a house that needs 3 kW on its coldest day.
    """

    emitter_power: float = 4300.0
    """Heat with all valves open, water of 45/40 °C, a room of 20 °C. [W]"""
    exponent: float = 1.3
    """n in Q = K ΔTⁿ: radiators 1.3 (EN 442), floors 1.1 (EN 1264). [-]"""
    capacity: float = 2e5
    """Heat capacity of emitters, pipes and their water. [J/K]"""
    valved_share: float = 0.75
    """Share of the emitters behind thermostatic valves. [-]"""
    valve_band: float = 2.0
    """Change of the room temperature between open and shut (EN 215). [K]"""
    valve_lag: float = 1200.0
    """Time constant of the valves (EN 215 allows 40 min). [s]"""
    valve_offset: float = 0.0
    """By how much the valves are set above the room's setpoint. [K]"""
    buffer_litres: float = 0.0
    nominal_flow: float = 14.3
    """[l/min]"""
    least_flow: float = 0.66
    """Slowest pump, as a share of the nominal flow; 1: a pump with one speed. [-]"""


@compiled
def stream_of(circuit: HeatingCircuit, share: float) -> float:
    """Return ṁc of the circulating water at a share of the nominal heat. [W/K]"""
    flow = circuit.nominal_flow * min(max(share, circuit.least_flow), 1.0)
    return flow / 60.0 * WATER


@compiled
def conductance(circuit: HeatingCircuit, opening: float, water: float, room: float) -> float:
    """Return the conductance from the emitters' water to the room, at this excess. [W/K]

    Parameters
    ----------
    opening : float
        Of the thermostatic valves. [-]
    water, room : float
        Mean water and air. [°C]
    """
    share = 1.0 - circuit.valved_share * (1.0 - opening)
    excess = max(water - room, 0.0) / RATED_EXCESS
    # From standstill the law has no conductance: still air carries a little.
    strength = math.pow(max(excess, 0.02), circuit.exponent - 1.0)
    return share * circuit.emitter_power / RATED_EXCESS * strength


@compiled
def step_emitters(
    circuit: HeatingCircuit, dt: float, water: float, room: float, k: float, heat: float
) -> tuple[float, float]:
    r"""Advance the mean water by dt seconds; return it and the heat given off on average. [°C], [W]

    .. math:: C \dot T_w = Q - k (T_w - T_r)

    solved exactly for constant heat Q (W), conductance k (W/K) and room: first-order lag.
    """
    rest = room + heat / k
    decay = math.exp(-k * dt / circuit.capacity)
    after = rest + (water - rest) * decay
    # What did not stay in the water went into the room: the balance closes to rounding.
    return after, heat - circuit.capacity * (after - water) / dt


@compiled
def step_valves(
    circuit: HeatingCircuit, dt: float, opening: float, room: float, setpoint: float
) -> float:
    """Return the opening of the thermostatic valves after dt seconds. [-]"""
    cold = setpoint + circuit.valve_offset - room
    wanted = min(max(cold / circuit.valve_band + 0.5, 0.0), 1.0)
    return wanted + (opening - wanted) * math.exp(-dt / circuit.valve_lag)
