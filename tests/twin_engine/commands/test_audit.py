"""The audit only grows, takes what strangers send, and is not flooded."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from old_schema import migrate_to
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import BAD_USER_ACCESS_DENIED, GOOD
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.audit_entry import LONGEST, AuditEntry, AuditKind
from heatpump_twin.twin_engine.commands.audit_flood import FREE, WINDOW
from heatpump_twin.twin_engine.commands.audit_spool import AuditSpool
from heatpump_twin.twin_engine.historian.database.database_access import open_engine

START = 1_700_000_000 * MICROSECONDS


def login(name: str = "olga", host: str = "10.0.0.7", port: int = 1, time: int = START):
    who = (name, f"OPC UA {host}:{port}")
    status = BAD_USER_ACCESS_DENIED
    return AuditEntry.of(AuditKind.LOGIN, time, who, "login", status, "log-in refused")


@pytest.fixture
async def audit(database, clock, tmp_path):
    log = AuditLog(database, AuditSpool(tmp_path / "spool.jsonl"), clock)
    await log.start()
    yield log
    await log.stop()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_record SET message = 'nothing'",
        "UPDATE audit_record SET complete = complete WHERE id = 1",
        "DELETE FROM audit_record",
        "DELETE FROM audit_record WHERE id = 1",
        "INSERT OR REPLACE INTO audit_record SELECT * FROM audit_record WHERE id = 1",
        "TRUNCATE audit_record",
        "DELETE FROM audit",
    ],
)
async def test_no_statement_changes_a_record(audit, database, change) -> None:
    await audit.note(login())
    engine = open_engine(database)
    with pytest.raises(DatabaseError), engine.begin() as connection:
        connection.execute(text(change))
    engine.dispose()
    (row,) = await audit.tail(9)
    assert row.message == "log-in refused"


async def test_an_outcome_is_a_record_of_its_own(audit) -> None:
    attempt = replace(login(), complete=False, message="begun")
    number = await audit.append(attempt)
    assert [row.message for row in await audit.tail(9)] == ["begun"]
    await audit.complete(number, status=GOOD, read_back=1.5, message="done")
    (shown,) = await audit.tail(9)
    assert (shown.message, shown.complete, shown.read_back) == ("done", True, 1.5)
    records = await audit.records(0, 2**62)
    assert [(n, of, e.message) for n, of, e in records] == [
        (number, None, "begun"), (records[1][0], number, "done"),
    ]  # fmt: skip


async def test_what_a_stranger_sends_is_bounded_and_stored(audit) -> None:
    await audit.note(login("a\0b\ud800" + "x" * 100_000))
    (row,) = await audit.tail(9)
    assert row.user.startswith("a�b?x")
    assert len(row.user) == LONGEST


async def test_a_flood_becomes_a_count(audit, clock) -> None:
    for i in range(1000):
        await audit.note(login(f"name{i}", port=i, time=clock.now()))
    await audit.note(login(host="10.0.0.8", time=clock.now()))  # another place has its own
    assert len(await audit.tail(2000)) == FREE + 1
    await audit.catch_up()
    assert len(await audit.tail(2000)) == FREE + 1  # the minute is not over
    clock.advance(WINDOW / MICROSECONDS)
    await audit.catch_up()
    told = (await audit.tail(1))[0]
    assert told.message == f"{1000 - FREE} more within a minute, the last one: log-in refused"
    assert told.reason.startswith("names: name20, ")
    await audit.note(login(time=clock.now()))
    assert (await audit.tail(1))[0].message == "log-in refused"


async def test_many_places_cannot_flood_either(audit, clock) -> None:
    for i in range(3000):
        await audit.note(login(host=f"10.{i // 250}.{i % 250}.1", time=clock.now()))
    assert len(await audit.tail(5000)) <= 300


async def test_what_was_counted_is_recorded_at_the_stop(database, clock) -> None:
    log = AuditLog(database, None, clock)
    await log.start()
    for _ in range(FREE + 5):
        await log.note(login(time=clock.now()))
    await log.stop()
    again = AuditLog(database, None, clock)
    assert (await again.tail(1))[0].message.startswith("5 more within a minute")
    await again.stop()


async def test_with_the_database_away_records_wait(tmp_path, clock) -> None:
    folder = tmp_path / "away"
    spool = AuditSpool(tmp_path / "spool.jsonl")
    log = AuditLog(f"sqlite:///{folder / 'historian.sqlite'}", spool, clock)
    await log.note(login("first"))
    spool.append(login("second"))  # of a command
    assert [entry.user for entry in spool.waiting()] == ["first", "second"]
    await log.catch_up()
    assert len(spool.waiting()) == 2
    folder.mkdir()
    await log.start()
    await log.catch_up()
    assert spool.is_empty
    assert [row.user for row in await log.tail(9)] == ["second", "first"]
    await log.stop()


async def test_a_torn_line_loses_no_other(tmp_path, audit) -> None:
    spool = AuditSpool(tmp_path / "spool.jsonl")
    spool.append(login("whole"))
    with (tmp_path / "spool.jsonl").open("a") as file:
        file.write('{"time": 1, "us\n[1]\nnot json\n')
    spool.append(login("after"))
    await audit.catch_up()
    assert [row.user for row in await audit.tail(9)] == ["after", "whole"]
    assert spool.is_empty


async def test_several_write_to_the_spool_at_once(tmp_path, audit) -> None:
    spools = [AuditSpool(tmp_path / "spool.jsonl") for _ in range(4)]
    writes = [asyncio.to_thread(s.append, login(f"u{i}")) for i in range(20) for s in spools]
    await asyncio.gather(audit.catch_up(), *writes, audit.catch_up())
    await audit.catch_up()
    assert len(await audit.tail(200)) == 80


async def test_the_audit_of_an_earlier_version_is_kept(database, clock) -> None:
    engine = open_engine(database)
    migrate_to(engine, "0002")
    with engine.begin() as connection:
        connection.execute(
            text(
                'INSERT INTO audit (id, time, "user", origin, key, old, requested, read_back, '
                "status, complete, message, reason) VALUES (7, 5, 'olga', 'here', 'hp1.x', 44.9, "
                f"45.0, NULL, -5, {'1' if database.get_backend_name() == 'sqlite' else 'true'}, "
                "'done', 'cold')"
            )
        )
    engine.dispose()
    log = AuditLog(database, None, clock)
    await log.start()
    (row,) = await log.tail(9)
    assert (row.user, row.old, row.requested, row.read_back) == ("olga", 44.9, 45.0, None)
    assert (row.status, row.kind, row.reason) == (0xFFFF_FFFB, "write", "cold")
    assert await log.append(login()) > 7
    await log.stop()
