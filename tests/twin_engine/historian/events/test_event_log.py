"""The log of events: in order, by node, in pages; nothing is lost while the database is away."""

from __future__ import annotations

import asyncio

import pytest
from old_schema import migrate_to
from sqlalchemy import text

from heatpump_twin.twin_engine.errors import DatabaseAway
from heatpump_twin.twin_engine.historian.database.database_access import migrate, open_engine
from heatpump_twin.twin_engine.historian.database.tables import EVENT
from heatpump_twin.twin_engine.historian.events import event_log
from heatpump_twin.twin_engine.historian.events.event_log import EventLog
from heatpump_twin.twin_engine.historian.events.event_rows import EventRecord, events_of_ids
from heatpump_twin.twin_engine.historian.sample_store import SampleStore

BASE64 = ("/wA=", "b25l")
"""Of ff00 and "one"."""
ORIGINS = ("hp1", "hp1.machine", "hp10", "hp_1")


def prepare(database) -> None:
    engine = open_engine(database)
    migrate(engine)
    engine.dispose()


@pytest.fixture
async def log(database):
    prepare(database)
    log = EventLog(database)
    yield log
    await log.stop()


def records(count: int) -> list[EventRecord]:
    return [
        EventRecord(b"\0%d" % n, n // 3, ORIGINS[n % len(ORIGINS)], f"event {n}")
        for n in range(count)
    ]


async def read(log: EventLog, beneath: str = "", *, reverse: bool = False, limit: int = 4):
    """All of them, page by page."""
    found, behind = [], None
    while page := await log.page(
        0, 100, beneath=beneath, limit=limit, reverse=reverse, behind=behind
    ):
        found += [record for _, record in page]
        behind = page[-1][1].time, page[-1][0]
    return found


async def test_events_come_in_order_and_in_pages_that_add_up(log) -> None:
    for record in records(20):
        log.note(record)
    assert await log.write()
    assert await read(log) == records(20)
    assert await read(log, reverse=True) == records(20)[::-1]
    of_hp1 = [r for r in records(20) if r.origin in ("hp1", "hp1.machine")]
    assert await read(log, "hp1") == of_hp1
    assert await read(log, "hp1.machine") == [r for r in of_hp1 if r.origin == "hp1.machine"]
    assert [r for _, r in await log.page(1, 2, beneath="", limit=9)] == records(6)[3:]


async def test_they_are_written_while_it_runs_and_at_the_end(database, eventually) -> None:
    prepare(database)
    log = EventLog(database)
    running = asyncio.create_task(log.run())
    log.note(records(1)[0])

    async def written() -> bool:
        return len(await read(log)) == 1

    await eventually(written)
    running.cancel()
    log.note(records(2)[1])
    await log.stop()
    log = EventLog(database)
    assert await read(log) == records(2)
    await log.stop()


async def test_while_the_database_is_away_they_wait(cluster, monkeypatch, eventually) -> None:
    monkeypatch.setattr(event_log, "CAPACITY", 5)
    url = cluster.new_database()
    prepare(url)
    log = EventLog(url)
    running = asyncio.create_task(log.run())
    cluster.stop()
    try:
        for record in records(7):
            log.note(record)
        with pytest.raises(DatabaseAway):
            await read(log)
    finally:
        cluster.start()

    async def written() -> bool:
        return await read(log) == records(7)[2:]  # of more than it holds the oldest are lost

    await eventually(written)
    running.cancel()
    await log.stop()


async def test_the_oldest_are_deleted_in_pieces(log, database) -> None:
    for record in records(20):
        log.note(record)
    await log.write()
    store = SampleStore(open_engine(database))
    assert [store.prune_events(3, 5) for _ in range(3)] == [5, 4, 0]
    store.close()
    assert await read(log) == records(20)[9:]


async def test_they_are_found_replaced_and_deleted_by_their_ids(log) -> None:
    for record in records(6):
        log.note(record)
    # They are found as soon as they are noted.
    found = {record.event_id: number for number, record in await log.find([b"\x002", b"\x004"])}
    assert list(found) == [b"\x002", b"\x004"]
    assert await log.find([b"\x009", b""]) == []
    late = EventRecord(b"late", 0, "hp1", "added")
    other = EventRecord(b"\x002", 50, "hp10", "replaced")
    await log.correct([late], {found[b"\x002"]: other})
    await log.remove([found[b"\x004"]])
    zero, one, _, three, _, five = records(6)
    assert await read(log) == [zero, one, late, three, five, other]


async def test_a_batch_is_written_once_whoever_stops_waiting(log) -> None:
    log.note(records(1)[0])
    waiting = asyncio.create_task(log.write())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()  # its thread goes on
    log.note(records(2)[1])
    await log.write()
    assert await read(log) == records(2)


def test_events_of_an_earlier_version_can_be_found(database) -> None:
    engine = open_engine(database)
    migrate_to(engine, "0007")
    old = EVENT.columns.keys()[:-1]
    data = [f'[null,{{"EventId":["ByteString","{event_id}"]}}]' for event_id in BASE64]
    rows = [dict(zip(old, (n, n, "hp1", data[n]), strict=True)) for n in range(2)]
    with engine.begin() as connection:
        connection.execute(
            text(f"INSERT INTO event_record ({','.join(old)}) VALUES (:{',:'.join(old)})"), rows
        )
    migrate(engine)
    with engine.connect() as connection:
        found = events_of_ids(connection, [b"\xff\x00", b"no", b"one"])
    assert [number for number, _ in found] == [0, 1]
    engine.dispose()
