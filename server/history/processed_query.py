"""Processed and at-time queries (OPC 10000-11, 6.5.4 and 6.5.5)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from asyncua import ua

from heatpump_twin.config.catalogue import Point
from heatpump_twin.drivers.frame import Times
from heatpump_twin.server import limits
from heatpump_twin.server.history.history_encoding import (
    DOUBLE,
    INT32,
    OF_KIND,
    STATUS_CODE,
    WireType,
)
from heatpump_twin.server.history.history_query import OfPoint
from heatpump_twin.server.history.raw_query import given
from heatpump_twin.server.space.aggregate_wish import aggregate_of, rules_of
from heatpump_twin.server.space.point_values import to_microseconds
from heatpump_twin.twin_engine.aggregates.aggregate_records import ResultType
from heatpump_twin.twin_engine.aggregates.at_times import AtTimes
from heatpump_twin.twin_engine.aggregates.periods.intervals import Range
from heatpump_twin.twin_engine.aggregates.processed_reading import ProcessedReading
from heatpump_twin.twin_engine.aggregates.series.point_rules import point_rules
from heatpump_twin.twin_engine.history import HistoryReader, Samples

CODES = ua.StatusCodes
_WIRE = {
    ResultType.DOUBLE: DOUBLE,
    ResultType.INT32: INT32,
    ResultType.STATUS: STATUS_CODE,
}
_LONGEST = float(1 << 52)
"""Longer than any time range, and still a whole number of µs. [µs]"""


@dataclass(frozen=True, slots=True)
class ProcessedQuery:
    """The intervals of which results are still to be returned."""

    reading: ProcessedReading
    first: int = 0

    def wire_type(self, point: Point) -> WireType:
        """Return how results are encoded."""
        return _WIRE.get(self.reading.record.type) or OF_KIND[point.spec.kind]

    async def read(self, reader: HistoryReader) -> tuple[Samples, ProcessedQuery | None]:
        """Compute the next page of results; return it with the query for the rest."""
        found = await self.reading.part(reader, self.first, limits.MAX_HISTORY_VALUES)
        done = self.first + len(found)
        return found, replace(self, first=done) if done < len(self.reading.asked) else None


@dataclass(frozen=True, slots=True)
class AtTimeQuery(OfPoint):
    """The times of which values are still to be returned."""

    reading: AtTimes
    times: Times

    async def read(self, reader: HistoryReader) -> tuple[Samples, AtTimeQuery | None]:
        """Return the values at the next times, with the query for the rest."""
        now, rest = np.split(self.times, [limits.MAX_HISTORY_TIMES])
        found = await self.reading.values(reader, now)
        return found, replace(self, times=rest) if len(rest) else None


def processed(point: Point, details: ua.ReadProcessedDetails) -> ProcessedQuery | int:
    """Return the query of a node, whose aggregate alone the details have, or why it is refused."""
    kinds: Sequence[ua.NodeId] = details.AggregateType or ()
    if len(kinds) != 1:
        return int(CODES.BadAggregateListMismatch)
    record = aggregate_of(kinds[0])
    if record is None:
        return int(CODES.BadAggregateNotSupported)
    asked = _range(details)
    if asked is None:
        return int(CODES.BadInvalidArgument)
    rules = rules_of(point_rules(point.spec), details.AggregateConfiguration)
    if not rules.valid:
        return int(CODES.BadAggregateConfigurationRejected)
    return ProcessedQuery(ProcessedReading(point.key, record, asked, rules))


def at_time(point: Point, details: ua.ReadAtTimeDetails) -> AtTimeQuery | int:
    """Return the query of a node at times, or why it is refused."""
    if not details.ReqTimes:
        return int(CODES.BadInvalidArgument)
    times = np.array([to_microseconds(time) for time in details.ReqTimes], dtype=np.int64)
    reading = AtTimes(point.key, point_rules(point.spec), bool(details.UseSimpleBounds))
    return AtTimeQuery(reading, times)


def _range(details: ua.ReadProcessedDetails) -> Range | None:
    """Return the time range; None: it is not one (OPC 10000-13, 5.4.2.2)."""
    start, end = given(details.StartTime), given(details.EndTime)
    length = float(details.ProcessingInterval) * 1000.0  # from ms
    if start is None or end is None or start == end or math.isnan(length) or length < 0:
        return None
    # An interval of less than the resolution of time would have no end.
    if 0 < length < 1:
        return None
    return Range.of(start, end, round(min(length, _LONGEST)))
