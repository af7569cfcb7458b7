"""``hptwin calibrate``: on tables alone, and on a data directory, with versions."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pytest
from hptwin import here
from known_machine import KnownMachine
from known_tables import COLUMNS, MAP, PLATE, table, written

from heatpump_twin.config.data_directory import DataDirectory


def test_a_table_that_nobody_has_seen_is_enough(capsys, tmp_path):
    files = written(tmp_path, table=table(KnownMachine(step=900.0, days=14)), map=MAP + PLATE)
    card = tmp_path / "card.json"
    ran = here(
        capsys, "calibrate", "--csv", files["table"], "--mapping", files["map"], "--output", card
    )
    assert ran.code == 0, ran.err
    told: Mapping[str, object] = json.loads(card.read_text("utf-8"))
    assert (told["connection"], told["heat"]) == ("real", "measured")
    assert told["held_out"]["cop"] < 0.03
    assert told["held_out"]["plate"] > 0.06
    assert "missing: outdoor_humidity" in ran.out
    assert "missing: defrost_active" in ran.out
    assert "it cannot know how much refrigerant" in ran.out


def test_a_table_without_heat_says_so_and_one_without_power_is_refused(capsys, tmp_path):
    machine = KnownMachine(step=900.0, days=8)
    files = written(
        tmp_path, poor=table(machine, "Flow"), dark=table(machine, "Power"), map=MAP + PLATE
    )
    ran = here(capsys, "calibrate", "--csv", files["poor"], "--mapping", files["map"])
    assert ran.code == 0, ran.err
    assert "heat is estimated" in ran.out
    assert "missing: heat meter" in ran.out
    ran = here(capsys, "calibrate", "--csv", files["dark"], "--mapping", files["map"])
    assert ran.code == 1
    assert "electrical_power" in ran.err


def test_a_table_needs_to_be_told_what_its_columns_are(capsys, tmp_path):
    files = written(tmp_path, table=table(KnownMachine(step=900.0, days=1)))
    ran = here(capsys, "calibrate", "--csv", files["table"])
    assert ran.code == 1
    assert "--mapping" in ran.err


@pytest.mark.parametrize(
    "machine", ["", "machine: {manufacturer: Known, model: A1, capacity: 7000}\n"]
)
def test_without_a_plate_the_usual_machine_is_the_prior(capsys, tmp_path, machine):
    files = written(tmp_path, table=table(KnownMachine(step=900.0, days=14)), map=MAP + machine)
    card = tmp_path / "card.json"
    ran = here(
        capsys, "calibrate", "--csv", files["table"], "--mapping", files["map"], "--output", card
    )
    assert ran.code == 0, ran.err
    assert "missing: plate" in ran.out
    told = json.loads(card.read_text("utf-8"))
    assert told["prior"] == "usual machine"
    # Its size is what the map states, else the largest heat on record.
    capacity = told["plate"]["heating"][0]["capacity"]
    assert capacity == 7000 if machine else 4500 < capacity < 7000
    assert told["held_out"]["cop"] < 0.03
    assert told["held_out"]["cop"] < told["held_out"]["plate"]


@pytest.fixture
def recorded(capsys, tmp_path) -> DataDirectory:
    """A data directory of the default site with ten recorded days of a known machine."""
    data = DataDirectory.open(tmp_path / "data")
    site_map = MAP.replace(": {point: elec", ": {point: hp1.elec")
    for point, _ in COLUMNS.values():
        site_map = site_map.replace(f": {point}", f": hp1.{point}")
    files = written(tmp_path, table=table(KnownMachine(step=300.0, days=10)), map=site_map)
    ran = here(capsys, "import", files["table"], "--map", files["map"], "--data", data.root)
    assert ran.code == 0, ran.out + ran.err
    return data


def test_versions_are_kept_used_and_taken_back(capsys, recorded):
    calibrated = ("calibrate", "--data", recorded.root)
    ran = here(capsys, *calibrated, "--dry-run")
    assert ran.code == 0, ran.err
    assert "nothing kept, not in use" in ran.out
    folder = recorded.models / "calibration" / "hp1"
    assert not folder.exists()

    ran = here(capsys, *calibrated)
    assert "version 1, in use: mean error" in ran.out
    # What is recorded on a site of emulated devices is of no real machine.
    assert json.loads((folder / "0001.json").read_text("utf-8"))["connection"] == "emulated"
    ran = here(capsys, *calibrated)
    # The same days cannot speak against the model that was made of them.
    assert "version 2, not in use" in ran.out
    ran = here(capsys, *calibrated, "--rollback")
    assert "the plate alone" in ran.out
    ran = here(capsys, *calibrated, "--rollback")
    assert ran.code == 1
    assert "none to take back" in ran.err


def test_the_span_is_that_which_was_asked_for(capsys, recorded):
    ran = here(
        capsys, "calibrate", "--data", recorded.root, "--dry-run",
        "--from", "2026-01-03T00:00:00+00:00", "--to", "2026-01-08T00:00:00+00:00",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "2026-01-03T" in ran.out
    assert "2026-01-07T" in ran.out
    ran = here(capsys, "calibrate", "--data", recorded.root, "--to", "2026-01-02T12:00:00+00:00")
    assert ran.code == 1
    assert "steady periods" in ran.out
    assert np.isclose(len(ran.err.splitlines()), 1)


def test_a_heat_pump_that_is_not_there_is_said(capsys, recorded):
    ran = here(capsys, "calibrate", "--data", recorded.root, "--heat-pump", "hp7")
    assert ran.code == 1
    assert "it has hp1" in ran.err
