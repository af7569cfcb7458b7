"""``hptwin simulate``: from a recorded history to figures, a drawing, a page and a table."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hptwin import here
from observed_house import observed
from recorded_site import recorded_site

SITE = ("--set", "site.latitude=48.58", "--set", "site.longitude=7.75")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded_site(tmp_path_factory.mktemp("simulated"), observed())


def test_a_change_is_told_drawn_and_written(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / f"what-if.{form}" for form in ("csv", "html", "png")]
    options = [word for file in files for word in (f"--{file.suffix[1:]}", str(file))]
    asked = ("simulate", "--data", str(recorded), *SITE, "--change", "curve.shift=-3", "--draws",
             "4", "--days", "3", *options)  # fmt: skip
    ran = here(capsys, *asked)
    assert ran.code == 0, ran.err
    told = ran.out
    assert "Simulated: hp1" in told
    assert "the emulated plant" in told
    assert "no irradiance is recorded" in told
    rows = list(csv.DictReader(files[0].read_text("utf-8").splitlines()))
    assert {row["origin"] for row in rows} == {"simulated"}
    assert {row["scenario"] for row in rows} == {"baseline", "changed"}
    supply = [
        np.mean([float(r["value"]) for r in rows if (r["quantity"], r["scenario"]) == pair])
        for pair in (("supply", "baseline"), ("supply", "changed"))
    ]
    assert supply[1] < supply[0] - 1.0
    page = files[1].read_text("utf-8")
    assert "Simulated" in page
    assert "<svg" in page
    assert files[2].read_bytes().startswith(b"\x89PNG")
    before = [file.read_bytes() for file in files[:1]]
    assert here(capsys, *asked).code == 0
    assert [file.read_bytes() for file in files[:1]] == before


def test_what_can_be_changed_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert "house.loss_factor" in here(capsys, "simulate", "--list").out


def test_another_machine_is_a_file_with_its_plate(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plate = tmp_path / "other.yaml"
    plate.write_text(
        "plate:\n  manufacturer: Acme\n  model: A9\n  nominal_flow: 20\n  max_power: 3000\n"
        "  heating:\n    - {outdoor: 7, water: 35, capacity: 8000, power: 1500}\n"
    )
    asked = ("simulate", "--data", str(recorded), *SITE, "--draws", "0", "--days", "2")
    assert "SPF" in here(capsys, *asked, "--change", f"machine={plate}").out
    plate.write_text("plate: {manufacturer: Acme}\n")
    ran = here(capsys, *asked, "--change", f"machine={plate}")
    assert ran.code == 1
    assert "model" in ran.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--change", "curve.shift=lots"), "'lots' is no number"),
        (("--heat-pump", "hp9"), "there is no heat pump 'hp9'"),
        (("--to", "2026-01-08"), "days; 7 are needed"),
    ],
)
def test_mistakes_say_what_to_do(
    words: tuple[str, ...], says: str, recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = here(capsys, "simulate", "--data", recorded, *SITE, *words)
    assert ran.code == 1
    assert says in " ".join(ran.err.split())
