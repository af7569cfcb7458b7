from __future__ import annotations

import pytest
from sqlalchemy import URL, text

from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore


def test_a_connection_in_use_is_closed_when_it_is_done(database: URL) -> None:
    """The writer closes the store of a database that is away while a reader may still use it."""
    engine = open_engine(database)
    store = SampleStore(engine)
    with engine.connect() as reading:
        raw = reading.connection.driver_connection
        store.close()
        assert reading.execute(text("SELECT 1")).scalar() == 1
    with pytest.raises(Exception, match="closed"):
        raw.cursor().execute("SELECT 1")
    with engine.connect() as later:
        assert later.execute(text("SELECT 1")).scalar() == 1
    store.close()
