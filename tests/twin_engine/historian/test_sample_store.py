from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import URL, text

from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore


def test_a_connection_in_use_is_closed_when_it_is_done(database: URL) -> None:
    """The writer drops the connections of a database that is away while a reader has one."""
    engine = open_engine(database)
    store = SampleStore(engine)
    with engine.connect() as reading:
        raw = reading.connection.driver_connection
        store.reconnect()
        assert reading.execute(text("SELECT 1")).scalar() == 1
    assert_closed(raw)
    with engine.connect() as later:
        again = later.connection.driver_connection
    with engine.connect() as later:
        assert later.connection.driver_connection is again  # it was kept in the pool
    store.close()
    assert_closed(again)


def test_work_that_ends_or_begins_after_the_end_leaves_no_connection_open(database: URL) -> None:
    """What was cancelled goes on in its thread: the store may be closed meanwhile."""
    engine = open_engine(database)
    store = SampleStore(engine)
    with engine.connect() as reading:
        raw = reading.connection.driver_connection
        store.close()
    assert_closed(raw)
    with engine.connect() as later:
        assert later.execute(text("SELECT 1")).scalar() == 1
        raw = later.connection.driver_connection
    assert_closed(raw)


def assert_closed(raw: Any) -> None:
    with pytest.raises(Exception, match="closed"):
        raw.cursor().execute("SELECT 1")
