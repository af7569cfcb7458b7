"""``hptwin calibrate --csv`` learns the house as well, where the map says where it stands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hptwin import here
from known_machine import KnownMachine
from known_tables import MAP, PLATE, table, written
from observed_house import PLACE, observed

MICROSECONDS = 1_000_000
MAP_OF_HOUSE = """
format: {separator: ";"}
time: {columns: [When], zone: UTC}
points:
  Power: {point: electrical_power, unit: kW}
  Outside: {point: outdoor_temperature, unit: degF}
  Supply: meter_supply_temperature
  Return: meter_return_temperature
  Flow: {point: water_flow, unit: l/h}
  Room: {point: room_temperature, unit: degF}
  Valve: valve_direction
  Defrost: defrost_active
machine: {capacity: 5000}
"""
WHERE = f"place: {{latitude: {PLACE.latitude}, longitude: {PLACE.longitude}}}\n"
COLUMNS = {
    "Power": ("electrical_power", 1e-3, 0.0),
    "Outside": ("outdoor_temperature", 1.8, 32.0),
    "Supply": ("meter_supply_temperature", 1.0, 0.0),
    "Return": ("meter_return_temperature", 1.0, 0.0),
    "Flow": ("water_flow", 60.0, 0.0),
    "Room": ("room_temperature", 1.8, 32.0),
}
STATES = {"Valve": "valve_direction=1", "Defrost": "defrost_active"}
MANY = 5
"""Two minutes each: rows of ten minutes."""


def house_table(*without: str) -> str:
    record = observed()
    columns = {
        name: record.columns[point].reshape(-1, MANY).mean(axis=1) * scale + offset
        for name, (point, scale, offset) in COLUMNS.items()
        if name not in without
    }
    columns |= {
        name: record.columns[point].reshape(-1, MANY).mean(axis=1).round()
        for name, point in STATES.items()
    }
    rows = ["When;" + ";".join(columns)]
    for time, *row in zip(record.time[::MANY].tolist(), *columns.values(), strict=True):
        moment = datetime.fromtimestamp(time / MICROSECONDS, UTC).strftime("%Y-%m-%d %H:%M:%S")
        rows.append(
            f"{moment};" + ";".join(f"{value:.4f}".rstrip("0").rstrip(".") for value in row)
        )
    return "\n".join(rows) + "\n"


def test_a_table_with_a_place_tells_the_house(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    files = written(tmp_path, table=house_table(), map=MAP_OF_HOUSE + WHERE)
    card = tmp_path / "card.json"
    ran = here(capsys, "calibrate", "--csv", files["table"], "--mapping", files["map"], "-o", card)
    assert ran.code == 0, ran.err
    house = json.loads(card.read_text("utf-8"))["house"]
    assert house["room_seen"]
    assert house["held_out"]["room"] < 0.6
    assert house["held_out"]["heat"] < 0.15
    assert house["followed"]["spread"] < 0.35
    low, high = house["followed"]["outdoor"]
    outdoor = observed().columns["outdoor_temperature"]
    assert (low, high) == pytest.approx((np.min(outdoor), np.max(outdoor)), abs=1.0)
    assert "days that it had not seen: room" in ran.out


def test_what_a_house_lacks_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    short = table(KnownMachine(step=900.0, days=6))
    files = written(tmp_path, table=short, map=MAP + PLATE, placed=MAP + PLATE + WHERE)
    ran = here(capsys, "calibrate", "--csv", files["table"], "--mapping", files["map"])
    assert ran.code == 0, ran.err
    assert "missing: for the house: where it stands is missing: write place: {latitude" in ran.out
    ran = here(capsys, "calibrate", "--csv", files["table"], "--mapping", files["placed"])
    assert ran.code == 0, ran.err
    assert "missing: for the house:" in ran.out
    assert "a room temperature sensor is missing" in ran.out


@pytest.mark.parametrize("place", ["{latitude: 95, longitude: 2}", "{latitude: 40}"])
def test_a_place_that_is_none_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, place: str
) -> None:
    files = written(tmp_path, table="When;Power\n", map=f"{MAP}{PLATE}place: {place}\n")
    ran = here(capsys, "calibrate", "--csv", files["table"], "--mapping", files["map"])
    assert ran.code == 2
    assert "place" in ran.err
