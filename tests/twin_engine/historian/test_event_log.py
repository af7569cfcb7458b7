"""The log of events: in order, by node, in pages; nothing is lost while the database is away."""

from __future__ import annotations

import asyncio

import pytest

from heatpump_twin.twin_engine.errors import DatabaseAway
from heatpump_twin.twin_engine.historian import event_log
from heatpump_twin.twin_engine.historian.database import migrate, open_engine
from heatpump_twin.twin_engine.historian.event_log import EventLog, EventRecord
from heatpump_twin.twin_engine.historian.sample_store import SampleStore

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
    return [EventRecord(n // 3, ORIGINS[n % len(ORIGINS)], f"event {n}") for n in range(count)]


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
