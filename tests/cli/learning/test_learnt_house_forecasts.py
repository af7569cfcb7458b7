"""From a recorded history to a learnt house, and from that to forecasts: by commands alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hptwin import here
from observed_house import observed
from recorded_site import recorded_site

from heatpump_twin.twin_engine.forecasting.forecast_file import read_forecasts

SITE = ("--set", "site.latitude=48.58", "--set", "site.longitude=7.75")


def test_a_house_that_is_learnt_forecasts_where_it_does_best(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = recorded_site(tmp_path / "data", observed())
    for command in (("calibrate",), ("evaluate", "--keep")):
        ran = here(capsys, *command, "--data", str(root), *SITE)
        assert ran.code == 0, ran.err
    assert "left out" not in ran.out  # the audit has found nothing
    card = json.loads((root / "models" / "forecast" / "hp1.json").read_text("utf-8"))
    power, room = (
        card["targets"][f"forecast_{name}"] for name in ("electrical_power", "room_temperature")
    )
    # Nobody has told the weather: that of the days before is simulated.
    assert "simulation" in power["chosen"]
    assert power["skill"] > 0.1
    assert room["mae"] < 0.5
    ran = here(capsys, "forecast", "--data", str(root), "--result", str(tmp_path), *SITE)
    assert ran.code == 0, ran.err
    shown = {one.key: one for one in read_forecasts(tmp_path)}
    assert "simulation" in shown["hp1.forecast_electrical_power"].model
    room_shown = shown["hp1.forecast_room_temperature"].values
    assert (room_shown > 15.0).all()
    assert (room_shown < 28.0).all()
