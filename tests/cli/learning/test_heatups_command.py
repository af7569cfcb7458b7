"""``hptwin heatups``: a log without dates is imported, its heat-ups are found, told and kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hptwin import here

DAYS = ("Lu", "Ma", "Mi", "Ju", "Vi", "Sá", "Do")
MAP = """
format: {decimal: ","}
time:
  columns: [""]
  format: clock
  begin: 2025-02-10
  weekdays: [Lu, Ma, Mi, Ju, Vi, Sá, Do]
  zone: Europe/Madrid
points: {consigna: hp1.supply_setpoint, impulsió: hp1.supply_temperature}
"""


def week(minutes: list[int]) -> str:
    """Return a week of samples of five minutes, each day heated from 05:30 on."""
    rows = [';"consigna";"impulsió"']
    for day, took in zip(DAYS, minutes, strict=True):
        for clock in range(0, 1440, 5):
            since = clock - 330
            supply = 20 + 35 * min(max(since, 0) / took, 1) if since < 360 else 20
            rows.append(f'"{day} {clock // 60:02}:{clock % 60:02}";55;{supply:.0f}')
    return "\n".join(rows) + "\n"


@pytest.fixture
def recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    data, table, map_ = tmp_path / "data", tmp_path / "week.csv", tmp_path / "map.yaml"
    data.mkdir()
    table.write_text(week([60, 65, 60, 70, 65, 60, 65]))
    map_.write_text(MAP)
    ran = here(capsys, "import", str(table), "--map", str(map_), "--data", str(data))
    assert ran.code == 0, ran.err
    return data


def test_heat_ups_are_found_told_and_kept(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        ran = here(capsys, "heatups", "--data", str(recorded), "--keep")
        assert ran.code == 0, ran.err
        assert "4 heat-ups, after 3 that were only learnt from; 4 of them reached" in ran.out
        assert "in time with the lead 4 of 4 (100%)" in ran.out
    with closing(sqlite3.connect(recorded / "historian.sqlite")) as database:
        rows = database.execute(
            "SELECT quantity, outcome, (ended - begin) / 60e6 FROM heat_up ORDER BY begin"
        ).fetchall()
    assert [row[:2] for row in rows] == [("water", "observed")] * 7
    assert [row[2] for row in rows] == pytest.approx([60, 65, 60, 70, 65, 60, 65], abs=5)


def test_of_a_span_nothing_is_known_that_was_before_or_came_after(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    span = ("--from", "2025-02-11T00:00:00+01:00", "--to", "2025-02-15T00:00:00+01:00")
    ran = here(capsys, "heatups", "--data", str(recorded), *span)
    assert ran.code == 0, ran.err
    assert "1 heat-ups, after 3 that were only learnt from; 1 of them reached" in ran.out
    assert "2025-02-14 05:" in ran.out  # whole, also in a narrow terminal
    assert "median of" in ran.out
    ran = here(capsys, "heatups", "--data", str(recorded), "--from", "2025-02-14T23:00")
    assert ran.code == 1
    assert "2 heat-ups in the history between --from and --to" in ran.err + ran.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--quantity", "pool"), "'pool' is none of water, room, tank"),
        (("--heat-pump", "hp7"), "there is no heat pump 'hp7' on this site"),
        (("--quantity", "room"), "hp1: no history of room_temperature"),
        (("--target", "24"), "0 heat-ups in the history: more than 3 are needed"),
    ],
)
def test_what_cannot_be_told_says_why(
    recorded: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], words: str
) -> None:
    ran = here(capsys, "heatups", "--data", str(recorded), *options)
    assert ran.code == 1
    assert words in ran.err + ran.out
