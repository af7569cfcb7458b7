"""A heat pump without a sensor of its own is calibrated with that of its site."""

from __future__ import annotations

from pathlib import Path

import pytest
from hptwin import here
from known_machine import KnownMachine
from known_tables import COLUMNS, MAP, table, written

from heatpump_twin.config.data_directory import DataDirectory


def test_the_outdoor_sensor_of_a_site_is_that_of_its_heat_pumps(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = DataDirectory.open(tmp_path / "data")
    mapped = MAP.replace("electrical_power", "hp1.electrical_power")
    for point, _ in COLUMNS.values():
        owner = "site" if point == "outdoor_temperature" else "hp1"
        mapped = mapped.replace(f": {point}", f": {owner}.{point}")
    files = written(tmp_path, table=table(KnownMachine(step=900.0, days=6)), map=mapped)
    ran = here(capsys, "import", files["table"], "--map", files["map"], "--data", data.root)
    assert ran.code == 0, ran.err
    ran = here(capsys, "calibrate", "--data", data.root, "--dry-run")
    assert ran.code == 0, ran.out + ran.err
    assert "source outdoor_temperature" in ran.out
