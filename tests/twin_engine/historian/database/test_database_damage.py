"""A database that is damaged, deleted or replaced: noticed, told, and gone on from."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from stored_samples import stored
from structlog.testing import capture_logs

from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry
from heatpump_twin.twin_engine.historian.database.database_file import DatabaseFile
from heatpump_twin.twin_engine.historian.historian import Historian

START = 1_767_225_600_000_000
S = 1_000_000
KEY = "hp1.supply_temperature"
SETTINGS = HistorianSettings(flush=0.02)


def ramp(first: int, n: int) -> list[Frame]:
    return [Frame.of(0, 20.0 + k, GOOD, START + k * S) for k in range(first, first + n)]


@pytest.fixture
def file(tmp_path: Path) -> DatabaseFile:
    """A database with some pages, closed."""
    path = tmp_path / "historian.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE sample (time INTEGER PRIMARY KEY, value TEXT)")
    connection.executemany("INSERT INTO sample VALUES (?, ?)", [(k, "x" * 90) for k in range(3000)])
    connection.commit()
    connection.close()
    return DatabaseFile(path)


def overwrite(path: Path, at: int, count: int) -> None:
    with path.open("r+b") as stored:
        stored.seek(at)
        stored.write(random.Random(1).randbytes(count))


@pytest.mark.parametrize(
    ("damage", "thorough", "found"),
    [
        (lambda path: None, True, None),
        (lambda path: overwrite(path, 0, 4096), False, "file is not a database"),
        (lambda path: overwrite(path, 100, 3996), False, "malformed"),
        (lambda path: os.truncate(path, path.stat().st_size // 2), False, "malformed"),
        (lambda path: path.write_bytes(b"not a database" * 900), False, "file is not a database"),
        (lambda path: overwrite(path, 20 * 4096, 4096), True, ""),
        (lambda path: path.unlink(), True, None),
        (lambda path: os.truncate(path, 0), True, None),
    ],
    ids=["none", "head", "schema", "cut", "text", "middle", "missing", "empty"],
)
def test_damage_of_each_kind_is_found(file, damage, thorough, found) -> None:
    damage(file.path)
    told = file.damage(thorough=thorough)
    assert told is None if found is None else (told is not None and found in told)


def test_a_locked_file_is_not_called_damaged(file) -> None:
    other = sqlite3.connect(file.path)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    assert file.damage(thorough=False) is None
    other.close()


def test_a_file_is_set_aside_with_its_log(file) -> None:
    other = sqlite3.connect(file.path)
    other.execute("INSERT INTO sample VALUES (9999, 'in the log')")
    other.commit()
    kept = file.set_aside(START)
    assert not file.path.with_name("historian.sqlite-wal").exists()
    other.close()
    with closing(sqlite3.connect(kept)) as rescued:
        assert rescued.execute("SELECT count(*) FROM sample").fetchone() == (3001,)


@pytest.mark.parametrize(
    ("put", "told"),
    [
        (lambda path: path.mkdir(), "is a directory, where the database belongs: move it away"),
        (lambda path: path.symlink_to("/away/card.sqlite"), "leads to /away/card.sqlite, which is"),
    ],
)
async def test_what_lies_in_the_place_of_the_file_is_named(tmp_path, table, clock, put, told):
    path = tmp_path / "historian.sqlite"
    put(path)
    historian = Historian(table, f"sqlite:///{path}", SETTINGS, clock)
    await historian.start()
    assert f"{path} {told}" in historian.health.last_error
    await historian.stop()


@pytest.mark.parametrize("way", ["deleted", "deleted but its log", "replaced", "moved away"])
async def test_a_file_that_goes_while_the_twin_runs_is_begun_anew(
    tmp_path, table, clock, eventually, way
) -> None:
    path = tmp_path / "historian.sqlite"
    url = f"sqlite:///{path}"
    historian, audit = Historian(table, url, SETTINGS, clock), AuditLog(url)
    await audit.start()
    await historian.start()
    with capture_logs() as logs:
        for frame in ramp(0, 3):
            historian.append(frame)
        await eventually(lambda: historian.health.rows_written == 3)
        await audit.append(AuditEntry(START, "olga", "test", KEY, 1.0, 2.0, 2.0, 0, "before"))
        match way:
            case "deleted":
                for part in tmp_path.glob("historian.sqlite*"):
                    part.unlink()
            case "deleted but its log":
                path.unlink()
            case "replaced":
                (tmp_path / "other").write_bytes(b"")
                (tmp_path / "other").replace(path)
            case "moved away":
                path.rename(tmp_path / "elsewhere")
        await eventually(lambda: historian.health.trouble != "")
        for frame in ramp(3, 3):
            historian.append(frame)
        await eventually(lambda: historian.health.connected and not historian.health.queue_rows)
        # Others of the same database follow: what is written is in the file that is there.
        await audit.append(AuditEntry(START, "olga", "test", KEY, 2.0, 3.0, 3.0, 0, "after"))
        await historian.stop()
        await audit.stop()
    assert str(path) in historian.health.trouble
    assert [log["log_level"] for log in logs if log["event"] == "the database is begun anew"] == [
        "error"
    ]
    connection = sqlite3.connect(path)
    samples = stored(path, "hp1.supply_temperature")
    assert samples.value[samples.status == GOOD][-3:].tolist() == [23.0, 24.0, 25.0]
    assert connection.execute("SELECT message FROM audit").fetchall() == [("after",)]
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


async def test_a_file_that_turns_out_damaged_is_set_aside(
    tmp_path, table, clock, eventually
) -> None:
    path = tmp_path / "historian.sqlite"
    historian = Historian(table, f"sqlite:///{path}", SETTINGS, clock)
    await historian.start()
    for frame in ramp(0, 3):
        historian.append(frame)
    await eventually(lambda: historian.health.rows_written == 3)
    # Until the historian has let go of the file: what it keeps in memory would hide the damage.
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        other.execute("BEGIN EXCLUSIVE")
        while path.with_name("historian.sqlite-wal").stat().st_size:
            # It wrote in between: its log would mend what is overwritten.
            other.execute("ROLLBACK")
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            other.execute("BEGIN EXCLUSIVE")
        for frame in ramp(3, 3):
            historian.append(frame)
        await eventually(lambda: not historian.health.connected)
        overwrite(path, 0, 4096)
    await eventually(lambda: historian.health.trouble != "")
    await eventually(lambda: historian.health.connected and not historian.health.queue_rows)
    samples = await historian.read_raw(KEY, 0, 2**60, limit=9)
    await historian.stop()
    assert samples.value.tolist() == [23.0, 24.0, 25.0]
    assert "damaged" in historian.health.trouble
    (kept,) = tmp_path.glob("historian.sqlite.damaged-*Z")
    assert kept.name in historian.health.trouble
