"""``hptwin export``: what was recorded, as CSV with units, times of the site and statuses."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hptwin import here

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA, UNCERTAIN
from heatpump_twin.safekeeping import history_export
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore

START = 1_774_566_000_000_000  # 2026-03-27 00:00 in Madrid, two days before summer time
MINUTE = 60_000_000
DAYS = 4
KEYS = ("hp1.supply_temperature", "hp1.compressor_on", "gone.power")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four days, a value a minute, of which the last hour is not in blocks."""
    directory = DataDirectory.open(tmp_path_factory.mktemp("exported"))
    store = SampleStore(open_engine(f"sqlite:///{directory.database}"))
    rows = store.prepare(KEYS)
    time = START + np.arange(DAYS * 1440 - 60) * MINUTE
    value = 30 + np.arange(len(time)) % 7
    status = np.zeros(len(time), dtype=np.uint32)
    status[5], status[6] = UNCERTAIN, BAD_NO_DATA
    values = value.astype(float)
    values[6] = np.nan
    store.write(Frame.of(np.full(len(time), rows[KEYS[0]]), values, status, time))
    store.write(Frame.of(np.full(len(time), rows[KEYS[1]]), value % 2, 0, time))
    store.write(Frame.of([rows[KEYS[2]]], 1000.0, 0, START))
    store.seal_all()
    store.write(Frame.of([rows[KEYS[0]]], 99.5, 0, time[-1] + MINUTE))
    store.close()
    return directory.root


def parquet(capsys, data: Path, file: Path, *arguments: str) -> pq.ParquetFile:
    ran = here(capsys, "export", *arguments, "-o", file, "--data", data)
    assert ran.code == 0, ran.err
    assert list(file.parent.glob("*.part")) == []
    return pq.ParquetFile(file)


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def exported(capsys, data: Path, *arguments: str) -> list[list[str]]:
    ran = here(capsys, "export", *arguments, "--data", data)
    assert ran.code == 0, ran.err
    return table(ran.out)


def test_samples_come_with_unit_time_of_the_site_and_status(capsys, data, monkeypatch) -> None:
    monkeypatch.setattr(history_export, "PAGE", 1_000)
    head, *rows = exported(capsys, data, "hp1.supply_temperature")
    assert head == ["time", "point", "unit", "value", "status", "origin"]
    assert len(rows) == DAYS * 1440 - 59
    point = ["hp1.supply_temperature", "°C"]
    for row, value, status in (
        (0, "30.0", "good 0x00000000"),
        (5, "35.0", "uncertain 0x40000000"),
        (6, "", "bad 0x809B0000"),
    ):
        time = f"2026-03-27T00:0{row}:00.000+01:00"
        assert rows[row] == [time, *point, value, status, "emulated"]
    assert rows[-1][3] == "99.5"  # not in a block yet
    times = [datetime.fromisoformat(row[0]) for row in rows]
    assert times[-1].utcoffset().total_seconds() == 7200
    assert [t.timestamp() * 1e6 for t in times] == [
        START + minute * MINUTE for minute in range(len(rows))
    ]


def test_points_and_range_are_chosen(capsys, data) -> None:
    rows = exported(
        capsys, data, "hp1.*", "--from", "2026-03-29T01:59", "--to", "2026-03-29T03:01"
    )  # fmt: skip
    # An hour is missing in between: the clock goes from 2 to 3.
    assert [row[:2] for row in rows[1:]] == [
        [f"2026-03-29T{time}.000{zone}", key]
        for key in ("hp1.compressor_on", "hp1.supply_temperature")
        for time, zone in (("01:59:00", "+01:00"), ("03:00:00", "+02:00"))
    ]
    (row,) = exported(capsys, data, "gone.*")[1:]
    assert row[1:4] == ["gone.power", "", "1000.0"]  # of a heat pump that is not of the site


def test_days_are_those_of_the_place(capsys, data) -> None:
    rows = exported(capsys, data, "hp1.supply_temperature", "--every", "day",
                    "--aggregate", "Count")[1:]  # fmt: skip
    assert [row[0] for row in rows] == [
        f"2026-03-{day}T00:00:00.000{zone}"
        for day, zone in ((27, "+01:00"), (28, "+01:00"), (29, "+01:00"), (30, "+02:00"),
                          (31, "+02:00"))
    ]  # fmt: skip
    # The 29th has 23 hours.
    assert [row[3] for row in rows] == ["1438.0", "1440.0", "1380.0", "1440.0", "1.0"]


