"""Take recorded history out of the database: samples, or aggregates of them, as tables."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from heatpump_twin.config.catalogue import UNITS, PointTable
from heatpump_twin.config.quantities import seconds
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.errors import TwinError
from heatpump_twin.safekeeping.sample_origin import Origin, Origins
from heatpump_twin.twin_engine.aggregates.aggregate_records import BY_NAME, AggregateRecord
from heatpump_twin.twin_engine.aggregates.periods.intervals import Range
from heatpump_twin.twin_engine.aggregates.periods.local_periods import LocalPeriods, Period
from heatpump_twin.twin_engine.aggregates.processed_reading import ProcessedReading
from heatpump_twin.twin_engine.aggregates.series.point_rules import point_rules
from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.history import HistoryReader, Samples

PAGE = 100_000
"""Samples that are read, and written, at once."""


_EVER = 2**62


@dataclass(frozen=True, slots=True)
class Piece:
    """Some samples of one point, in order of time."""

    key: str
    unit: str
    """Empty: it has none, or is no point of the site any more."""
    samples: Samples
    origins: Sequence[Origin]
    """Of each of them."""


@dataclass(frozen=True, slots=True)
class HistoryExport:
    """The history of points over a time range.

    Parameters
    ----------
    start, end : int
        start ≤ time < end. [µs since the Unix epoch]
    origins : Origins
        Where the samples are from.
    aggregate : AggregateRecord, optional
        With the intervals: its results instead of the samples.
    """

    history: HistoryReader
    table: PointTable
    start: int
    end: int
    origins: Origins
    aggregate: AggregateRecord | None = None
    asked: Range | LocalPeriods | None = None

    @property
    def begins(self) -> list[int]:
        """Begins of all intervals. [µs since the Unix epoch]"""
        if self.asked is None:
            return []
        begins: list[int] = self.asked.part(0, len(self.asked)).begin.tolist()
        return begins

    async def pieces(self, keys: Sequence[str]) -> AsyncIterator[Piece]:
        """Yield what there is of points, one after the other; of each at least an empty piece."""
        for key in keys:
            unit = self.unit(key)
            async for samples in self._of(key):
                parts = self.origins.parts(key, samples.time)
                origins = [origin for origin, count in parts for _ in range(count)]
                yield Piece(key, unit, samples, origins)

    def unit(self, key: str) -> str:
        """Return the unit of a point; empty: it has none, or is not of the site any more."""
        point = self.table.by_key.get(key)
        return "" if point is None or point.spec.unit is None else UNITS[point.spec.unit].symbol

    async def _of(self, key: str) -> AsyncIterator[Samples]:
        if self.aggregate is None or self.asked is None:
            async for page in self._raw(key):
                yield page
            return
        point = self.table.by_key.get(key)
        rules = Rules() if point is None else point_rules(point.spec)
        reading = ProcessedReading(key, self.aggregate, self.asked, rules)
        done = 0
        while done < len(self.asked):
            found = await reading.part(self.history, done, PAGE)
            done += len(found)
            yield found

    async def _raw(self, key: str) -> AsyncIterator[Samples]:
        start = self.start
        while True:
            page = await self.history.read_raw(key, start, self.end, limit=PAGE)
            yield page
            if len(page) < PAGE:
                return
            start = int(page.time[-1]) + 1


def chosen(keys: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """Return the keys that any of the patterns fits (``hp1.*``), in order; all if there is none."""
    return [
        key
        for key in sorted(keys)
        if not patterns or any(fnmatchcase(key, pattern) for pattern in patterns)
    ]


async def history_export(
    history: HistoryReader,
    table: PointTable,
    keys: Sequence[str],
    origins: Origins,
    span: tuple[int | None, int | None],
    every: str | None,
    aggregate: str,
    zone: ZoneInfo,
) -> HistoryExport:
    """Return the export of a range, which goes by default from the first sample to the last.

    Raises
    ------
    TwinError
        There is no such interval, no such aggregate, or nothing is recorded.
    """
    first, last = await _ends(history, keys)
    start = first if span[0] is None else span[0]
    end = last + 1 if span[1] is None else span[1]
    if end <= start:
        raise TwinError("the end of the range is not behind its begin")
    if every is None:
        return HistoryExport(history, table, start, end, origins)
    if aggregate not in BY_NAME:
        raise TwinError(f"--aggregate {aggregate}: there are {', '.join(BY_NAME)}")
    # Where no begin is given, on whole intervals since 1970: hours are hours.
    asked = _intervals(start, end, every, zone, whole=span[0] is None)
    return HistoryExport(history, table, start, end, origins, BY_NAME[aggregate], asked)


def _intervals(
    start: int, end: int, every: str, zone: ZoneInfo, *, whole: bool
) -> Range | LocalPeriods:
    if every in set(Period):
        return LocalPeriods(start, end, Period(every), zone)
    try:
        length = round(seconds(every) * MICROSECONDS)
        if length < MICROSECONDS:
            raise ValueError(every)
    except ValueError as error:
        raise TwinError(
            f"--every {every}: write a duration, such as 15 min or 1 h, or day, week, month or year"
        ) from error
    return Range.of(start // length * length if whole else start, end, length)


async def _ends(history: HistoryReader, keys: Sequence[str]) -> tuple[int, int]:
    """Return the times of the first sample of all points, and of the last."""
    ends: list[int] = []
    for key in keys:
        ends += (await history.after(key, -_EVER)).time.tolist()
        ends += (await history.before(key, _EVER)).time.tolist()
    if not ends:
        raise TwinError("nothing is recorded of these points")
    return min(ends), max(ends)
