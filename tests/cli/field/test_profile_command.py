"""`hptwin profile`, and what `hptwin check` says of the profiles of a site."""

from __future__ import annotations

from pathlib import Path

import hptwin
import pytest
from places import DEFAULT_SITE

from heatpump_twin.drivers.modbus.profile.profile_files import packaged_profiles

Capsys = pytest.CaptureFixture[str]

TABLE = """\
name,address,table,type,scale,unit,rw,source
outdoor_temperature,1,holding,int16,0.1,°C,r,Acme register list
outlet_water_temperature,2,holding,int16,0.1,°C,r,
operating_mode,4,holding,uint16,1,,rw,
energy,10,holding,uint32,1,kWh,r,
"""

PROFILE = """\
title: Acme AW12
kind: heat_pump_controller
source: this test
points:
  - {point: supply_temperature, space: input, address: 10, type: int16, scale: 0.1, unit: degC}
  - {point: return_temperature, space: input, address: 11, type: int16, scale: 0.1, unit: degC}
"""
THE_RETURN = "return_temperature, space: input, address: 11, type: int16, scale: 0.1, unit: degC"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "acme.csv"
    path.write_text(TABLE, "utf-8")
    return path


def a_profile(tmp_path: Path, point: str = THE_RETURN) -> Path:
    path = tmp_path / "acme.yaml"
    assert THE_RETURN in PROFILE
    path.write_text(PROFILE.replace(THE_RETURN, point), "utf-8")
    return path


def a_site(tmp_path: Path, point: str) -> tuple[Path, Path]:
    """Put a device with one point in the place of the default site's electricity meter."""
    profile = tmp_path / "own.yaml"
    head = PROFILE[: PROFILE.index("  - {")]
    profile.write_text(head + f"  - {{point: {point}}}\n", "utf-8")
    text = DEFAULT_SITE.read_text("utf-8")
    assert "profile: eastron-sdm120" in text
    site = tmp_path / "site.yaml"
    site.write_text(text.replace("profile: eastron-sdm120", f"profile: {profile}"), "utf-8")
    return site, profile


def test_the_packaged_ones_are_listed(capsys: Capsys) -> None:
    ran = hptwin.here(capsys, "profile", "list")
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines()[1:]] == packaged_profiles()
    assert "SDM630 three-phase" in ran.out


