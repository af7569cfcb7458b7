"""``hptwin forecast``: from a recorded history to 48 hours of each heat pump."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hptwin import here
from recorded_site import recorded_site
from repeating_house import BEGIN, as_record, repeating

from heatpump_twin.twin_engine.forecasting.forecast_file import read_forecasts
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY, STEP, STEPS

TARIFF = ("--set", "tariff.currency=EUR", "--set", "tariff.price=0.3")


def forecast(root: Path, result: Path, capsys: pytest.CaptureFixture[str], *more: str):
    result.mkdir(exist_ok=True)
    ran = here(capsys, "forecast", "--data", str(root), "--result", str(result), *TARIFF, *more)
    assert ran.code == 0, ran.err
    return {one.key.removeprefix("hp1.forecast_"): one for one in read_forecasts(result)}


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded_site(tmp_path_factory.mktemp("weeks"), as_record(repeating(20)))


def test_everything_is_forecast_for_48_hours_with_an_interval(
    weeks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = forecast(weeks, tmp_path, capsys)
    assert set(found) == {
        "thermal_power", "electrical_power", "cop", "cost_rate", "supply_temperature",
        "room_temperature", "dhw_temperature",
    }  # fmt: skip
    for one in found.values():
        assert one.values.shape == (3, STEPS)
        assert (np.diff(one.values, axis=0) >= 0.0).all()
        assert (np.diff(one.time) == STEP).all()
    # The morning of each day is in it.
    power = found["electrical_power"].values[1]
    hour = found["electrical_power"].time // STEP % DAY / 4.0
    assert power[(hour >= 6.0) & (hour < 7.0)].mean() > power[hour >= 12.0].mean() + 500.0
    assert found["cost_rate"].values[1] == pytest.approx(power / 1000.0 * 0.3, abs=1e-9)


def test_after_the_first_hour_the_interval_is_wide_and_its_status_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = repeating(1)
    first = {point: values[:4] for point, values in course.points.items()}
    root = recorded_site(tmp_path / "data", as_record(type(course)(BEGIN, first)))
    found = forecast(root, tmp_path / "out", capsys)
    room = found["room_temperature"]
    assert room.model == "persistence"
    assert room.values[2, -1] - room.values[0, -1] > 4.0
    assert f"{room.status:08X}" == "40950000"  # UncertainSubNormal


def test_what_comes_later_is_read_behind_what_was_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = recorded_site(tmp_path / "data", as_record(repeating(20)))
    early = "2026-01-15T10:00:00+00:00"
    forecast(root, tmp_path / "early", capsys, "--at", early)
    after = forecast(root, tmp_path / "after", capsys)
    (root / "forecast-courses.npz").write_bytes(b"not what it was")
    anew = forecast(root, tmp_path / "anew", capsys)
    for name, one in after.items():
        assert one.values == pytest.approx(anew[name].values)


def test_a_person_is_shown_a_table(weeks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = here(capsys, "forecast", "--data", str(weeks))
    assert ran.code == 0, ran.err
    assert "hp1: forecast of" in ran.out
    assert "Heat" in ran.out


def test_without_history_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = here(capsys, "forecast", "--data", str(tmp_path))
    assert ran.code == 1
    assert "history" in ran.err or "database" in ran.err
