"""A machine as a table of its capacity and power, in which a simulation looks up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from heatpump_twin.twin_engine.model.compiled import compiled
from heatpump_twin.twin_engine.model.house.envelope import Floats

_SOURCE, _SOURCES = -30.0, 31
_WATER, _WATERS = 10.0, 27
_APART = 2.5
"""Distance of the table's temperatures: power is interpolated to 0.1 %. [K]"""
_LOADS = 10
"""Shares of the capacity: 0.1, 0.2, … 1."""


class Machine(Protocol):
    """What a simulation asks of a machine: steady figures over arrays of any one shape."""

    @property
    def least_share(self) -> float:
        """Heat at the lowest speed over the capacity then. [-]"""
        ...

    def capacity(self, source: Floats, water: Floats) -> Floats:
        """Return the largest heat at source and leaving water in °C. [W]"""
        ...

    def power(self, source: Floats, water: Floats, heat: Floats) -> Floats:
        """Return the electricity of compressor, fan and circulation pump for a heat in W. [W]"""
        ...


class MachineMap(NamedTuple):
    """Tables of machines: capacity (m, sources, waters), power (m, sources, waters, loads)."""

    capacity: Floats
    """[W]"""
    power: Floats
    """[W]"""
    least_share: Floats
    """Shape (m,). [-]"""


def tabulated(machines: Sequence[Machine]) -> MachineMap:
    """Return the tables of machines."""
    source = _SOURCE + _APART * np.arange(_SOURCES)
    water = _WATER + _APART * np.arange(_WATERS)
    load = np.arange(1, _LOADS + 1) / _LOADS
    s, w = np.meshgrid(source, water, indexing="ij")
    capacity = np.array([np.maximum(machine.capacity(s, w), 1.0) for machine in machines])
    shape = (*s.shape, _LOADS)
    s, w = (np.broadcast_to(axis[..., None], shape) for axis in (s, w))
    power = [
        machine.power(s, w, heat[..., None] * load)
        for machine, heat in zip(machines, capacity, strict=True)
    ]
    least = [max(machine.least_share, 1.0 / _LOADS) for machine in machines]
    return MachineMap(capacity, np.array(power), np.array(least))


@compiled
def _place(value: float, first: float, apart: float, count: int) -> tuple[int, float]:
    """Return the cell of an axis that a value lies in, and how far in it, 0 to 1."""
    at = min(max((value - first) / apart, 0.0), count - 1.0)
    cell = min(int(at), count - 2)
    return cell, at - cell


@compiled
def full_capacity(table: MachineMap, machine: int, source: float, water: float) -> float:
    """Return the largest heat of a machine at source and leaving water in °C. [W]"""
    i, u = _place(source, _SOURCE, _APART, _SOURCES)
    j, v = _place(water, _WATER, _APART, _WATERS)
    q = table.capacity[machine]
    low = q[i, j] + u * (q[i + 1, j] - q[i, j])
    high = q[i, j + 1] + u * (q[i + 1, j + 1] - q[i, j + 1])
    return float(low + v * (high - low))


@compiled
def input_power(
    table: MachineMap, machine: int, source: float, water: float, share: float
) -> float:
    """Return the electricity of a machine at a share of its capacity then. [W]"""
    i, u = _place(source, _SOURCE, _APART, _SOURCES)
    j, v = _place(water, _WATER, _APART, _WATERS)
    k, x = _place(share, 1.0 / _LOADS, 1.0 / _LOADS, _LOADS)
    p = table.power[machine]
    total = 0.0
    for a in range(2):
        for b in range(2):
            weight = (u if a else 1.0 - u) * (v if b else 1.0 - v)
            low, high = p[i + a, j + b, k], p[i + a, j + b, k + 1]
            total += weight * (low + x * (high - low))
    return total
