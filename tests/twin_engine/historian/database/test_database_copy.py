"""A database is copied while others write to it: the copy is that of one moment, and sound."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from old_schema import migrate_to
from sqlalchemy import URL, text

from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.twin_engine.errors import CopyError, SchemaError
from heatpump_twin.twin_engine.historian.database.database_access import migrate, open_engine
from heatpump_twin.twin_engine.historian.database.database_copy import (
    copy_sqlite,
    dump_postgresql,
    load_postgresql,
)
from heatpump_twin.twin_engine.historian.database.migrations import HEAD
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.historian.stored_history import StoredHistory

START = 1_767_225_600_000_000
S = 1_000_000
KEY = "hp1.supply_temperature"


async def values(url: URL) -> list[float]:
    reader = StoredHistory(url)
    await reader.start()
    samples = await reader.read_raw(KEY, -(2**62), 2**62, limit=10**6)
    await reader.stop()
    return samples.value[samples.status == GOOD].tolist()


async def copy_under_load(table, database: URL, clock, eventually, copy) -> int:
    """Copy a database while samples are written as fast as it takes them; return how many."""
    historian = Historian(table, database, HistorianSettings(flush=0.01), clock)
    await historian.start()
    done, count = asyncio.Event(), 0

    async def write() -> None:
        nonlocal count
        while not done.is_set():
            first = START + S * count
            frames = [Frame.of(0, float(count + k), GOOD, first + k * S) for k in range(200)]
            historian.append(Frame.concat(frames))
            count += 200
            await asyncio.sleep(0.001)

    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        await eventually(lambda: historian.health.rows_written >= 2000)
        await asyncio.to_thread(copy)
        at_end = historian.health.rows_written
        done.set()
    await historian.stop()
    assert historian.health.rows_dropped == 0
    return at_end


async def test_sqlite_under_load(tmp_path: Path, table, clock, eventually) -> None:
    database = URL.create("sqlite", database=str(tmp_path / "historian.sqlite"))
    copy = tmp_path / "copy.sqlite"
    written = await copy_under_load(
        table, database, clock, eventually, lambda: copy_sqlite(tmp_path / "historian.sqlite", copy)
    )
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    found = await values(URL.create("sqlite", database=str(copy)))
    # All that was there up to one moment, and nothing after it.
    assert found == [float(k) for k in range(len(found))]
    assert 2000 <= len(found) <= written + 50_000


async def test_postgresql_under_load(cluster, tmp_path: Path, table, clock, eventually) -> None:
    database, other = cluster.new_database(), cluster.new_database()
    dump = tmp_path / "dump"
    written = await copy_under_load(
        table, database, clock, eventually, lambda: dump_postgresql(database, dump)
    )
    load_postgresql(other, dump)
    found = await values(other)
    assert found == [float(k) for k in range(len(found))]
    assert 2000 <= len(found) <= written + 50_000
    with pytest.raises(CopyError, match=r"holds \d+ tables"):
        load_postgresql(other, dump)


def test_a_copy_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(CopyError, match=r"missing\.sqlite"):
        copy_sqlite(tmp_path / "missing.sqlite", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_a_schema_is_changed_only_after_a_copy(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "historian.sqlite"
    engine = open_engine(f"sqlite:///{path}")
    migrate_to(engine, "0001")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO point (key) VALUES ('hp1.before')"))
    for old in ("0000", "000a"):
        (tmp_path / f"historian.sqlite.schema-{old}").write_text("older copies")
    migrate(engine)
    engine.dispose()
    copies = sorted(p.name for p in tmp_path.glob("historian.sqlite.schema-*"))
    assert copies == ["historian.sqlite.schema-0001", "historian.sqlite.schema-000a"]
    with closing(sqlite3.connect(tmp_path / copies[0])) as kept:
        assert kept.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
        assert kept.execute("SELECT key FROM point").fetchall() == [("hp1.before",)]


def test_a_schema_is_not_changed_without_room_for_a_copy(tmp_path: Path, monkeypatch) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'historian.sqlite'}")
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    monkeypatch.setattr(
        "heatpump_twin.twin_engine.historian.database.schema_upgrade._RESERVE", 2**60
    )
    with pytest.raises(SchemaError, match="make room"):
        migrate(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) != HEAD
    engine.dispose()