def test_a_wide_table_has_a_column_for_each_point(capsys, data, tmp_path) -> None:
    file = tmp_path / "hours.csv"
    ran = here(capsys, "export", "hp1.*", "--every", "1 h", "--aggregate", "Maximum", "--wide",
               "--output", file, "--data", data)  # fmt: skip
    assert ran.code == 0, ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["hours.csv"]
    head, *rows = table(file.read_text("utf-8"))
    assert head == ["time", "hp1.compressor_on", "hp1.supply_temperature [°C]"]
    assert len(rows) == DAYS * 24
    assert rows[0] == ["2026-03-27T00:00:00.000+01:00", "1.0", "36.0"]
    assert rows[-1][2] == "99.5"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.*"], "nothing is recorded of nothing.*"),
        (["--wide"], "--wide needs --every"),
        (["--from", "yesterday"], "--from yesterday: write an ISO time"),
        (["--from", "2026-03-28", "--to", "2026-03-27"], "not behind its begin"),
        (["--every", "fortnight"], "--every fortnight: write a duration"),
        (["--every", "0 s"], "--every 0 s: write a duration"),
        (["--every", "1 h", "--aggregate", "Mean"], "--aggregate Mean: there are Interpolative"),
        (["--output", "/nowhere/file.csv"], "/nowhere/file.csv: No such file"),
    ],
)
def test_mistakes_say_what_to_do(capsys, data, arguments, words) -> None:
    ran = here(capsys, "export", *arguments, "--data", data)
    assert ran.code == 1
    assert words in " ".join(ran.err.split())


def test_parquet_has_what_the_table_has_and_units(capsys, data, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(history_export, "PAGE", 1_000)
    _, *rows = exported(capsys, data, "hp1.*", "gone.*")
    with parquet(capsys, data, tmp_path / "all.parquet", "hp1.*", "gone.*") as file:
        assert json.loads(file.schema_arrow.metadata[b"units"]) == {
            "gone.power": "", "hp1.compressor_on": "", "hp1.supply_temperature": "°C",
        }  # fmt: skip
        assert file.num_row_groups > 5  # page by page, and not all of it in memory
        found = file.read().to_pydict()
    assert [moment.isoformat() for moment in found["time"][:1]] == ["2026-03-26T23:00:00+00:00"]
    texts = [
        (moment.timestamp(), point, "" if value is None else repr(value), status, origin)
        for moment, point, value, status, origin in zip(*found.values(), strict=True)
    ]
    assert texts == [
        (datetime.fromisoformat(time).timestamp(), point, value, int(status.split()[1], 16), origin)
        for time, point, _, value, status, origin in rows
    ]


def test_parquet_with_a_column_for_each_point(capsys, data, tmp_path) -> None:
    arguments = ("hp1.*", "--every", "day", "--aggregate", "Maximum", "--wide")
    head, *rows = exported(capsys, data, *arguments)
    with parquet(capsys, data, tmp_path / "wide.parquet", *arguments) as file:
        schema, found = file.schema_arrow, file.read().to_pydict()
    assert schema.names == ["time", "hp1.compressor_on", "hp1.supply_temperature"]
    assert [schema.field(name).metadata[b"unit"].decode() for name in schema.names[1:]] == [
        "",
        "°C",
    ]
    assert head[2] == "hp1.supply_temperature [°C]"
    values = [
        ["" if value is None else repr(value) for value in row[1:]]
        for row in zip(*found.values(), strict=True)
    ]
    assert values == [row[1:] for row in rows]
    times = [moment.timestamp() for moment in found["time"]]
    assert times == [datetime.fromisoformat(row[0]).timestamp() for row in rows]


def test_without_its_library_parquet_says_what_to_install(
    capsys, data, tmp_path, monkeypatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    ran = here(capsys, "export", "-o", tmp_path / "all.parquet", "--data", data)
    assert ran.code == 1
    assert "install heatpump-twin[parquet]" in ran.err
    assert list(tmp_path.iterdir()) == []
