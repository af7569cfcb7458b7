"""A database of version 0.1, one row a sample: it is read at once and moved into blocks."""

from __future__ import annotations

import numpy as np
import pytest
from old_schema import migrate_to
from sqlalchemy import URL, inspect, text
from structlog.testing import capture_logs

from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD, UNCERTAIN
from heatpump_twin.twin_engine.historian.archive_summary import summarize
from heatpump_twin.twin_engine.historian.columns import earlier_samples
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.historian.sample_store import SampleStore

START = 1_767_225_600_000_000
S = 1_000_000
EVER = 2**62
COUNT = 100
KEYS = ("hp1.supply_temperature", "gone.away")


@pytest.fixture
def earlier(database: URL) -> URL:
    """A database as version 0.1 left it: two points, one of which ends in a gap."""
    engine = open_engine(database)
    migrate_to(engine, "0003")
    with engine.begin() as connection:
        for number, key in enumerate(KEYS, 1):
            connection.execute(
                text("INSERT INTO point (id, key) VALUES (:i, :k)"), {"i": number, "k": key}
            )
            rows = [
                {"p": number, "t": START + k * S, "v": 20.0 + k, "s": GOOD} for k in range(COUNT)
            ]
            connection.execute(
                text("INSERT INTO sample (point_id, time, value, status) VALUES (:p, :t, :v, :s)"),
                rows,
            )
        bad = int(np.uint32(BAD_NO_DATA).view(np.int32))
        connection.execute(
            text("INSERT INTO sample (point_id, time, value, status) VALUES (2, :t, NULL, :s)"),
            {"t": START + COUNT * S, "s": bad},
        )
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT setval(pg_get_serial_sequence('point', 'id'), 2)"))
    engine.dispose()
    return database


def opened(url: URL) -> SampleStore:
    store = SampleStore(open_engine(url))
    store.prepare(KEYS)
    return store


def test_it_is_read_before_while_and_after_it_is_moved(earlier: URL, monkeypatch) -> None:
    monkeypatch.setattr(earlier_samples, "_PIECE", 30)
    store = opened(earlier)
    # A correction made before its sample is moved stays one.
    store.write(Frame.of([1, 1], [-1.0, 999.0], UNCERTAIN, [START + 50 * S, START + 200 * S]))
    store._sealer.seal(99.0)
    right = [20.0 + k for k in range(COUNT)]
    right[50] = -1.0
    moved = 0
    while store._earlier.exists:
        # With another store in between, as after a crash.
        store.close()
        store = opened(earlier)
        found = store.read(1, 0, EVER, 999)
        assert found.value.tolist() == [*right, 999.0]
        assert store.read(1, 0, EVER, 3).value.tolist() == right[:3]
        assert store.read(1, 0, START + 61 * S, 3, reverse=True).value.tolist() == [80, 79, 78]
        assert store.read(1, START + 10 * S, START + 12 * S, 9).value.tolist() == [30.0, 31.0]
        assert len(store.read(2, 0, EVER, 999)) == COUNT + 1
        store.seal(2, 0.0)
        moved += 1
    assert moved > 3
    assert not inspect(store._engine).has_table("sample")
    assert store.read(1, 0, EVER, 999).value.tolist() == [*right, 999.0]
    store.close()


def test_its_summary_is_known_before_and_after(earlier: URL) -> None:
    first = summarize(earlier)
    assert (first.revision, first.points) == ("0003", 2)
    assert (first.oldest, first.newest) == (START, START + COUNT * S)
    store = opened(earlier)
    store.seal_all()
    store.close()
    after = summarize(earlier)
    assert (after.points, after.oldest, after.newest) == (2, START, START + COUNT * S)


async def test_a_twin_goes_on_with_it(earlier: URL, table, clock, eventually) -> None:
    clock.advance(500)
    with capture_logs() as logs:
        historian = Historian(table, earlier, HistorianSettings(flush=0.01), clock)
        await historian.start()
        historian.append(Frame.of(0, 77.0, GOOD, clock.now()))
        await eventually(lambda: not historian._store._earlier.exists)
        samples = await historian.read_raw(KEYS[0], 0, EVER, limit=999)
        await historian.stop()
    assert samples.value[:COUNT].tolist() == [20.0 + k for k in range(COUNT)]
    # The run that version 0.1 did not end is closed once, the other point is closed already.
    assert samples.status[COUNT:].tolist() == [BAD_NO_DATA, GOOD]
    told = [log["event"] for log in logs]
    assert told.count("the history of the earlier version is in blocks") == 1
    assert [log["done"] for log in logs if "put into blocks" in log["event"]] == ["0%"]


def test_a_new_database_never_has_the_table(database: URL) -> None:
    store = opened(database)
    assert not store._earlier.exists
    assert not inspect(store._engine).has_table("sample")
    store.close()
