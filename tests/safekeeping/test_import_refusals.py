"""``hptwin import``: what a table cannot mean is told with its place, and never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hptwin import here
from stored_samples import stored
from table_import import SUPPLY, Import

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD, BAD_NO_DATA, UNCERTAIN
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore

RETURN = "hp1.return_temperature"
A = f"points: {{a: {SUPPLY}}}"
LONG = f"long: {{point: p, value: v, status: s}}\npoints: {{a: {SUPPLY}}}"
MADRID = "time: {zone: Europe/Madrid}\n"
START = 1_738_400_000_000_000


def recorded(data: DataDirectory, value: np.ndarray, time: np.ndarray) -> None:
    store = SampleStore(open_engine(f"sqlite:///{data.database}"))
    row = store.prepare([SUPPLY])[SUPPLY]
    store.write(Frame.of(np.full(len(time), row), value, 0, time))
    store.close()


def rows(*times: str) -> str:
    return "time,a\n" + "".join(f"2025-10-26 {time},{n}\n" for n, time in enumerate(times))


def hours(imports: Import) -> list[str]:
    return [time[11:16] for time, _ in imports.samples()]


def test_samples_that_are_microseconds_apart_stay_apart(imports: Import, capsys, tmp_path) -> None:
    time = START + np.array([0, 1, 1000, 1001, 999_999])
    recorded(imports.data, np.arange(5.0), time)
    file = tmp_path / "all.csv"
    assert here(capsys, "export", "-o", file, "--data", imports.data.root).code == 0
    other = Import(capsys, DataDirectory.open(tmp_path / "other"), tmp_path)
    other.good(file.read_bytes())
    assert stored(other.data.database, SUPPLY).time.tolist() == time.tolist()
    assert "0 samples imported, 5 were there" in imports.good(file.read_bytes())


@pytest.mark.parametrize(
    ("times", "utc"),
    [
        (("02:00", "02:00", "03:00"), ["00:00", "01:00", "02:00"]),
        (("02:10", "02:50", "02:20", "02:10"), ["00:10", "00:50", "01:10", "01:20"]),
        (("02:00", "02:30", "02:00", "02:29", "02:28"), ["00:00", "00:30", "01:00", "01:28",
                                                         "01:29"]),
    ],
)  # fmt: skip
def test_the_second_hour_begins_where_the_clock_is_set_back(
    imports: Import, times: tuple[str, ...], utc: list[str]
) -> None:
    # Two columns: a time is that of a row, and not of each cell.
    table = "\n".join(f"{line},1" if line else "" for line in rows(*times).split("\n"))
    imports.good(table.replace("time,a,1", "time,a,b"), f"{MADRID}points: {{a: {SUPPLY}, "
                 f"b: {RETURN}}}")  # fmt: skip
    assert hours(imports) == utc
    assert len(imports.samples(RETURN)) == len(utc)


@pytest.mark.parametrize(
    ("times", "line", "kept"),
    [
        (("02:30", "02:29", "02:31", "03:00"), 3, ["00:30", "00:31", "02:00"]),
        (("02:00", "02:30", "02:00", "02:30", "02:00"), 6, ["00:00", "00:30", "01:00", "01:30"]),
        (("01:59", "03:00", "02:59", "03:01"), 4, ["02:00", "02:01", "23:59"]),
    ],
)
def test_a_row_out_of_order_is_named_in_the_hour_that_is_there_twice(
    imports: Import, times: tuple[str, ...], line: int, kept: list[str]
) -> None:
    ran = imports.run(rows(*times), MADRID + A)
    assert f"{imports.file}:{line}: time '2025-10-26 " in ran.out
    assert "write time: {ambiguous: first} or second" in ran.out
    assert "1 mistakes" in ran.err
    imports.good(rows(*times), MADRID + A, "--skip-mistakes")
    assert sorted(hours(imports)) == kept


@pytest.mark.parametrize(
    ("form", "first", "more", "utc"),
    [
        ("iso", ("2025-10-26 02:00", "2025-10-26 02:30"), ("2025-10-26 02:00", "2025-10-26 02:30"),
         ["00:00", "00:30", "01:00", "01:30"]),
        ("clock, begin: 2025-02-01", ("22:00", "23:00"), ("00:00", "01:00"),
         ["21:00", "22:00", "23:00", "00:00"]),
    ],
)  # fmt: skip
def test_several_files_are_one_table(
    imports: Import, form: str, first: tuple[str, ...], more: tuple[str, ...], utc: list[str]
) -> None:
    second = imports.folder / "second.csv"
    second.write_text("time,a\n" + "".join(f"{time},2\n" for time in more))
    table = "time,a\n" + "".join(f"{time},1\n" for time in first)
    imports.good(table, f"time: {{format: {form}, zone: Europe/Madrid}}\n{A}", str(second))
    assert hours(imports) == utc


@pytest.mark.parametrize(
    ("table", "map_", "words"),
    [
        ("time,a\n2025-01-01T00:00Z,1e999\n", A, ":2: a: '1e999' is too large"),
        ("time,a\n2025-01-01T00:00Z,1e300\n", f"points: {{a: {{point: {SUPPLY}, scale: 1e30}}}}",
         ":2: a: '1e300' is too large"),
        ("time,p,v,s\n2025-01-01T00:00Z,a,1,fine\n", LONG, ":2: a: status 'fine' is none"),
        ("time,p,v,s\n2025-01-01T00:00Z,a,1,0x100000000\n", LONG, "status '0x100000000' is none"),
        ("time,p,v,s\n2025-01-01T00:00Z,a,1,fine 0x0\n", LONG, "status 'fine 0x0' is none"),
        ("time,p,v,s\n2025-01-01T00:00Z,a,1,-1\n", LONG, "status '-1' is none"),
        ("time,p,v,s\n2025-01-01T00:00Z,a,1,\n", LONG, "status '' is none"),
        ("time,a\ninf,1\n", f"time: {{format: unix s}}\n{A}", ":2: time 'inf': no calendar"),
        ("time,a\n1e30,1\n", f"time: {{format: unix s}}\n{A}", "is before 1970, or more than"),
        ("time,a\n1738400000000,1\n", f"time: {{format: unix s}}\n{A}",
         "write time: {format: unix ms}"),
        ("time,a\n-1,1\n", f"time: {{format: unix s}}\n{A}", "is before 1970"),
        ("time,a\n9999-12-31T23:59:59-10:00,1\n", A, "is before 1970, or more than a day ahead"),
        ("time,a\n9999-12-31 23:59,1\n", MADRID + A, "is before 1970, or more than a day ahead"),
        ("time,a\n0001-01-01 00:00,1\n", MADRID + A, "is before 1970, or more than a day ahead"),
        ("time,a\n23:00,1\n22:00,1\n", f"time: {{format: clock, begin: 9999-12-31}}\n{A}",
         ":3: time '22:00': no calendar has it"),
        ("time;a\n2025-01-01T00:00Z;1.2.3\n", f"format: {{decimal: ',', thousands: '.'}}\n{A}",
         "'1.2.3' has '.' elsewhere than between thousands"),
        ("time;a\n2025-01-01T00:00Z;21.5\n", f"format: {{decimal: ',', thousands: '.'}}\n{A}",
         "'21.5' has '.' elsewhere than between thousands"),
        ("time;a\n2025-01-01T00:00Z;21.5\n", f"format: {{decimal: ',', thousands: ' '}}\n{A}",
         "'21.5' has a point"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_meant_is_a_mistake(
    imports: Import, table: str, map_: str, words: str
) -> None:
    ran = imports.run(table, map_)
    assert ran.code == 1
    assert words in ran.out
    assert "so nothing is imported" in ran.err


@pytest.mark.parametrize(
    ("table", "map_", "words"),
    [
        ("\n\n  \n", A, "table.csv is empty"),
        ("time,a,a\n", A, "more than one column is named 'a'"),
        ("time,a,time\n", A, "more than one column is named 'time'"),
        ("time,a,b\n", f"points: {{a: {SUPPLY}, b: {SUPPLY}}}", f"'a' and 'b' are both {SUPPLY}"),
        ("", "format: {encoding: hex}", "unknown encoding 'hex'"),
        ("", "format: {encoding: latin-77}", "unknown encoding 'latin-77'"),
        ("time,a\n", f"format: {{encoding: utf-16}}\n{A}", "is not utf-16"),
        ("", "format: {decimal: ',', thousands: ','}", "decimal and thousands are both ','"),
        ("", "time: {format: '%d.%d'}", "no pattern such as '%d.%m.%Y %H:%M'"),
        ("", "time: {format: '%Q'}", "no pattern such as"),
        ("", "time: {format: ISO}", "is none of iso, unix s, unix ms, clock"),
        ("", f"points: {{a: {{point: {SUPPLY}, scale: .inf}}}}", "map.yaml:1"),
    ],
)  # fmt: skip
def test_a_table_or_a_map_that_cannot_be_meant(
    imports: Import, table: str, map_: str, words: str
) -> None:
    ran = imports.run(table, map_)
    assert ran.code == (2 if "map.yaml" in ran.err else 1)
    assert words in ran.err


def test_what_is_ahead_of_now_is_refused(imports: Import) -> None:
    now = datetime.now(UTC)
    soon, later = (
        (now + timedelta(hours=ahead)).isoformat(timespec="seconds") for ahead in (1, 48)
    )
    ran = imports.run(f"time,a\n{soon},1\n{later},2\n", A)
    assert f":3: time '{later}': it is before 1970, or more than a day ahead of now" in ran.out
    assert "1 mistakes" in ran.err


def test_forms_that_are_taken(imports: Import) -> None:
    table = (
        "\n \ntime;p;v;s\n2025-01-01T00:00Z;a;1.234,5;good\n2025-01-01T00:01Z;a;-1.234.567;0\n"
        "2025-01-01T00:02Z;a;12;Uncertain\n2025-01-01T00:03Z;a;12;bad\n2025-01-01T00:04Z;a;5;"
        "bad 0x809B0000\n"
    )
    imports.good(table, f"format: {{decimal: ',', thousands: '.'}}\n{LONG}")
    found = stored(imports.data.database, SUPPLY)
    assert found.value[:3].tolist() == [1234.5, -1_234_567, 12]
    assert found.status.tolist() == [0, 0, UNCERTAIN, BAD, BAD_NO_DATA]
    ran = imports.run(table + "x;a\n", f"format: {{decimal: ',', thousands: '.'}}\n{LONG}")
    assert f"{imports.file}:9: 2 cells, and 4 columns" in ran.out


def test_a_series_that_goes_on_has_no_gap_at_its_seam(imports: Import) -> None:
    hour = [f"2025-01-01T00:{minute:02}Z,{minute}\n" for minute in range(0, 60, 5)]
    later, earlier = ("time,a\n" + "".join(part) for part in (hour[6:], hour[:6]))
    imports.good(later, f"gap: 8 min\n{A}")
    imports.good(earlier, f"gap: 8 min\n{A}")
    expected = [*range(0, 60, 5), None]
    assert [value for _, value in imports.samples()] == expected
    imports.good("time,a\n2025-01-01T02:00Z,1\n", f"gap: 8 min\n{A}")
    assert [value for _, value in imports.samples()] == [*expected, 1.0, None]
    assert "0 samples imported, 6 were there" in imports.good(earlier, f"gap: 8 min\n{A}")


def test_columns_without_a_name_do_no_harm(imports: Import) -> None:
    imports.good("time,a,,\n2025-01-01T00:00Z,1,,\n", A)
    assert len(imports.samples()) == 1


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_wide_export_needs_no_map(imports: Import, capsys, tmp_path, suffix: str) -> None:
    recorded(imports.data, np.arange(120.0), START + np.arange(120) * 60_000_000)
    file = tmp_path / f"hours.{suffix}"
    ran = here(capsys, "export", SUPPLY, "--every", "1 h", "--aggregate", "Maximum", "--wide",
               "-o", file, "--data", imports.data.root)  # fmt: skip
    assert ran.code == 0, ran.err
    other = Import(capsys, DataDirectory.open(tmp_path / "other"), tmp_path)
    other.file = file
    other.good(file.read_bytes())
    assert [value for _, value in other.samples()][:2] == [6.0, 66.0]


@pytest.mark.parametrize(
    ("kind", "ticks", "shown"),
    [
        (pa.timestamp("ns", tz="UTC"), START * 1000 + 1, "2025-02-01 08:53:20"),
        (pa.timestamp("ms", tz="Mars/North"), START // 1000, "2025-02-01 08:53:20"),
        (pa.timestamp("s"), START // 1_000_000, "2025-02-01 07:53:20"),
        (pa.timestamp("ms"), 10**15, None),
    ],
)
def test_times_of_parquet(imports: Import, kind: pa.DataType, ticks: int, shown) -> None:
    imports.file = imports.folder / "table.parquet"
    times = pa.array([ticks, None], pa.int64()).cast(kind)
    pq.write_table(pa.table({"time": times, "a": [1.0, None]}), imports.file)
    ran = imports.run(imports.file.read_bytes(), MADRID + A, "--skip-mistakes")
    assert ":3: time '': " in ran.out
    if shown is None:
        assert f"time '{ticks} / 1000 s': " in ran.out
    else:
        assert imports.samples() == [(shown, 1.0)]


def test_a_character_that_some_take_for_the_end_of_a_line(imports: Import) -> None:
    # 0x85 is a line end of Unicode, and in cp1252 an ellipsis; both are a part of a name.
    for encoding in ("latin-1", "cp1252"):
        name = b"sup\x85ply".decode(encoding)
        quoted = f"sup\\u{ord(name[3]):04x}ply"
        map_ = f'format: {{encoding: {encoding}}}\npoints: {{"{quoted}": {SUPPLY}}}'
        table = f"time,{name}\n2025-03-01 10:00,40\n2025-03-01 11:00,41\n"
        assert "2 rows, 2 values" in imports.good(table.encode(encoding), map_)
    assert [value for _, value in imports.samples()] == [40.0, 41.0]
