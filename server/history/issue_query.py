"""Queries of forecasts by the times at which they were issued (OPC 10000-11, 6.5.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from asyncua import ua

from heatpump_twin.server import limits
from heatpump_twin.server.history.raw_query import RawQuery
from heatpump_twin.server.services.attribute_service import with_timestamps
from heatpump_twin.server.space.forecast_values import FORECAST, issued_value
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.twin_engine.historian.trajectories.trajectory_log import TrajectoryLog
from heatpump_twin.twin_engine.history import Samples

Issue = tuple[int, Samples]
"""When a forecast was issued [µs since the Unix epoch], and what it says."""
CODES = ua.StatusCodes


@dataclass(frozen=True, slots=True)
class IssueQuery:
    """The forecasts of one point that are still to be returned."""

    span: RawQuery

    @classmethod
    def parse(cls, key: str, details: object) -> IssueQuery | int:
        """Return the query of a request, or why it is refused."""
        # An array has no value between two times, and no average.
        if not isinstance(details, ua.ReadRawModifiedDetails) or details.IsReadModified:
            return int(CODES.BadHistoryOperationUnsupported)
        if details.ReturnBounds:
            return int(CODES.BadInvalidArgument)
        span = RawQuery.parse(key, details, limits.MAX_HISTORY_ISSUES)
        return int(CODES.BadHistoryOperationInvalid) if span is None else cls(span)

    async def read(self, log: TrajectoryLog) -> tuple[list[Issue], IssueQuery | None]:
        """Read the next page; return it with the query for the rest (None: no more)."""
        span = self.span
        wanted = span.page if span.total is None else min(span.page, span.total)
        found = await log.issues(
            span.key, span.low, span.high, limit=wanted + 1, reverse=span.reverse
        )
        page = found[:wanted]
        left = None if span.total is None else span.total - len(page)
        if len(found) <= wanted or left == 0:
            return page, None
        return page, replace(self, span=span.behind(page[-1][0], left))


def issue_data(found: Sequence[Issue], wanted: ua.TimestampsToReturn) -> ua.HistoryData:
    """Return forecasts as values of the times at which they were issued."""
    return ua.HistoryData(
        [with_timestamps(issued_value(*one), wanted, to_datetime(one[0])) for one in found]
    )


def forecast_point(node: ua.NodeId) -> str:
    """Return the key of the point whose forecasts a node shows; empty: it shows none."""
    name = node.Identifier
    if not isinstance(name, str) or not name.endswith(f".{FORECAST}"):
        return ""
    return name.removesuffix(f".{FORECAST}")
