"""A record whose heating curve and tank are known: what a calibration of the water must find."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from known_machine import KnownMachine

from heatpump_twin.twin_engine.derive.water import thermal_power
from heatpump_twin.twin_engine.model.calibration.record import Record

AT_ZERO, SLOPE, DAMPING, NIGHT = 36.0, -0.6, 3.0, -2.0
"""Curve: water at 0 °C [°C], change with the air [-], time constant [h], and what is less from 0 to
4 o'clock. [K]"""
PER_KW, RISE = 2.0, 2.5
"""Water above the tank [K/kW], and the tank's rise. [K/kWh]"""
FALL_PER_HOUR = RISE * 4.0 * 2.0 / 22.0
"""Of the tank, so that a day ends as it began. [K/h]"""
SETTLED = 3.0
"""What the coil needs beside that. [K]"""


def known_water(*without: str, shift: float = 0.0) -> Record:
    """Return twenty days in which the tank is charged for an hour at noon and in the evening.

    ``shift`` is by how much the curve is set warmer. [K]
    """
    machine = KnownMachine(days=20)
    columns = machine.columns()
    n = len(columns["outdoor_temperature"])
    hours = machine.step / 3600.0
    clock = np.arange(n) * hours
    pace = 1.0 - np.exp(-hours / DAMPING)
    damped = np.empty(n)
    level = columns["outdoor_temperature"][0]
    for k, air in enumerate(columns["outdoor_temperature"]):
        level += pace * (air - level)
        damped[k] = level
    curve = AT_ZERO + SLOPE * damped + NIGHT * (clock % 24.0 < 4.0) + shift
    charging = ((clock % 24.0 >= 12.0) & (clock % 24.0 < 13.0)) | (clock % 24.0 >= 23.0)
    noise = np.random.default_rng(3).normal(0.0, 0.1, n)
    tank = np.empty(n)
    warm = 45.0
    heat = np.where(charging, 4000.0, 3000.0)
    for k in range(n):
        warm += hours * (RISE * heat[k] / 1e3 if charging[k] else -FALL_PER_HOUR)
        tank[k] = warm
    supply = np.where(charging, tank + SETTLED + PER_KW * heat / 1e3, curve) + noise
    carried = thermal_power(np.full(n, 18.0), supply, supply - 1.0)
    columns |= {
        "meter_supply_temperature": supply,
        "meter_return_temperature": supply - heat / carried,
        "water_flow": np.full(n, 18.0),
        "compressor_running": np.ones(n),
        "supply_temperature": supply,
        "supply_setpoint": np.where(charging, 55.0, curve),
        "dhw_temperature": tank,
        "dhw_heating": charging.astype(float),
    }
    told = {point: column for point, column in columns.items() if point not in without}
    return replace(machine.record(), columns=told)
