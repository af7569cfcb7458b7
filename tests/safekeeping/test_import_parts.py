"""Tables that come in parts, or through a pipe: the history is as if all had come at once."""

from __future__ import annotations

import os
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from hptwin import here
from stored_samples import stored
from table_import import SUPPLY, Import

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore

MAP = f"points: {{a: {SUPPLY}}}\ngap: 10 min\n"
MINUTES = (0, 5, 10, 30, 35, 60, 65, 69, 74, 74 + 10, 120)
"""Of values; those apart by more than ten have a gap between them."""
GAPS = [10, 35, 84, 120]
START = 1_740_823_200_000_000
MINUTE = 60_000_000


def table(minutes) -> str:
    rows = (f"2025-03-01T{10 + m // 60}:{m % 60:02}:00Z,{m}\n" for m in minutes)
    return "time,a\n" + "".join(rows)


def found(imports: Import) -> tuple[list[int], list[int]]:
    """Minutes of values, and of the values behind which there are gaps."""
    samples = stored(imports.data.database, SUPPLY)
    gap = samples.status == BAD_NO_DATA
    assert not (((samples.time - START)[gap] - 1) % MINUTE).any()
    minutes = (samples.time - START) // MINUTE
    return minutes[~gap].tolist(), minutes[gap].tolist()


@pytest.mark.parametrize(
    "parts",
    [
        (MINUTES[:2], MINUTES[2:]),  # within what belongs together
        (MINUTES[:3], MINUTES[3:]),  # at a gap
        (MINUTES[:7], MINUTES[7:]),
        (MINUTES[::2], MINUTES[1::2]),  # each of the other's gaps
        (MINUTES[::3], MINUTES[1::3], MINUTES[2::3]),
        (MINUTES[:6], MINUTES[4:]),  # they overlap
    ],
)
def test_parts_in_any_order_are_as_one(capsys, tmp_path: Path, parts) -> None:
    for number, order in enumerate((parts, parts[::-1])):
        data = DataDirectory.open(tmp_path / f"data{number}")
        imports = Import(capsys, data, tmp_path)
        for part in order:
            imports.good(table(part), MAP)
        assert found(imports) == (list(MINUTES), GAPS)
        blocks = imports.blocks
        for part in order:
            assert "0 samples imported" in imports.good(table(part), MAP)
        assert imports.blocks == blocks


def test_gaps_that_the_twin_has_left_stay(imports: Import) -> None:
    """It was killed and started again, and nobody has what happened meanwhile."""
    store = SampleStore(open_engine(f"sqlite:///{imports.data.database}"))
    row = store.prepare([SUPPLY])[SUPPLY]
    time = START + np.array([0, 1, 5 * MINUTE])
    store.write(Frame.of([row] * 3, [0.0, np.nan, 5.0], np.array([0, BAD_NO_DATA, 0]), time))
    store.close()
    imports.good(table([60]), MAP)
    assert found(imports) == ([0, 5, 60], [0, 60])
    # What was recorded elsewhere meanwhile fills it.
    imports.good(table([3]), MAP)
    assert found(imports) == ([0, 3, 5, 60], [60])


def test_a_table_comes_through_a_pipe(imports: Import, monkeypatch) -> None:
    imports.file = imports.folder / "pipe.csv"
    os.mkfifo(imports.file)
    imports.map.write_text(MAP)
    writer = Thread(target=imports.file.write_text, args=(table(MINUTES),))
    writer.start()
    arguments = ("--map", imports.map, "--data", imports.data.root)
    ran = here(imports.capsys, "import", imports.file, *arguments)
    writer.join()
    assert ran.code == 0, ran.err
    assert found(imports) == (list(MINUTES), GAPS)
    mistake = "time,a\nsoon,5\n"
    for text, code, words in ((table([200]), 0, "1 values"), (mistake, 1, "standard input:2")):
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(text.encode())))
        ran = here(imports.capsys, "import", "-", *arguments)
        assert (ran.code, words in ran.out) == (code, True)
    assert found(imports)[0][-1] == 200
    assert not list(imports.data.root.glob(".import-*"))


@pytest.mark.parametrize(
    "command",
    [
        ("export",),
        ("export", "-o", "none.parquet"),
        ("audit", "export"),
        ("kpi", "--from", "2025-03-01", "--to", "2025-03-02"),
        ("replay", "--into", "replayed"),
    ],
)
def test_nothing_is_recorded_in_an_empty_directory(capsys, data, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    ran = here(capsys, *command, "--data", data.root)
    assert ran.code != 0
    assert f"nothing was recorded here: there is no {data.database}" in ran.err
    assert sorted(tmp_path.rglob("*")) == before


def test_what_is_wrong_with_a_database_is_said_in_its_own_words(capsys, data) -> None:
    data.database.write_bytes(b"no database at all" * 1000)
    for command in (("export",), ("kpi", "--from", "2025-03-01", "--to", "2025-03-02")):
        ran = here(capsys, *command, "--data", data.root)
        assert ran.code != 0
        assert "file is not a database" in ran.err
        for noise in ("sqlalche.me", "sqlite3.", "SELECT", "PRAGMA"):
            assert noise not in ran.err
