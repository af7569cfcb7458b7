"""A data directory with a recorded history, as a twin leaves it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore
from heatpump_twin.twin_engine.model.calibration.record import Record


def recorded_site(root: Path, record: Record, *more: Record) -> Path:
    """Write records to the history of a new data directory; return it."""
    directory = DataDirectory.open(root)
    store = SampleStore(open_engine(f"sqlite:///{directory.database}"))
    try:
        for one in (record, *more):
            _write(store, one)
        store.seal_all()
    finally:
        store.close()
    return directory.root


def _write(store: SampleStore, record: Record) -> None:
    points = [point for point in record.columns if "=" not in point]
    rows = store.prepare([f"{record.asset}.{point}" for point in points])
    for point in points:
        index = np.full(len(record), rows[f"{record.asset}.{point}"])
        store.write(Frame.of(index, record.columns[point], 0, record.time))
