"""``hptwin evaluate``: on a recorded history, on tables, and on a folder of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hptwin import here
from recorded_site import recorded_site
from repeating_house import as_record, repeating

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.forecast_file import read_forecasts

MAP = """
format: {separator: ";"}
time: {columns: [When], zone: UTC}
points:
  Power: electrical_power
  Room: room_temperature
"""


def table(days: int, seed: int) -> str:
    course = repeating(days, seed)
    rows = ["When;Power;Room"]
    columns = (course.points["electrical_power"], course.points["room_temperature"])
    for time, power, room in zip(course.time.tolist(), *columns, strict=True):
        moment = datetime.fromtimestamp(time / MICROSECONDS, UTC).strftime("%Y-%m-%d %H:%M:%S")
        rows.append(f"{moment};{power:.1f};{room:.3f}")
    return "\n".join(rows) + "\n"


def test_what_did_best_is_told_kept_and_shown_from_then_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = recorded_site(tmp_path / "data", as_record(repeating(30, noise=5.0)))
    plot = tmp_path / "plot.png"
    ran = here(capsys, "evaluate", "--data", str(root), "--keep", "--plot", str(plot))
    assert ran.code == 0, ran.err
    assert "climatology *" in ran.out
    assert plot.read_bytes().startswith(b"\x89PNG")
    card = json.loads((root / "models" / "forecast" / "hp1.json").read_text("utf-8"))
    power = card["targets"]["forecast_electrical_power"]
    assert power["chosen"] == "climatology"
    assert power["skill"] > 0.2
    assert power["coverage"] == pytest.approx(0.8, abs=0.07)
    ran = here(capsys, "forecast", "--data", str(root), "--result", str(tmp_path))
    assert ran.code == 0, ran.err
    shown = {one.key: one for one in read_forecasts(tmp_path)}["hp1.forecast_electrical_power"]
    assert shown.model == "climatology"
    assert f"{shown.status:08X}" == "40000000"  # Uncertain: it is judged
    # Noise of 300 W and a slow weather: less than the doubt of the first day.
    assert (shown.values[2] - shown.values[0]).mean() < 1200.0


def test_what_nothing_came_of_is_left_out_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = repeating(8)
    room = np.full(len(course), np.nan)
    room[: 2 * 96] = 21.0  # a sensor that is gone before anything is judged
    points = {"electrical_power": course.points["electrical_power"], "room_temperature": room}
    root = recorded_site(tmp_path / "data", as_record(PumpCourse(course.start, points)))
    ran = here(capsys, "evaluate", "--data", str(root), "--days", "4")
    assert ran.code == 0, ran.err
    assert "Room temperature is left out: too little of it is recorded" in ran.out
    assert "nan" not in ran.out


def test_a_card_that_cannot_be_read_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = recorded_site(tmp_path / "data", as_record(repeating(5)))
    folder = root / "models" / "forecast"
    folder.mkdir(parents=True)
    (folder / "hp1.json").write_text("{}")
    ran = here(capsys, "forecast", "--data", str(root), "--result", str(tmp_path))
    assert ran.code == 0, ran.err
    assert read_forecasts(tmp_path)


def test_tables_and_a_folder_of_tables_are_evaluated_without_a_site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping = tmp_path / "map.yaml"
    mapping.write_text(MAP)
    folder = tmp_path / "sites"
    folder.mkdir()
    for seed in (1, 2):
        (folder / f"house{seed}.csv").write_text(table(10, seed))
    ran = here(capsys, "evaluate", "--csv", str(folder), "--mapping", str(mapping))
    assert ran.code == 0, ran.err
    assert "house1: " in ran.out
    assert "house2: " in ran.out
    ran = here(capsys, "evaluate", "--csv", str(folder / "house1.csv"), "--mapping", str(mapping))
    assert ran.code == 0, ran.err
    assert "house1: " in ran.out


def test_a_record_of_a_day_is_too_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = recorded_site(tmp_path, as_record(repeating(1)))
    ran = here(capsys, "evaluate", "--data", str(root))
    assert ran.code == 1
    assert "from 3 days on" in ran.err.replace("\n", " ")
