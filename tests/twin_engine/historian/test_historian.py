from __future__ import annotations

import asyncio
import sqlite3
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from processes import spawned
from sqlalchemy import URL, Engine, event, text

from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, BAD_NO_DATA, GOOD, UNCERTAIN
from heatpump_twin.twin_engine.errors import DatabaseAway, SchemaError
from heatpump_twin.twin_engine.historian.columns import sealer
from heatpump_twin.twin_engine.historian.database.database_access import migrate, open_engine
from heatpump_twin.twin_engine.historian.database.migrations import HEAD
from heatpump_twin.twin_engine.historian.database.tables import METADATA
from heatpump_twin.twin_engine.historian.historian import Historian

START = 1_767_225_600_000_000
S = 1_000_000
SETTINGS = HistorianSettings(flush=0.02)
KEY = "hp1.supply_temperature"


@asynccontextmanager
async def recording(
    table, url, clock, settings=SETTINGS, capacity: int = 1_000_000
) -> AsyncIterator[Historian]:
    historian = Historian(table, url, settings, clock, capacity=capacity)
    await historian.start()
    try:
        yield historian
    finally:
        await historian.stop()
        await historian.run()


def ramp(n: int, start: int = START) -> list[Frame]:
    """One sample per second of the first point, each worth recording."""
    return [Frame.of(0, 20.0 + k, GOOD, start + k * S) for k in range(n)]


async def test_what_is_appended_can_be_read_before_and_after_it_is_written(database, table, clock):
    async with recording(table, database, clock, HistorianSettings(flush=3600)) as historian:
        for frame in ramp(10):
            historian.append(frame)
        assert historian.health.queue_rows == 10
        waiting = await historian.read_raw(KEY, START, START + 5 * S, limit=100)
        assert waiting.value.tolist() == [20, 21, 22, 23, 24]
    async with recording(table, database, clock) as historian:
        stored = await historian.read_raw(KEY, START, START + 5 * S, limit=100)
        assert stored.value.tolist() == [20, 21, 22, 23, 24]
        assert stored.time.tolist() == waiting.time.tolist()
        assert stored.status.tolist() == [GOOD] * 5


