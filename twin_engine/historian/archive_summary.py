"""Summarize a database without changing it: schema, size, first and last sample."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import URL, Engine, func, select, text

from heatpump_twin.twin_engine.historian.database import open_engine, revision_of
from heatpump_twin.twin_engine.historian.database_file import DatabaseFile
from heatpump_twin.twin_engine.historian.tables import POINT, SAMPLE


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
        # Point by point, along the key: over all samples it would read the whole table.
        first, last = (
            select(pick(SAMPLE.c.time)).where(SAMPLE.c.point_id == POINT.c.id).scalar_subquery()
            for pick in (func.min, func.max)
        )
        with engine.connect() as connection:
            found = connection.execute(select(first, last).select_from(POINT)).all()
        known = [(low, high) for low, high in found if low is not None]
        oldest = min((low for low, _ in known), default=None)
        newest = max((high for _, high in known), default=None)
        return ArchiveSummary(revision, _size(engine), len(known), oldest, newest)
    finally:
        engine.dispose()


def _size(engine: Engine) -> int:
    file = DatabaseFile.of(engine.url)
    if file is not None:
        return file.size
    with engine.connect() as connection:
        size: int = connection.scalar(text("SELECT pg_database_size(current_database())")) or 0
        return size
