"""``hptwin import``: tables of many makes become history, once, however often they are imported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hptwin import here
from stored_samples import stored
from table_import import SUPPLY, Import

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA, UNCERTAIN
from heatpump_twin.runtime.first_run import exclusive
from heatpump_twin.safekeeping.importing import history_import, table_samples
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore

RETURN, MODE = "hp1.return_temperature", "hp1.operating_mode"
MADRID = "zone: Europe/Madrid"


LONG = """\ufeff"Series";"Time";"Value"
"consigna";"2021-03-22T13:00:00+01:00";55
"consigna";"2021-03-22T13:05:00+01:00";55,25
"impuls";"2021-03-22T13:00:00+01:00";40,099998474121094
"impuls";"2021-03-22T13:05:00+01:00";-
"impuls";"2021-03-22T13:15:00+01:00";104,5
"exterior";"2021-03-22T13:00:00+01:00";9,5
"patata";"2021-03-22T13:00:00+01:00";1
"""
LONG_MAP = f"""
format: {{decimal: ","}}
time: {{columns: [Time]}}
long: {{point: Series, value: Value}}
points:
  consigna: {RETURN}
  impuls: {{point: {SUPPLY}, unit: degF}}
ignore: [patata]
gap: 8 min
"""


def test_a_long_table_with_a_mark_and_decimal_commas(imports: Import) -> None:
    said = imports.good(LONG, LONG_MAP)
    assert imports.samples(RETURN) == [
        ("2021-03-22 12:00:00", 55.0), ("2021-03-22 12:05:00", 55.25),
        ("2021-03-22 12:05:00", None),  # the series ends, and says so
    ]  # fmt: skip
    fahrenheit = imports.samples()
    assert [time for time, _ in fahrenheit] == [
        "2021-03-22 12:00:00", "2021-03-22 12:00:00", "2021-03-22 12:15:00", "2021-03-22 12:15:00",
    ]  # fmt: skip
    values = [value for _, value in fahrenheit]
    assert values[::2] == pytest.approx([(40.099998474121094 - 32) / 1.8, (104.5 - 32) / 1.8])
    assert values[1::2] == [None, None]  # what pauses longer than the map allows has a gap
    assert stored(imports.data.database, SUPPLY).status[1] == BAD_NO_DATA
    for words in (
        "7 rows, 4 values, 1 cells without one", "not in the map: 'exterior', 1 values",
        "pauses that are gaps 1", "longest pause 15 min", "historian.retention", "7 samples",
    ):  # fmt: skip
        assert words in said
    assert "patata" not in said


def test_twice_changes_nothing(imports: Import) -> None:
    imports.good(LONG, LONG_MAP)
    before = imports.blocks
    assert "0 samples imported, 7 were there already, 0 recorded otherwise" in imports.good(
        LONG, LONG_MAP
    )
    assert imports.blocks == before


WEEK = """;"Temp Consigna";"Temp impulsió"
"Lu 00:05";55;20
"Lu 23:55";55;21,4
"Ma 00:00";55;21,5
"Ju 08:00";55;22
"Do 23:55";55;23
"Lu 00:00";55;24
"Lu 00:00";55;25
"""
WEEK_MAP = f"""
format: {{decimal: ","}}
time: {{columns: [""], format: clock, begin: 2021-02-08, weekdays: [Lu, Ma, Mi, Ju, Vi, Sá, Do]}}
points: {{"Temp impulsió": {SUPPLY}}}
"""


def test_days_follow_from_the_first_one_and_the_names_of_the_week(imports: Import) -> None:
    said = imports.good(WEEK, WEEK_MAP)
    assert imports.samples() == [
        ("2021-02-07 23:05:00", 20.0), ("2021-02-08 22:55:00", 21.4),
        ("2021-02-08 23:00:00", 21.5), ("2021-02-11 07:00:00", 22.0),
        ("2021-02-14 22:55:00", 23.0), ("2021-02-14 23:00:00", 25.0),
    ]  # fmt: skip
    assert "repeated times 1" in said
    assert "not in the map: 'Temp Consigna', 7 values" in said
    ran = imports.run(WEEK, WEEK_MAP.replace("02-08", "02-09"))
    assert "the first row is of 'Lu', and 2021-02-09 is 'Ma'" in ran.out
    # Without names of days, midnight is where the clock goes back.
    clocks = "time,a\n23:50,1\n00:10,2\n23:50,3\n00:10,4\n"
    plain = f"time: {{format: clock, begin: 2021-02-01}}\npoints: {{a: {RETURN}}}"
    imports.good(clocks, plain)
    assert [time for time, _ in imports.samples(RETURN)] == [
        "2021-02-01 22:50:00", "2021-02-01 23:10:00", "2021-02-02 22:50:00", "2021-02-02 23:10:00",
    ]  # fmt: skip


BACK = ("2025-10-26 01:30", "2025-10-26 02:00", "2025-10-26 02:30", "2025-10-26 02:00",
        "2025-10-26 02:30", "2025-10-26 03:00")  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "hours"),
    [
        ("order", ["23:30", "00:00", "00:30", "01:00", "01:30", "02:00"]),
        ("first", ["23:30", "00:00", "00:30", "02:00"]),
        ("second", ["23:30", "01:00", "01:30", "02:00"]),
        ("refuse", None),
    ],
)
@pytest.mark.parametrize("form", ["iso", "clock"])
def test_the_hour_that_is_there_twice(imports: Import, rule: str, hours, form: str) -> None:
    times = BACK if form == "iso" else [time.split()[1] for time in BACK]
    table = "time,a\n" + "".join(f"{time},{n}\n" for n, time in enumerate(times))
    begin = ", begin: 2025-10-26" if form == "clock" else ""
    map_ = f"time: {{format: {form}{begin}, {MADRID}, ambiguous: {rule}}}\npoints: {{a: {SUPPLY}}}"
    if hours is None:
        ran = imports.run(table, map_)
        assert ran.code == 1
        assert f"{imports.file}:3: time '{times[1]}': it was there twice" in ran.out
        return
    imports.good(table, map_)
    assert [time[11:16] for time, _ in imports.samples()] == hours


def test_the_hour_that_is_not_there(imports: Import) -> None:
    table = "time,a\n2025-03-30 01:30,1\n2025-03-30 02:30,2\n2025-03-30 03:00,3\n"
    map_ = f"time: {{{MADRID}}}\npoints: {{a: {SUPPLY}}}"
    ran = imports.run(table, map_)
    assert f"{imports.file}:3: time '2025-03-30 02:30': no clock has shown it" in ran.out
    assert "1 mistakes, so nothing is imported" in ran.err
    imports.good(table, map_.replace("time: {", "time: {skipped: later, "))
    assert [time[11:16] for time, _ in imports.samples()] == ["00:30", "01:00", "01:30"]


def test_forms_of_times_numbers_and_states(imports: Import) -> None:
    table = "Tag\tUhrzeit\tMode\tVorlauf °C\n01.02.2025\t12:30\tHeating\t1.234,5\n".encode("cp1252")
    map_ = f"""
