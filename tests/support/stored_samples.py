"""Samples of a database on disk, as whoever opens it beside the twin finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.database.tables import BLOCK, HOT, MODIFIED
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


def rows(samples: Samples) -> list[tuple[int, float, int]]:
    """Time, value and status of each sample."""
    columns = (samples.time.tolist(), samples.value.tolist(), samples.status.tolist())
    return list(zip(*columns, strict=True))


def prepared(path: Path, keys: Sequence[str]) -> Path:
    """Make a database with its tables, which takes longer than an example of a property."""
    store = SampleStore(open_engine(f"sqlite:///{path}"))
    store.prepare(keys)
    store.close()
    return path


@contextmanager
def emptied(file: Path) -> Iterator[Callable[[], SampleStore]]:
    """What opens an emptied store, and opens it again, as the next start would."""
    opened: list[SampleStore] = []

    def again() -> SampleStore:
        opened.append(SampleStore(open_engine(f"sqlite:///{file}")))
        return opened[-1]

    with again()._engine.begin() as connection:
        for table in (HOT, BLOCK, MODIFIED):
            connection.execute(table.delete())
    yield again
    for store in opened:
        store.close()
