"""From a recorded history, or from tables, to a learnt remainder in use: by commands alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from biased_house import biased, learnt
from hptwin import here
from recorded_site import recorded_site
from repeating_house import as_record

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.forecasting.forecast_file import read_forecasts
from heatpump_twin.twin_engine.forecasting.remainder.remainder_versions import RemainderVersions

MAP = """
format: {separator: ";"}
time: {columns: [When], zone: UTC}
points: {Power: electrical_power, Air: outdoor_temperature}
"""


def test_what_is_learnt_is_kept_used_listed_and_taken_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = recorded_site(tmp_path / "data", as_record(biased()))
    ran = here(capsys, "train", "--of", "forecasts", "--data", str(root))
    assert ran.code == 0, ran.err
    assert "version 1, in use: it did better on" in ran.out
    ran = here(capsys, "models", "list", "--data", str(root))
    assert "hp1: version 1, in use: what remains after the climatology" in ran.out
    ran = here(capsys, "forecast", "--data", str(root), "--result", str(tmp_path))
    assert ran.code == 0, ran.err
    assert any("learnt remainder" in one.model for one in read_forecasts(tmp_path))
    ran = here(capsys, "models", "rollback", "--data", str(root))
    assert "no learnt remainder is in use" in ran.out
    ran = here(capsys, "models", "rollback", "--data", str(root))
    assert ran.code == 1
    ran = here(capsys, "models", "promote", "1", "--data", str(root))
    assert "version 1 of its learnt remainder is in use" in ran.out
    ran = here(capsys, "models", "promote", "2", "--data", str(root))
    assert ran.code == 1
    assert "no version 2" in ran.err


def test_a_damaged_model_is_left_out_and_forecasts_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = recorded_site(tmp_path / "data", as_record(biased()))
    versions = RemainderVersions(root / "models", "hp1")
    versions.promote(versions.keep(learnt().content, learnt().card))
    (versions.folder / "0001.onnx").write_bytes(b"not a model")
    ran = here(capsys, "forecast", "--data", str(root), "--result", str(tmp_path))
    assert ran.code == 0, ran.err
    assert "a learnt remainder is left out" in ran.out + ran.err
    assert read_forecasts(tmp_path)
    ran = here(capsys, "models", "list", "--data", str(root))
    assert "cannot be used" in ran.out


def test_tables_of_a_folder_are_heat_pumps_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    for name, days in (("long", 36), ("short", 10)):
        (folder / f"{name}.csv").write_text(_table(days), "utf-8")
    (tmp_path / "map.yaml").write_text(MAP, "utf-8")
    out = tmp_path / "out"
    ran = here(
        capsys, "train", "--of", "forecasts", "--csv", str(folder),
        "--mapping", str(tmp_path / "map.yaml"), "--output", str(out),
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "long: nothing kept, not in use" in ran.out
    assert "refused: short: 10.0 days are recorded" in ran.out
    assert sorted(path.name for path in out.iterdir()) == ["long.card.json", "long.onnx"]


def _table(days: int) -> str:
    course = biased()
    rows = ["When;Power;Air"]
    power, air = (course.points[p] for p in ("electrical_power", "outdoor_temperature"))
    for k in range(days * 96):
        moment = datetime.fromtimestamp(course.time_of(k) / MICROSECONDS, UTC)
        rows.append(f"{moment:%Y-%m-%d %H:%M:%S};{power[k]:.1f};{air[k]:.3f}")
    return "\n".join(rows) + "\n"