async def test_reading_honours_limit_direction_and_bounds(database, table, clock, eventually):
    async with recording(table, database, clock) as historian:
        for frame in ramp(6):
            historian.append(frame)
        await eventually(lambda: historian.health.queue_rows == 0)
        for frame in ramp(4, START + 6 * S):
            historian.append(frame)
        first = await historian.read_raw(KEY, START, START + 99 * S, limit=8)
        last = await historian.read_raw(KEY, START, START + 99 * S, limit=3, reverse=True)
        assert ((first.time - START) // S).tolist() == list(range(8))
        assert ((last.time - START) // S).tolist() == [9, 8, 7]
        assert (await historian.before(KEY, START + 5 * S)).time.tolist() == [START + 5 * S]
        assert (await historian.before(KEY, START + 5 * S - 1)).time.tolist() == [START + 4 * S]
        assert (await historian.after(KEY, START + 5 * S + 1)).time.tolist() == [START + 6 * S]
        assert len(await historian.before(KEY, START - 1)) == 0
        assert len(await historian.read_raw("hp9.unheard_of", 0, 2**60, limit=9)) == 0


async def test_a_bad_value_keeps_its_status_and_has_no_number(database, table, clock, eventually):
    async with recording(table, database, clock) as historian:
        historian.append(Frame.bad(0, BAD_NO_COMMUNICATION, START))
        await eventually(lambda: historian.health.rows_written == 1)
        samples = await historian.read_raw(KEY, START, START + S, limit=9)
    assert samples.status.tolist() == [BAD_NO_COMMUNICATION]
    assert np.isnan(samples.value).all()


async def test_the_same_sample_twice_is_one_row_and_the_later_value_stays(
    database, table, clock, eventually
):
    async with recording(table, database, clock) as historian:
        historian.append(Frame.of([0, 0], [30.0, 31.0], GOOD, START))
        await eventually(lambda: historian.health.queue_rows == 0)
        historian.append(Frame.of(0, 32.0, GOOD, START))
        await eventually(lambda: historian.health.queue_rows == 0)
        samples = await historian.read_raw(KEY, START, START + S, limit=9)
    assert samples.value.tolist() == [32.0]


async def test_stopping_breaks_the_trend(database, table, clock):
    clock.advance(10)
    async with recording(table, database, clock) as historian:
        historian.append(Frame.of(0, 20.0, GOOD, START))
        historian.append(Frame.of(0, 20.01, GOOD, START + 3 * S))  # left out by the deadband
    async with recording(table, database, clock) as historian:
        samples = await historian.read_raw(KEY, 0, 2**60, limit=9)
    assert samples.time.tolist() == [START, START + 3 * S, START + 10 * S]
    assert samples.status.tolist() == [GOOD, GOOD, BAD_NO_DATA]


async def test_whoever_waits_for_the_writer_may_stop_waiting(tmp_path, table, clock):
    async with recording(table, f"sqlite:///{tmp_path / 'historian.sqlite'}", clock) as historian:
        waiting = asyncio.create_task(historian.run())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        historian.append(ramp(1)[0])
    assert historian.health.rows_written == 2  # the sample and the gap marker


async def test_a_killed_run_keeps_what_was_flushed_and_gets_its_gap_marker(tmp_path, table, clock):
    """A process that records is killed (SIGKILL); the next run finds its samples and ends them."""
    path = tmp_path / "historian.sqlite"
    program = f"""
        import asyncio
        from heatpump_twin.config.catalogue import CATALOGUE, PointTable
        from heatpump_twin.config.settings import HistorianSettings
        from heatpump_twin.drivers.clock import ManualClock
        from heatpump_twin.drivers.frame import Frame
        from heatpump_twin.twin_engine.historian.historian import Historian

        async def main():
            spec = CATALOGUE["heat_pump"]["supply_temperature"]
            table = PointTable.build([("hp1", "supply_temperature", spec, None)])
            url = "sqlite:///{path}"
            historian = Historian(table, url, HistorianSettings(flush=0.02), ManualClock({START}))
            await historian.start()
            for k in range(20):
                historian.append(Frame.of(0, 20.0 + k, 0, {START} + k * {S}))
            while historian.health.rows_written < 20:
                await asyncio.sleep(0.01)
            print("flushed", flush=True)
            await asyncio.Event().wait()

        asyncio.run(main())
    """
    command = (sys.executable, "-c", textwrap.dedent(program))
    async with spawned(*command, stdout=asyncio.subprocess.PIPE) as child:
        while await child.stdout.readline() != b"flushed\n":
            assert not child.stdout.at_eof()
        child.kill()
        await child.wait()
    async with recording(table, f"sqlite:///{path}", clock) as historian:
        samples = await historian.read_raw(KEY, 0, 2**60, limit=99)
    assert samples.value[:20].tolist() == [20.0 + k for k in range(20)]
    assert samples.status.tolist() == [GOOD] * 20 + [BAD_NO_DATA]
    assert samples.time[-1] == START + 19 * S + 1


async def test_nothing_is_lost_while_the_disk_is_full(tmp_path, table, clock, eventually):
    pages = {"most": 10_000}

    @event.listens_for(Engine, "connect")
    def small_disk(connection, _record):
        connection.execute(f"PRAGMA max_page_count={pages['most']}")

    try:
        url = f"sqlite:///{tmp_path / 'historian.sqlite'}"
        async with recording(table, url, clock) as historian:
            pages["most"] = 1
            historian._store.reconnect()  # the next connection sees a disk with no free page
            # Noise: a ramp of any length would fit into what is left of a page.
            values = np.random.default_rng(1).uniform(0.0, 60.0, 3000).round(2)
            for k, value in enumerate(values):
                historian.append(Frame.of(0, value, k % 2 * UNCERTAIN, START + k * S))
            await eventually(lambda: not historian.health.connected)
            assert "full" in historian.health.last_error
            missing = historian.health.queue_rows
            assert missing > 0
            pages["most"] = 10_000
            historian._store.reconnect()  # and the next one a disk with room
            await eventually(lambda: historian.health.connected)
            samples = await historian.read_raw(KEY, START, START + 3000 * S, limit=9999)
            assert historian.health.rows_written == 3000
            assert historian.health.queue_rows == historian.health.rows_dropped == 0
    finally:
        event.remove(Engine, "connect", small_disk)
    assert samples.value.tolist() == values.tolist()


async def test_nothing_is_lost_while_another_program_locks_the_file(
    tmp_path, table, clock, eventually
):
    path = tmp_path / "historian.sqlite"
    async with recording(table, f"sqlite:///{path}", clock) as historian:
        other = sqlite3.connect(path)
        other.execute("BEGIN EXCLUSIVE")
        for frame in ramp(10):
            historian.append(frame)
        await eventually(lambda: "locked" in historian.health.last_error)
        assert historian.health.queue_rows == 10
        other.rollback()
        other.close()
        await eventually(lambda: historian.health.rows_written == 10)


async def test_nothing_is_lost_while_postgresql_is_down(cluster, table, clock, eventually):
    async with recording(table, cluster.new_database(), clock) as historian:
        historian.append(ramp(1)[0])
        await eventually(lambda: historian.health.rows_written == 1)
        cluster.stop()
        try:
            for frame in ramp(30, START + S):
                historian.append(frame)
            await eventually(lambda: not historian.health.connected)
            with pytest.raises(DatabaseAway, match="history cannot be read"):
                await historian.read_raw(KEY, START, START + 9 * S, limit=9)
        finally:
            cluster.start()
        await eventually(lambda: historian.health.rows_written == 31)
        samples = await historian.read_raw(KEY, START, START + 99 * S, limit=99)
    assert len(samples) == 31


async def test_a_database_that_is_away_at_the_start_is_waited_for(
    cluster, table, clock, eventually
):
    url = cluster.new_database()
    cluster.stop()
    try:
        historian = Historian(table, url, SETTINGS, clock)
        await historian.start()
        assert not historian.health.connected
        historian.append(ramp(1)[0])
        with pytest.raises(DatabaseAway):
            await historian.read_raw(KEY, 0, 2**60, limit=1)
    finally:
        cluster.start()
    await eventually(lambda: historian.health.rows_written == 1)
    await historian.stop()


async def test_many_samples_are_written_before_their_time(database, table, clock, eventually):
    async with recording(table, database, clock, HistorianSettings(flush=3600)) as historian:
        for frame in ramp(10_000):
            historian.append(frame)
        await eventually(lambda: historian.health.rows_written == 10_000)
        historian.append(ramp(10_001)[-1])
        # Few of them wait, however often the writer looks.
        assert historian.health.queue_rows == 1
        clock.advance(20_000)
        assert len(await historian.stored.read_raw(KEY, 0, 2**60, limit=20_000)) == 10_000


async def test_an_overflowing_queue_drops_the_oldest_and_counts_them(tmp_path, table, clock):
    settings = HistorianSettings(flush=3600)
    url = f"sqlite:///{tmp_path / 'historian.sqlite'}"
    async with recording(table, url, clock, settings, capacity=10) as historian:
        for frame in ramp(25):
            historian.append(frame)
        assert historian.health.rows_dropped == 15
        assert historian.health.queue_rows == 10
        samples = await historian.read_raw(KEY, START, START + 99 * S, limit=99)
        assert samples.value.tolist() == [20.0 + k for k in range(15, 25)]


async def test_old_samples_are_deleted(database, table, clock, eventually, monkeypatch):
    monkeypatch.setattr(sealer, "FULL", 10)
    for least in ("_LEAST_HOT", "_HOT_OF_POINT"):
        monkeypatch.setattr(sealer, least, 1)
    # Shorter than a site file may have it.
    settings = HistorianSettings(flush=0.01).model_copy(update={"retention": 10.0})
    clock.advance(100)
    async with recording(table, database, clock, settings) as historian:
        for frame in ramp(101):
            historian.append(frame)
        await eventually(lambda: historian.health.rows_written == 101)

        async def pruned() -> bool:
            # Whole blocks go, and what is not older than its time stays.
            return bool((await historian.after(KEY, 0)).time[0] > START + 80 * S)

        await eventually(pruned)
        samples = await historian.read_raw(KEY, 0, 2**60, limit=999)
    first = (int(samples.time[0]) - START) // S
    assert 80 < first <= 90
    assert samples.time.tolist() == [START + k * S for k in range(first, 101)]


async def test_a_database_of_a_newer_version_is_refused(database, table, clock):
    async with recording(table, database, clock):
        pass
    engine = open_engine(database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    historian = Historian(table, database, SETTINGS, clock)
    with pytest.raises(SchemaError, match=r"'9999'.*install the version that wrote it"):
        await historian.start()


def test_migrations_make_the_tables_that_the_code_declares(database: URL):
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    engine = open_engine(database)
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == HEAD
    engine.dispose()


async def test_points_that_come_during_the_run_are_recorded(database, table, clock, eventually):
    async with recording(table, database, clock) as historian:
        historian.append(Frame.of(0, 20.0, GOOD, START))
        await eventually(lambda: historian.health.queue_rows == 0)
        (old, *_) = table
        # One that is new, and one that was here before: it goes on with its archive.
        table.extend([("hp9", old.id, old.spec, None), (old.asset, old.id, old.spec, None)])
        historian.grow()
        points = [table.by_key["hp9.supply_temperature"].index, table.by_key[KEY].index]
        historian.append(Frame.of(points, [30.0, 21.0], GOOD, START + S))
        await eventually(lambda: historian.health.queue_rows == 0)
        new = await historian.read_raw("hp9.supply_temperature", START, START + 9 * S, limit=9)
        assert new.value.tolist() == [30.0]
        known = await historian.read_raw(KEY, START, START + 9 * S, limit=9)
        assert known.value.tolist() == [20.0, 21.0]


async def test_a_bug_in_the_writer_keeps_samples_waiting_and_ends_nothing(
    database, table, clock, eventually
):
    bugs = iter(range(3))

    def fail(*_: object) -> None:
        if next(bugs, None) is not None:
            raise RuntimeError("a bug")

    async with recording(table, database, clock) as historian:
        event.listen(Engine, "before_cursor_execute", fail)
        try:
            for frame in ramp(5):
                historian.append(frame)
            await eventually(lambda: "a bug" in historian.health.last_error)
            await eventually(lambda: historian.health.queue_rows == 0)
        finally:
            event.remove(Engine, "before_cursor_execute", fail)
        await eventually(lambda: historian.health.connected)
        stored = await historian.read_raw(KEY, START, START + 99 * S, limit=100)
        assert stored.value.tolist() == [20, 21, 22, 23, 24]


async def test_the_age_of_the_oldest_sample_that_waits_is_known(database, table, clock, eventually):
    async with recording(table, database, clock, HistorianSettings(flush=3600)) as historian:
        assert historian.health.delay == 0
        historian.append(Frame.of(0, 20.0, GOOD, START))
        first = historian.health.delay
        clock.advance(-86_400)  # a clock that is set makes nothing older
        historian.append(Frame.of(0, 30.0, GOOD, START + S))
        await eventually(lambda: historian.health.delay > first)
        assert 0 < historian.health.delay < 3600