format: {{encoding: cp1252, decimal: ",", thousands: "."}}
time: {{columns: [Tag, Uhrzeit], format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}}
points:
  Mode: {MODE}
  "Vorlauf °C": {{point: {SUPPLY}, scale: 0.1, offset: -100}}
"""
    said = imports.good(table, map_)
    assert imports.samples() == [("2025-02-01 11:30:00", 23.45)]
    assert imports.samples(MODE) == [("2025-02-01 11:30:00", 1.0)]
    assert "outside of the range 0" in said
    states = f"points: {{a: {{point: {MODE}, states: {{Hot: 3, Cold: 5}}}}}}"
    for form, time in (("unix s", "1738400000.5"), ("unix ms", "1738400001500")):
        imports.good(f"time,a\n{time},Cold\n", f"time: {{format: {form}}}\n{states}")
    expected = [("2025-02-01 08:53:20", 5.0), ("2025-02-01 08:53:21", 5.0)]
    assert imports.samples(MODE)[:2] == expected
    imports.good(table.decode("cp1252").encode("utf-16"), map_.replace("encoding: cp1252, ", ""))


def test_mistakes_have_their_place_and_nothing_is_written(imports: Import) -> None:
    table = (
        "time,a,b\n2025-02-01T12:00Z,30,Heating\n2025-02-01T12:01Z,x,Heating\nnever,1,Heating\n"
        "2025-02-01T12:02Z,1\n2025-02-01T12:03Z,\"1,5\",17\n2025-02-01T12:04Z,900,Heating\n"
    )  # fmt: skip
    map_ = f"points: {{a: {SUPPLY}, b: {MODE}}}"
    ran = imports.run(table, map_)
    assert ran.code == 1
    name = imports.file
    for words in (
        f"{name}:3: a: 'x' is no number",
        f"{name}:4: time 'never': ",
        f"{name}:5: 2 cells, and 3 columns",
        f"{name}:6: a: '1,5' is no number; write format: {{decimal: ','}}",
        f"{name}:6: b: 17 is no state of {MODE}",
        f"{SUPPLY}: 2 values",
        "outside of the range 1",
    ):
        assert words in ran.out
    assert not imports.data.database.exists()
    assert "5 samples imported" in imports.good(table, map_, "--skip-mistakes")
    assert [value for _, value in imports.samples()] == [30.0, 900.0]


@pytest.mark.parametrize(
    ("table", "map_", "words"),
    [
        ("", f"points: {{a: {SUPPLY}}}", "is empty"),
        ("a,b\n", f"points: {{a: {SUPPLY}}}", "there is no column 'time', only a, b"),
        ("time,a\n1,1\n", "points: {a: hp1.nothing}", "a: hp1.nothing is no point of this site"),
        ("time,a\n", f"points: {{a: {{point: {SUPPLY}, unit: kW}}}}", "there is nothing to import"),
        (
            "time,a\n2025-01-01T00:00Z,1\n", f"points: {{a: {{point: {SUPPLY}, unit: kW}}}}",
            "a: 'kW' cannot become 'Cel'",
        ),
        (b"time,a\n\xff,1\n", f"points: {{a: {SUPPLY}}}", "name its encoding in the map"),
        ("time,a\n", "pints: {}", "map.yaml:1"),
        ("time,a\n", "time: {zone: Mars}", "unknown time zone 'Mars'"),
        ("time,a\n", "time: {format: clock}", "format clock needs begin"),
        ("time,a\n2025-01-01T00:00Z,\"1\n", f"points: {{a: {SUPPLY}}}", "table.csv:2: "),
    ],
)  # fmt: skip
def test_what_cannot_be_imported(imports: Import, table, map_: str, words: str) -> None:
    ran = imports.run(table, map_)
    assert ran.code == (2 if "map.yaml" in ran.err else 1)
    assert words in ran.err


def test_what_the_twin_has_recorded_counts_unless_it_is_replaced(
    imports: Import, monkeypatch
) -> None:
    start = 1_738_400_000_000_000
    store = SampleStore(open_engine(f"sqlite:///{imports.data.database}"))
    row = store.prepare([SUPPLY])[SUPPLY]
    time = start + np.arange(100) * 60_000_000
    store.write(Frame.of(np.full(100, row), np.arange(100.0), UNCERTAIN, time))  # all of it hot
    store.close()
    # In small pieces, and unsorted: later lines of a table may be earlier.
    monkeypatch.setattr(table_samples, "PIECE", 7)
    monkeypatch.setattr(history_import, "SPAN", 600_000_000)
    seconds = [start // 1_000_000 + 60 * n for n in (*range(90, 120), *range(-20, 20))]
    table = "time,a\n" + "".join(f"{second},5\n" for second in seconds)
    map_ = f"time: {{format: unix s}}\npoints: {{a: {SUPPLY}}}"
    assert "40 samples imported, 0 were there already, 30 recorded otherwise and left" in (
        imports.good(table, map_)
    )
    expected = [5.0] * 20 + [float(n) for n in range(100)] + [5.0] * 20
    assert [value for _, value in imports.samples()] == expected
    assert "0 samples imported, 40 were there already, 30 replaced" in (
        imports.good(table, map_, "--replace")
    )
    expected = [5.0] * 40 + [float(n) for n in range(20, 90)] + [5.0] * 30
    assert [value for _, value in imports.samples()] == expected


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_an_export_comes_in_as_it_went_out(
    imports: Import, capsys, tmp_path: Path, suffix: str
) -> None:
    store = SampleStore(open_engine(f"sqlite:///{imports.data.database}"))
    rows = store.prepare([SUPPLY, MODE])
    time = 1_738_400_000_000_000 + np.arange(50) * 1_234_000
    value = np.where(np.arange(50) == 7, np.nan, np.arange(50) / 10)
    status = np.where(np.arange(50) == 7, BAD_NO_DATA, 0)
    store.write(Frame(np.full(50, rows[SUPPLY], np.int32), value, status.astype(np.uint32), time))
    store.write(Frame.of(rows[MODE], 3.0, UNCERTAIN, time[5]))
    store.close()
    file = tmp_path / f"all.{suffix}"
    assert here(capsys, "export", "-o", file, "--data", imports.data.root).code == 0
    other = Import(capsys, DataDirectory.open(tmp_path / "other"), tmp_path)
    other.file = file
    assert "51 samples imported" in other.good(file.read_bytes())
    for key in (SUPPLY, MODE):
        one, two = (stored(d.database, key) for d in (imports.data, other.data))
        for name in ("time", "value", "status"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_only_a_dry_run_beside_a_twin(imports: Import) -> None:
    with exclusive(imports.data):
        ran = imports.run(LONG, LONG_MAP)
        assert ran.code == 1
        assert "is used by another running twin" in ran.err
        assert "dry run: nothing was written" in imports.good(LONG, LONG_MAP, "--dry-run")
    assert not imports.data.database.exists()


def test_an_import_is_on_record(imports: Import, capsys) -> None:
    imports.good(LONG, LONG_MAP)
    ran = here(capsys, "audit", "export", "--data", imports.data.root, "--format", "jsonl")
    assert '"kind": "history"' in ran.out
    assert "imported table.csv (" in ran.out
