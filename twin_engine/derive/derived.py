"""What follows from measured values: heat, COP, states. Pure functions of floats or arrays."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, PointSpec, Span

Number = float | NDArray[np.float64]

WATER_FLOWS = ("water_flow", "controller_water_flow")
"""Where the water flow comes from, the best source first."""
WATER_PAIRS = (
    ("meter_supply_temperature", "meter_return_temperature"),
    ("supply_temperature", "return_temperature"),
)
"""Supply and return of one instrument, the best first. Two instruments are never mixed: their
offsets would be as large as the difference."""
COMPRESSOR_SOURCES = ("compressor_running", "compressor_frequency", "electrical_power")
"""What tells whether the compressor runs, the most direct first."""
SOURCE_TEMPERATURES = ("source_inlet_temperature", "outdoor_temperature", "ambient_temperature")
"""What enters the machine on its cold side; all but the first are the outdoor air."""
HEATERS = ("backup_heater_on", "dhw_heater_on")
COUNTERS = ("electrical_energy", "heat_energy")
STATE_SWITCHES = (
    "fault_active",
    "error_code",
    "unit_enabled",
    "defrost_active",
    "dhw_heating",
    "valve_direction",
    "operation_cycle",
    "operating_mode",
)
INPUTS = frozenset(
    (
        *WATER_FLOWS,
        *chain(*WATER_PAIRS),
        *COMPRESSOR_SOURCES,
        *SOURCE_TEMPERATURES,
        *HEATERS,
        *COUNTERS,
        *STATE_SWITCHES,
    )
)
"""All that anything is derived from."""

COP_SPAN: Span = CATALOGUE[HEAT_PUMP]["cop"].range or (0.0, 8.0)
"""A ratio beyond this is an artefact of the moment. [-]"""
COP_FLOOR = 100.0
"""Electrical power below which no COP is Good. [W]"""
NO_POWER = 1.0
"""Electrical power that a meter cannot tell from none. [W]"""
COP_TODAY_FLOOR = 0.5
"""Energy of a day below which the meters' last digits decide its COP. [kWh]"""


def derived_entries(
    asset: str, ids: Iterable[str]
) -> list[tuple[str, str, PointSpec, Span | None]]:
    """Return the points that can be computed for an asset that has the points ``ids``."""
    have = set(ids)
    flow = have.intersection(WATER_FLOWS)
    pairs = [pair for pair in WATER_PAIRS if have.issuperset(pair)]
    compressor = have.intersection(COMPRESSOR_SOURCES)
    power = "electrical_power" in have
    cop = flow and pairs and compressor and power
    expected = cop and have.intersection(SOURCE_TEMPERATURES)
    electricity, heat = "electrical_energy" in have, "heat_energy" in have
    possible = {
        "operating_state": compressor,
        "temperature_difference": pairs,
        "thermal_power": flow and pairs,
        "cop": cop,
        "electrical_energy_today": electricity,
        "heat_energy_today": heat,
        "cop_today": electricity and heat,
        "compressor_on": compressor,
        "expected_cop": expected,
        "expected_electrical_power": expected,
        "cop_residual": expected,
        "electrical_power_residual": expected,
    }
    specs = CATALOGUE[HEAT_PUMP]
    return [(asset, point, specs[point], None) for point, yes in possible.items() if yes]


def water_density(temperature: Number) -> Any:
    """Return the density of water. [kg/m³]

    Parameters
    ----------
    temperature : array-like
        0 to 150 °C; off by less than 0.02 %. [°C]

    References
    ----------
    C. O. Popiel, J. Wojtkowiak, "Simple formulas for thermophysical properties of liquid water for
    heat transfer calculations (from 0 °C to 150 °C)", Heat Transfer Engineering 19 (3), 1998.
    """
    t = np.maximum(temperature, 0.0)
    return (
        999.79684 + 0.068317355 * t - 0.010740248 * t**2 + 0.00082140905 * t**2.5
        - 2.3030988e-5 * t**3
    )  # fmt: skip


def water_heat_capacity(temperature: Number) -> Any:
    """Return the specific heat capacity of water at constant pressure. [J/(kg K)]

    Source, span and argument are those of `water_density`; off by less than 0.06 %.
    """
    t = np.maximum(temperature, 0.0)
    return 1000 * (
        4.2174356 - 0.0056181625 * t + 0.0012992528 * t**1.5 - 0.00011535353 * t**2
        + 4.14964e-6 * t**2.5
    )  # fmt: skip


def thermal_power(flow: Number, supply: Number, returning: Number) -> Any:
    r"""Return the heat that the water takes up. [W]

    .. math:: \dot Q = \dot V \, \rho(T_r) \, c_p(\bar T) \, (T_s - T_r)

    Parameters
    ----------
    flow : array-like
        Volume flow; the sensor sits in the return, as EN 1434 has it for heating. [l/min]
    supply, returning : array-like
        Water temperatures. [°C]

    Notes
    -----
    For water. A glycol mixture carries up to 10 % less heat than this says.
    """
    mass_flow = flow / 60_000 * water_density(returning)
    return mass_flow * water_heat_capacity((supply + returning) / 2) * (supply - returning)


def compressor_from_power(power: float, idle: float, was_on: bool) -> bool:
    """Tell from the electrical power whether the compressor runs.

    Parameters
    ----------
    power : float
        Electrical power of the whole unit. [W]
    idle : float
        Standby and circulation pump together. [W]
    was_on : bool
        The answer before: it takes 100 W above idle to be on and less than 50 W to be off.
    """
    return power > idle + (50.0 if was_on else 100.0)


class State(IntEnum):
    """The codes of ``operating_state``."""

    OFF = 0
    STANDBY = 1
    HEATING = 2
    HOT_WATER = 3
    COOLING = 4
    DEFROST = 5
    FAULT = 6
    LOCKOUT = 7


def operating_state(compressor_on: bool, inputs: dict[str, float]) -> State:
    """Return the code of ``operating_state`` from what the machine reports of `STATE_SWITCHES`."""
    if inputs.get("fault_active", inputs.get("error_code", 0)):
        return State.FAULT
    if not inputs.get("unit_enabled", 1):
        return State.OFF
    if inputs.get("defrost_active", 0):
        return State.DEFROST
    if not compressor_on:
        return State.STANDBY
    if inputs.get("dhw_heating", inputs.get("valve_direction", 0)):
        return State.HOT_WATER
    cooling_mode = inputs.get("operating_mode") in (4, 5)
    cooling = inputs["operation_cycle"] == 1 if "operation_cycle" in inputs else cooling_mode
    return State.COOLING if cooling else State.HEATING


def possible_states(ids: Iterable[str]) -> frozenset[State]:
    """Return the codes that `operating_state` can give a machine that has the points ``ids``."""
    have = set(ids)
    told_by = {
        State.OFF: {"unit_enabled"},
        State.STANDBY: have,
        State.HEATING: have,
        State.HOT_WATER: {"dhw_heating", "valve_direction"},
        State.COOLING: {"operation_cycle", "operating_mode"},
        State.DEFROST: {"defrost_active"},
        State.FAULT: {"fault_active", "error_code"},
    }
    return frozenset(state for state, points in told_by.items() if have & points)
