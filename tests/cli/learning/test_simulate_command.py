"""``hptwin simulate``: from a recorded history to figures, a drawing, a page and a table."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from hptwin import here
from observed_house import observed
from recorded_site import recorded_site

from heatpump_twin.calibrating.calibrated_site import calibrate_site
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site

SITE = ("--set", "site.latitude=48.58", "--set", "site.longitude=7.75")


HALF = ("--from", "2026-01-17")
"""Of what is recorded; to learn a house of it takes half as long."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded_site(tmp_path_factory.mktemp("simulated"), observed())


def test_a_change_is_told_drawn_and_written(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / f"what-if.{form}" for form in ("csv", "html", "png")]
    options = [word for file in files for word in (f"--{file.suffix[1:]}", str(file))]
    asked = ("simulate", "--data", str(recorded), *SITE, "--change", "curve.shift=-3", "--draws",
             "2", "--days", "3", *HALF, *options)  # fmt: skip
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


@pytest.fixture(scope="module")
def calibrated(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory whose house was calibrated."""
    data = Path(copytree(recorded, tmp_path_factory.mktemp("calibrated") / "data"))
    site = load_site("default", SITE[1::2], environment={})
    outcomes = asyncio.run(
        calibrate_site(site, DataDirectory.existing(data), None, None, None, keep=True)
    )
    assert [one.house.promoted for one in outcomes if one.house] == [True]
    return data


def test_the_house_that_was_calibrated_is_simulated_until_it_is_taken_back(
    calibrated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = Path(copytree(calibrated, tmp_path / "data"))
    card = json.loads((data / "models/calibration/hp1/0001.json").read_text("utf-8"))
    assert card["house"]["held_out"]["heat"] < 0.06
    assert card["house"]["held_out"]["room"] < 0.5
    asked = ("simulate", "--data", data, *SITE, "--draws", "0", "--days", "2")
    told = here(capsys, *asked).out
    assert "house: version 1, learnt from 2026-01-05 to 2026-01-28" in told
    assert here(capsys, *asked).out == told
    ran = here(capsys, "calibrate", "--data", data, *SITE, "--rollback")
    assert "the plate alone; house: none is kept" in ran.out
    assert "house: learnt for this answer alone" in here(capsys, *asked).out


def test_whoever_names_a_span_is_told_what_that_tells(
    calibrated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = here(
        capsys, "simulate", "--data", calibrated, *SITE, "--draws", "0", "--days", "2",
        *HALF,
    )  # fmt: skip
    assert "house: learnt for this answer alone" in ran.out


def test_a_house_of_another_origin_is_not_simulated(
    calibrated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = Path(copytree(calibrated, tmp_path / "data"))
    folder = data / "models/calibration/hp1"
    card = folder / "0001.json"
    card.write_text(card.read_text("utf-8").replace('"emulated"', '"real"'), "utf-8")
    (folder / "promoted.json").write_text('{"versions": [{"house": 1}]}')
    ran = here(capsys, "simulate", "--data", data, *SITE, "--draws", "0", "--days", "2")
    assert ran.code == 1
    assert "learnt on a machine that is real, and this one is emulated" in " ".join(ran.err.split())


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
    asked = ("simulate", "--data", str(recorded), *SITE, *HALF, "--draws", "0", "--days", "2")
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