def test_from_a_table_to_a_profile_that_checks(capsys: Capsys, table: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.yaml"
    ran = hptwin.here(capsys, "profile", "from-csv", table, "--output", made)
    assert ran.code == 0, ran.err
    assert "4 rows: 2 mapped to points, 1 look like a point" in ran.err
    checked = hptwin.here(capsys, "profile", "check", made)
    assert checked.code == 0
    assert f"{made}: good, 2 points, 0 writable" in checked.out
    again = hptwin.here(capsys, "profile", "from-csv", table, "--output", made)
    assert again.code == 1
    assert "is there already" in again.err
    printed = hptwin.here(capsys, "profile", "from-csv", table)
    assert printed.out == made.read_text("utf-8")


def test_what_a_table_does_not_say(capsys: Capsys, table: Path) -> None:
    table.write_text(TABLE.replace("holding", "sensors"), "utf-8")
    ran = hptwin.here(capsys, "profile", "from-csv", table)
    assert ran.code == 2
    assert f"{table}:1: table: the table has a table 'sensors'" in ran.err
    ran = hptwin.here(capsys, "profile", "from-csv", table, "--take", "table:sensors=input")
    assert ran.code == 0
    assert "{point: outdoor_temperature, space: input, address: 1," in ran.out
    ran = hptwin.here(capsys, "profile", "from-csv", table, "--take", "sensors=input")
    assert "--take sensors=input: write COLUMN:CELL=MEANING" in ran.err


@pytest.mark.parametrize(
    ("point", "code", "problem"),
    [
        ("return_temperature, space: input, address: 10, type: int16", 2, "6: points.1.address: "),
        (
            "return_temperature, space: input, address: 11, type: int16, scale: 0.0001",
            2,
            "error: {file}:6: points.1.scale: int16 can hold -3.2768 to 3.2767 Cel",
        ),
        (
            "return_temperatur, space: input, address: 11, type: int16",
            2,
            "6: points.1: the catalogue has no point 'return_temperatur'; did you mean return_temp",
        ),
        (
            "outdoor_temperature, space: input, address: 11, type: uint16, scale: 0.1",
            0,
            "warning: {file}:6: points.1.type: uint16 can hold 0 to 6553.5 Cel",
        ),
    ],
)
def test_a_profile_that_cannot_be_right(
    capsys: Capsys, tmp_path: Path, point: str, code: int, problem: str
) -> None:
    path = a_profile(tmp_path, point)
    ran = hptwin.here(capsys, "profile", "check", path)
    assert ran.code == code
    assert problem.format(file=path) in ran.out + ran.err


@pytest.mark.parametrize(
    ("point", "code", "problem"),
    [
        (
            "water_pressure, space: input, address: 1, type: uint16, scale: 0.0000001",
            2,
            "{file}:5: points.0.scale: uint16 can hold 0 to 0.0065535 bar",
        ),
        (
            "liquid_temperature, space: input, address: 1, type: uint16, scale: 0.1",
            0,
            "warning: {file}:5: points.0.type: uint16 can hold 0 to 6553.5 Cel",
        ),
        (
            "nonesuch, space: input, address: 1, type: uint16",
            2,
            "{file}:5: points.0: the catalogue has no point 'nonesuch'",
        ),
    ],
)
def test_a_site_is_checked_with_its_profiles(
    capsys: Capsys, tmp_path: Path, point: str, code: int, problem: str
) -> None:
    site, profile = a_site(tmp_path, point)
    ran = hptwin.here(capsys, "check", site)
    assert ran.code == code
    assert problem.format(file=profile) in ran.out + ran.err


def test_check_sends_a_profile_to_its_own_command(capsys: Capsys, tmp_path: Path) -> None:
    path = a_profile(tmp_path)
    ran = hptwin.here(capsys, "check", path)
    assert ran.code == 1
    assert f"`hptwin profile check {path}` checks it" in ran.err


def test_what_is_written_without_being_asked_is_shown(capsys: Capsys, tmp_path: Path) -> None:
    path = a_profile(
        tmp_path,
        "supply_setpoint, space: holding, address: 11, type: int16, write: {refresh: 30 s}",
    )
    start_up = "start_up: [{address: 6000, words: [0x8238, 1], why: ids}]\npoints:"
    path.write_text(path.read_text("utf-8").replace("points:", start_up), "utf-8")
    ran = hptwin.here(capsys, "profile", "check", path)
    assert ran.code == 0
    assert "written by itself after each connect: holding 6000 := 8238 0001 (ids)" in ran.out
    assert "written by itself every 30 s while it is overridden: supply_setpoint" in ran.out


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ("refresh: 30 s, throttle: 60 s", "refresh 30 s is faster than throttle 60 s allows"),
        ("refresh: 0", "refresh"),
    ],
)
def test_a_refresh_never_wears_the_device_out(
    capsys: Capsys, tmp_path: Path, rules: str, problem: str
) -> None:
    point = f"supply_setpoint, space: holding, address: 11, type: int16, write: {{{rules}}}"
    ran = hptwin.here(capsys, "profile", "check", a_profile(tmp_path, point))
    assert ran.code == 2
    assert problem in ran.out + ran.err


TITLED = """Maker X
Revision 3

address,name,table,type,unit,rw,colour
1,Supply temperature,holding,int16,0.1°C,R,red
,Section two,,,,,
2,,holding,int16,,R,
3,Frobnication level,holding,int16,,R,
foo,Return temperature,holding,int16,0.1°C,R,
"""


def test_every_column_and_row_that_is_left_out_is_named_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "map.csv"
    table.write_text(TITLED, "utf-8")
    ran = hptwin.here(capsys, "profile", "from-csv", table)
    assert ran.code == 0
    assert [line for line in ran.err.splitlines() if "left out" in line] == [
        "line 1 left out: Maker X: above the header",
        "line 2 left out: Revision 3: above the header",
        "line 6 left out: Section two: no address",
        "line 7 left out: holding 2 int16: no name",
        "line 8 left out: Frobnication level holding 3 int16: "
        "no point of the catalogue has this name",
        "line 9 left out: Return temperature holding foo int16 0.1°C: 'foo' is not an address",
    ]
    assert "columns in which only units and states were looked for: colour" in ran.err


def test_a_table_of_which_nothing_is_mapped_says_of_each_row_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "map.csv"
    table.write_text(
        "address,name,table,type\n1,Frob,holding,int16\nx,Blub,holding,int16\n", "utf-8"
    )
    ran = hptwin.here(capsys, "profile", "from-csv", table)
    assert ran.code == 2
    assert "no row is obviously a point of the catalogue" in ran.err
    assert "map.csv:2: row: left out: Frob holding 1 int16: no point of the catalogue" in ran.err
    assert "map.csv:3: row: left out: Blub holding x int16: 'x' is not an address" in ran.err
