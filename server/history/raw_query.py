"""Raw history queries: a range given by start, end and count (OPC 10000-11, 6.5.3)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
from asyncua import ua

from heatpump_twin.server.history.history_query import OfPoint
from heatpump_twin.server.space.point_values import MAX_TIME, MIN_TIME, to_microseconds
from heatpump_twin.twin_engine.history import NO_SAMPLES, HistoryReader, Samples

BOUND_NOT_FOUND = ua.StatusCodes.BadBoundNotFound


@dataclass(frozen=True, slots=True)
class RawQuery(OfPoint):
    """The samples of one point that are still to be returned: low ≤ time < high. [µs]"""

    key: str
    low: int
    high: int
    reverse: bool
    page: int
    """Values per response."""
    total: int | None
    """Values that are still wanted; None: all in the range."""
    first_bound: int | None = None
    last_bound: int | None = None

    @classmethod
    def parse(cls, key: str, details: ua.ReadRawModifiedDetails, most: int) -> RawQuery | None:
        """Return the query of a request; None: fewer than two of start, end and count."""
        start, end = given(details.StartTime), given(details.EndTime)
        count = int(details.NumValuesPerNode)
        # Two of the three must be given; a count of 0 means that none is.
        if (start is None) + (end is None) + (count == 0) > 1:
            return None
        page = min(count or most, most)
        bounds = (start, end) if details.ReturnBounds else (None, None)
        if start is None and end is not None:
            # Backwards from the end; the end is where it begins, so it is included.
            return cls(key, MIN_TIME, end + 1, True, page, count, bounds[1], None)
        if start is not None and end is None:
            return cls(key, start, MAX_TIME, False, page, count, bounds[0], None)
        assert start is not None  # noqa: S101 - two of three are given: for the type checker
        assert end is not None  # noqa: S101
        if start > end:
            # A start after the end asks for samples backwards: the start is included, the end is
            # not.
            return cls(key, end + 1, start + 1, True, page, None, *bounds)
        # Equal times ask for the samples at that very moment.
        return cls(key, start, max(end, start + 1), False, page, None, *bounds)

    async def read(self, reader: HistoryReader) -> tuple[Samples, RawQuery | None]:
        """Read the next page of samples; return it with the query for the rest (None: no more)."""
        page = self.page if self.total is None else min(self.page, self.total)
        found = [await self._bound(reader, self.first_bound, before=not self.reverse)]
        if self.first_bound is not None and len(found[0]):
            inside = self.low <= int(found[0].time[0]) < self.high
            if inside and found[0].status[0] != BOUND_NOT_FOUND:
                found[0] = NO_SAMPLES  # it comes with the range
        wanted = page - len(found[0])
        # One more than the page holds: it tells whether a continuation point is needed.
        more = await reader.read_raw(
            self.key, self.low, self.high, limit=wanted + 1, reverse=self.reverse
        )
        body = more[:wanted]
        found.append(body)
        left = None if self.total is None else self.total - len(found[0]) - len(body)
        if len(more) > wanted:
            if left is not None and left <= 0:
                return Samples.concat(found), None
            if not len(body):
                return Samples.concat(found), replace(self, first_bound=None, total=left)
            return Samples.concat(found), self.behind(int(body.time[-1]), left)
        if self.last_bound is not None:
            if wanted == len(body):
                # The page is full: only the bound is left for the next one.
                rest = replace(self, low=self.high, first_bound=None, total=left)
                return Samples.concat(found), rest
            last = await self._bound(reader, self.last_bound, before=self.reverse)
            if not (len(body) and len(last) and body.time[-1] == last.time[0]):
                found.append(last)
        return Samples.concat(found), None

    def behind(self, last: int, left: int | None) -> RawQuery:
        """Return the query after a time up to which all was returned; ``left`` are still wanted."""
        if self.reverse:
            return replace(self, high=last, first_bound=None, total=left)
        return replace(self, low=last + 1, first_bound=None, total=left)

    async def _bound(self, reader: HistoryReader, time: int | None, *, before: bool) -> Samples:
        if time is None:
            return NO_SAMPLES
        found = await (reader.before if before else reader.after)(self.key, time)
        if len(found):
            return found
        return Samples(
            np.array([np.nan]),
            np.array([BOUND_NOT_FOUND], dtype=np.uint32),
            np.array([time], dtype=np.int64),
        )


def given(time: dt.datetime | None) -> int | None:
    """Return a time in µs; None: the client left it out, which is 1601 on the wire."""
    number = to_microseconds(time) if time is not None else MIN_TIME
    return None if number <= MIN_TIME else number
