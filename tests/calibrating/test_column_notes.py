"""Columns that a map names and tables have not, or have without a value, are said by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hptwin import here
from known_machine import KnownMachine
from known_tables import MAP, PLATE, table, written

ROWS = table(KnownMachine(step=900.0, days=6))


def emptied(name: str, text: str) -> str:
    """Return the rows with nothing in a column but a text."""
    head, *rows = ROWS.splitlines()
    place = head.split(";").index(name)
    cells = [row.split(";") for row in rows]
    return "\n".join([head, *(";".join([*c[:place], text, *c[place + 1 :]]) for c in cells)])


def test_a_column_that_no_table_has_is_in_the_card(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    files = written(tmp_path, table=ROWS.replace("Flow", "flow l/min"), map=MAP + PLATE)
    card = tmp_path / "card.json"
    ran = here(capsys, "calibrate", "--csv", files["table"], "--mapping", files["map"], "-o", card)
    assert ran.code == 0, ran.err
    wanted = "the map names the column 'Flow' for it, and no table has one: they have 'When'"
    assert f"missing: water_flow: {wanted}" in ran.out
    assert "is it 'flow l/min'?" in ran.out
    missing = json.loads(card.read_text("utf-8"))["missing"]
    assert any(m["sensor"] == "water_flow" and "'Flow'" in m["consequence"] for m in missing)


def test_a_refusal_names_the_column_that_is_not_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    files = written(tmp_path, table=ROWS.replace("Power", "power"), map=MAP + PLATE)
    ran = here(capsys, "calibrate", "--csv", files["table"], "--mapping", files["map"])
    assert ran.code == 1
    assert "the record lacks electrical_power" in ran.err
    assert "the map names the column 'Power' for it" in ran.err
    assert "is it 'power'?" in ran.err


@pytest.mark.parametrize("text", ["", "NaN", "n/a"])
def test_a_column_without_a_value_is_in_the_card(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
) -> None:
    files = written(tmp_path, table=emptied("Flow", text), map=MAP + PLATE)
    ran = here(capsys, "calibrate", "--csv", files["table"], "--mapping", files["map"])
    assert ran.code == 0, ran.err
    assert "water_flow: the column 'Flow' that the map names for it has no value" in ran.out


def test_a_column_in_which_nothing_can_be_read_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    files = written(tmp_path, table=emptied("Flow", "open"), map=MAP + PLATE)
    ran = here(capsys, "calibrate", "--csv", files["table"], "--mapping", files["map"])
    assert ran.code == 1
    assert ":2: Flow: 'open' is no number" in ran.err


@pytest.mark.parametrize(
    ("unit", "words"), [("horses", "horses"), ("degC", "degC")], ids=["none", "of something else"]
)
def test_a_unit_that_is_none_of_the_point_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, unit: str, words: str
) -> None:
    files = written(tmp_path, table=ROWS, map=MAP.replace("unit: kW", f"unit: {unit}") + PLATE)
    ran = here(capsys, "calibrate", "--csv", files["table"], "--mapping", files["map"])
    assert ran.code == 1
    assert "Power" in ran.err
    assert words in ran.err


def test_a_column_in_another_of_several_tables_is_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows = [line.split(";") for line in ROWS.splitlines()]
    parts = {
        "first": "\n".join(";".join(cells[:3]) for cells in rows),
        "second": "\n".join(";".join([cells[0], *cells[3:]]) for cells in rows),
    }
    files = written(tmp_path, map=MAP + PLATE, **parts)
    ran = here(
        capsys, "calibrate", "--csv", files["first"], "--csv", files["second"],
        "--mapping", files["map"],
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "the map names the column" not in ran.out
