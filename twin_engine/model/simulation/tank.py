"""The stratified hot water tank."""

from __future__ import annotations

from dataclasses import dataclass

from heatpump_twin.twin_engine.model.compiled import compiled
from heatpump_twin.twin_engine.model.house.envelope import Floats

LAYERS = 6
"""With fewer than five the mixing of the model itself would blur what draws and coil make."""
WATER = 4145.0
"""Heat capacity of a litre of water at 45 °C. [J/(l K)]"""
COMFORT = 40.0
"""To what people mix hot water at the tap (EN 16147: 40 °C). [°C]"""
_COIL_FROM = 3
_HEATER = 1


@dataclass(frozen=True, slots=True)
class StratifiedTank:
    """A tank with a coil in its lower half, a sensor above it and an immersion heater."""

    litres: float = 180.0
    loss: float = 1.7
    """Standing loss: 1.5 kWh a day at 45 K is a usual one of 180 l (EN 12897). [W/K]"""
    conduction: float = 4.0
    """Conductance between layers, with the wall's share. [W/K]"""
    coil: float = 800.0
    """Conductance of the coil. [W/K]"""
    heater_power: float = 0.0
    """Immersion heater; 0: there is none. [W]"""
    sensor_layer: float = 2.0
    """Layer at which the controller measures, from the top, beginning with 0."""


@compiled
def step_tank(
    layers: Floats, tank: StratifiedTank, dt: float, coil: float, heater: float, draw: float,
    cold: float, around: float,
) -> tuple[float, float]:  # fmt: skip
    r"""Advance the layers of a tank, top first, by dt seconds, in place.

    .. math::
        C \dot T_i = \dot m c (T_{i+1} - T_i) + k (T_{i+1} - 2 T_i + T_{i-1})
                     - UA_i (T_i - T_a) + Q_i

    Cold water enters below the last layer; a layer warmer than the one above it mixes with it.

    Parameters
    ----------
    layers : array
        Temperatures, shape (`LAYERS`,). [°C]
    coil, heater : float
        Heat of coil and immersion heater. [W]
    draw : float
        Water taken at 40 °C, mixed of hot and cold. [l/s]
    cold, around : float
        Water of the mains, and air around the tank. [°C]

    Returns
    -------
    tuple of float
        Heat drawn and heat lost. [W]
    """
    n = len(layers)
    capacity = tank.litres / n * WATER
    # The hotter the tank, the less of it people take.
    hot = min(max((COMFORT - cold) / max(layers[0] - cold, 1.0), 0.0), 1.0)
    stream = draw * hot * WATER
    # Upwind: no more than half a layer may move at once.
    parts = max(1, int(2.0 * stream * dt / capacity) + 1) if stream > 0.0 else 1
    pace = dt / parts / capacity
    drawn = lost = 0.0
    for _ in range(parts):
        drawn += stream * (layers[0] - cold) / parts
        above = layers[0]
        for i in range(n):
            here = layers[i]
            below = layers[i + 1] if i < n - 1 else cold
            neighbour = below if i < n - 1 else here
            loss = tank.loss / n * (here - around)
            lost += loss / parts
            flux = stream * (below - here) + tank.conduction * (above + neighbour - 2.0 * here)
            if i >= _COIL_FROM:
                flux += coil / (n - _COIL_FROM)
            if i == _HEATER:
                flux += heater
            above = here
            layers[i] = here + pace * (flux - loss)
        mix_inversions(layers)
    return drawn, lost


@compiled
def mix_inversions(layers: Floats) -> None:
    """Mix each run of layers in which warmer water lies below colder, in place; heat is kept."""
    n = len(layers)
    for low in range(1, n):
        first, mean = low, layers[low]
        total, count = layers[low], 1
        # What has become warmer than the layer above it takes that one in.
        while first > 0 and layers[first - 1] < mean - 1e-9:
            first -= 1
            total += layers[first]
            count += 1
            mean = total / count
        if count > 1:
            for i in range(first, low + 1):
                layers[i] = mean


@compiled
def coil_surroundings(layers: Floats) -> float:
    """Return the mean temperature of the layers around the coil. [°C]"""
    total = 0.0
    for i in range(_COIL_FROM, len(layers)):
        total += layers[i]
    return total / (len(layers) - _COIL_FROM)
