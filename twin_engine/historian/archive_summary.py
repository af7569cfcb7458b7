"""Summarize a database without changing it: schema, size, first and last sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import URL, Engine, inspect, text

from heatpump_twin.twin_engine.historian.columns.earlier_samples import EarlierSamples
from heatpump_twin.twin_engine.historian.columns.hot_samples import HotSamples
from heatpump_twin.twin_engine.historian.columns.sealed_blocks import ends_of_points
from heatpump_twin.twin_engine.historian.database.database_access import open_engine, revision_of
from heatpump_twin.twin_engine.historian.database.database_file import DatabaseFile
from heatpump_twin.twin_engine.historian.database.tables import BLOCK


@dataclass(frozen=True, slots=True)
class ArchiveSummary:
    """What a database holds."""

    revision: str | None
    """Of its schema."""
    size: int
    """[B]"""
    points: int
    oldest: int | None
    newest: int | None
    """Times of samples. [µs since the Unix epoch]"""

    @property
    def span(self) -> int:
        """Time between the first and the last sample. [µs]"""
        return 0 if self.oldest is None or self.newest is None else self.newest - self.oldest


def summarize(url: URL) -> ArchiveSummary:
    """Return the summary of a database; errors of the database are raised as they come."""
    engine = open_engine(url)
    try:
        revision = revision_of(engine)
        if revision is None:
            return ArchiveSummary(None, _size(engine), 0, None, None)
        known = _ends(engine)
        points = {point for point, *_ in known}
        oldest = min((low for _, low, _ in known), default=None)
        newest = max((high for *_, high in known), default=None)
        return ArchiveSummary(revision, _size(engine), len(points), oldest, newest)
    finally:
        engine.dispose()


def _ends(engine: Engine) -> list[tuple[int, int, int]]:
    """Return row id, first and last time of points, more than once where they are in more places.

    The database may be of an earlier version, which has single samples only.
    """
    earlier = EarlierSamples(engine)
    earlier.look()
    in_columns = inspect(engine).has_table(BLOCK.name)
    with engine.connect() as connection:
        known = earlier.ends(connection)
        if in_columns:
            for run in HotSamples(engine).runs(connection):
                begins = np.flatnonzero(np.diff(run.point, prepend=-1))
                ends = np.append(begins[1:], len(run)) - 1
                columns = run.point[begins], run.time[begins], run.time[ends]
                known += zip(*(column.tolist() for column in columns), strict=True)
            known += ends_of_points(connection)
    return known


def _size(engine: Engine) -> int:
    file = DatabaseFile.of(engine.url)
    if file is not None:
        return file.size
    with engine.connect() as connection:
        size: int = connection.scalar(text("SELECT pg_database_size(current_database())")) or 0
        return size
