"""Files are replaced whole or not at all, and set aside without overwriting anything."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from small_disk import small_disk

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.durable_file import set_aside, write_private
from heatpump_twin.config.errors import StorageError

NOON = 1_767_268_800_000_000
"""2026-01-01 12:00 UTC."""


def test_a_file_that_cannot_be_written_is_as_it_was(tmp_path: Path) -> None:
    with small_disk(tmp_path, "64k") as disk:
        file = disk / "users.json"
        write_private(file, "old")
        with pytest.raises(OSError, match=r"users\.json") as failure:
            write_private(file, b"x" * 1_000_000)
        assert failure.value.errno == errno.ENOSPC
        assert file.read_text() == "old"
        assert [path.name for path in disk.iterdir()] == ["users.json"]


def test_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    write_private(tmp_path / "key", "secret")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_what_is_set_aside_has_the_date_and_overwrites_nothing(tmp_path: Path) -> None:
    names = []
    for content in ("first", "second"):
        (tmp_path / "model.onnx").write_text(content)
        names.append(set_aside(tmp_path / "model.onnx", NOON).name)
    assert names == [
        "model.onnx.damaged-20260101T120000Z",
        "model.onnx.damaged-20260101T120000Z-2",
    ]
    assert [(tmp_path / name).read_text() for name in names] == ["first", "second"]


def test_a_data_directory_that_cannot_be_made_leaves_nothing_half_made(tmp_path: Path) -> None:
    with small_disk(tmp_path, "16k", inodes=4) as disk:
        # Root, `a`, and one directory in it: the next does not fit.
        with pytest.raises(StorageError, match=r"No space left on device.*--data"):
            DataDirectory.open(disk / "a" / "b")
        assert list(disk.iterdir()) == []
