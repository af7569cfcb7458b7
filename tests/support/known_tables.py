"""The record of a known machine as somebody's spreadsheet has it, with its map and plate."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from known_machine import KnownMachine

from heatpump_twin.drivers.clock import MICROSECONDS

MAP = """
format: {separator: ";"}
time: {columns: [When], zone: UTC}
points:
  Power: {point: electrical_power, unit: kW}
  Outside: outdoor_temperature
  Supply: meter_supply_temperature
  Return: meter_return_temperature
  Flow: water_flow
"""
PLATE = """
plate:
  manufacturer: Known
  model: A1
  nominal_flow: 20
  max_power: 3500
  standby_power: 20
  pump_power: 40
  heating:
    - {outdoor: 7, water: 35, capacity: 7000, power: 1500}
    - {outdoor: 2, water: 35, capacity: 5600, power: 1650}
    - {outdoor: 7, water: 55, capacity: 6600, power: 2350}
"""
COLUMNS = {
    "Power": ("electrical_power", 1e-3),
    "Outside": ("outdoor_temperature", 1.0),
    "Supply": ("meter_supply_temperature", 1.0),
    "Return": ("meter_return_temperature", 1.0),
    "Flow": ("water_flow", 1.0),
}


def table(machine: KnownMachine, *without: str) -> str:
    """Return the record of a machine as somebody's spreadsheet has it."""
    record = machine.record()
    names = [name for name in COLUMNS if name not in without]
    values = [record.columns[COLUMNS[name][0]] * COLUMNS[name][1] for name in names]
    rows = ["When;" + ";".join(names)]
    for time, *row in zip(record.time.tolist(), *values, strict=True):
        moment = datetime.fromtimestamp(time / MICROSECONDS, UTC).strftime("%Y-%m-%d %H:%M:%S")
        rows.append(f"{moment};" + ";".join(f"{value:.4f}" for value in row))
    return "\n".join(rows) + "\n"


def written(folder: Path, **files: str) -> dict[str, Path]:
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return {name: folder / name for name in files}
