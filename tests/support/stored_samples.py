"""Samples of a database on disk, as whoever opens it beside the twin finds them."""

from __future__ import annotations

from pathlib import Path

from heatpump_twin.twin_engine.historian.database import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore
from heatpump_twin.twin_engine.history import Samples

_EVER = 2**62


def stored(path: Path, key: str) -> Samples:
    """Return all samples of a point in an SQLite file of a twin."""
    store = SampleStore(open_engine(f"sqlite:///{path}"))
    try:
        return store.read(store.prepare([])[key], -_EVER, _EVER, _EVER)
    finally:
        store.close()
