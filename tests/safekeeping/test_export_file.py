"""The file of an export is replaced when all of it is there; what is no file is written to."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from heatpump_twin.safekeeping.export_file import opened_export


def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as threads:
        reading = threads.submit(pipe.read_text, "utf-8")
        with opened_export(pipe) as file:
            file.write("time,value\n")
        assert reading.result() == "time,value\n"
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_file_is_replaced_when_all_of_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("before", "utf-8")
    with opened_export(path) as file:
        file.write("after")
        file.flush()
        assert path.read_text("utf-8") == "before"
    assert path.read_text("utf-8") == "after"
    assert list(tmp_path.iterdir()) == [path]
