"""The demonstration of the first twin, as a logger's file: imported, replayed, and told."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hptwin import here

POINTS = {
    "Bomba de calor": "hp1.electrical_power",
    "Temperatura impulsió": "hp1.supply_temperature",
    "Temperatura retorn": "hp1.return_temperature",
    "Temperatura exterior": "hp1.outdoor_temperature",
    "Temperatura consigna": "hp1.supply_setpoint",
}
USUAL = (15.0, 19.0, 19.0, 16.0, 55.0)
ALTERED = {
    "13:00": (0.0, 15.0, 14.0, -25.0, 55.0),
    "13:30": (2700.0, 30.0, 26.0, -25.0, 55.0),
    "14:00": (15.0, 40.0, 36.0, 16.0, 55.0),
    "14:15": (1200.0, 45.0, 40.0, 16.0, 55.0),
    "14:45": USUAL,
}
"""What was altered of an afternoon in which the machine stood still."""


def table() -> str:
    """Return the afternoon of 22 March 2021 as the logger writes it: a row each five minutes."""
    time, row = datetime.fromisoformat("2021-03-22T12:00:00+01:00"), USUAL
    lines = ['"Series";"Time";"Value"']
    for _ in range(4 * 12):
        row = ALTERED.get(f"{time:%H:%M}", row)
        told = zip(POINTS, row, strict=True)
        lines += [
            f'"{name}";"{time.isoformat()}";{value}'.replace(".", ",") for name, value in told
        ]
        time += timedelta(minutes=5)
    return "\n".join(lines) + "\n"


def mapping() -> str:
    points = "".join(f"  {name}: {point}\n" for name, point in POINTS.items())
    return (
        'format: {decimal: ","}\ntime: {columns: [Time], zone: Europe/Madrid}\n'
        f"long: {{point: Series, value: Value}}\npoints:\n{points}gap: 1 h\n"
    )


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_its_alarms_and_events_come_at_its_times(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    log, names, data = tmp_path / "log.csv", tmp_path / "map.yaml", tmp_path / "data"
    data.mkdir()
    log.write_text(table(), encoding="utf-8-sig")
    names.write_text(mapping(), encoding="utf-8")
    imported = here(capsys, "import", log, "--map", names, "--site", "default", "--data", data)
    assert imported.code == 0, imported.out + imported.err
    alarms, events = tmp_path / "alarms.csv", tmp_path / "events.csv"
    replayed = here(
        capsys, "replay", "--site", "default", "--data", data, "--into", tmp_path / "again",
        "--set", "rules.packs=[first-eight]", "-o", alarms, "--events", events,
    )  # fmt: skip
    assert replayed.code == 0, replayed.out + replayed.err
    assert [(row["time"][11:16], row["alarm"], row["state"]) for row in rows(alarms)] == [
        ("13:00", "hp1.no_power", "raised"),
        ("13:00", "hp1.outdoor_very_low", "raised"),
        ("13:00", "hp1.supply_very_low", "raised"),
        ("13:30", "hp1.no_power", "returned"),
        ("13:30", "hp1.supply_very_low", "returned"),
        ("13:30", "hp1.maximum_power", "raised"),
        ("14:00", "hp1.outdoor_very_low", "returned"),
        ("14:00", "hp1.maximum_power", "returned"),
    ]
    assert [(row["time"][11:16], row["event"], row["state"]) for row in rows(events)] == [
        ("13:30", "hp1.run", "began"),
        ("14:00", "hp1.run", "ended"),
        ("14:15", "hp1.run", "began"),
        ("14:45", "hp1.run", "ended"),
    ]
