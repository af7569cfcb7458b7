"""The HistoryRead service: raw, processed, at times (OPC 10000-4, 5.11.3; OPC 10000-11, 6.5)."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Protocol

import structlog
from asyncua import ua
from asyncua.common.utils import ServiceError

from heatpump_twin.config.catalogue import Point, PointTable
from heatpump_twin.server import limits
from heatpump_twin.server.history.event_history import EventHistory
from heatpump_twin.server.history.event_query import EventQuery
from heatpump_twin.server.history.history_encoding import encoded
from heatpump_twin.server.history.history_query import HistoryQuery
from heatpump_twin.server.history.issue_query import IssueQuery, forecast_point, issue_data
from heatpump_twin.server.history.modified_query import ModifiedQuery, marked, modified_data
from heatpump_twin.server.history.processed_query import at_time, processed
from heatpump_twin.server.history.raw_query import RawQuery
from heatpump_twin.server.history.update.update_service import UpdateService
from heatpump_twin.server.security.users import UserRole
from heatpump_twin.server.services.method_table import Caller
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.data_encoding import encoding_problem
from heatpump_twin.server.space.event import Event
from heatpump_twin.server.space.index_range import parsed
from heatpump_twin.server.space.ua_values import status_code
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.historian.events.event_rows import EventRecord
from heatpump_twin.twin_engine.historian.trajectories.trajectory_log import TrajectoryLog
from heatpump_twin.twin_engine.history import HistoryReader

CODES = ua.StatusCodes
log = structlog.stdlib.get_logger(__name__)

Query = HistoryQuery | EventQuery | ModifiedQuery | IssueQuery
Kept = tuple[ua.NodeId, Query]
"""What a continuation point stands for: a node, and what is still to be read of it."""


class Reader(Caller, Protocol):
    """The session of a request, which keeps the continuation points of its client."""

    history_points: dict[bytes, Kept]


class HistoryService:
    """The HistoryRead service over the recorded samples of points, and over events."""

    def __init__(
        self,
        aspace: TwinAddressSpace,
        table: PointTable,
        history: HistoryReader,
        events: EventHistory,
        namespace: int,
        updates: UpdateService,
        trajectories: TrajectoryLog | None = None,
    ) -> None:
        self._trajectories = trajectories
        self._aspace = aspace
        self._table = table
        self._history = history
        self._events = events
        self._namespace = namespace
        self._updates = updates

    async def read(
        self, session: Reader, params: ua.HistoryReadParameters
    ) -> list[ua.HistoryReadResult]:
        """Read the history of nodes; return a result for each, in the order of the request."""
        if params.ReleaseContinuationPoints:
            return [self._release(session, node) for node in params.NodesToRead]
        details, wanted = params.HistoryReadDetails, params.TimestampsToReturn
        # Neither is not allowed here: samples without a time would be worth nothing. An event has
        # the times that its fields say.
        if not isinstance(details, ua.ReadEventDetails) and wanted not in (
            ua.TimestampsToReturn.Source,
            ua.TimestampsToReturn.Server,
            ua.TimestampsToReturn.Both,
        ):
            raise ServiceError(CODES.BadTimestampsToReturnInvalid)
        read = partial(self._read, session, details=details, wanted=wanted)
        return [await read(node) for node in params.NodesToRead]

    async def update(
        self, session: Reader, params: ua.HistoryUpdateParameters
    ) -> list[ua.HistoryUpdateResult]:
        """Change the history; return a result for each update, in the order of the request."""
        # One after the other: a later one finds what an earlier one has made.
        return [await self._updates.update(session, one) for one in params.HistoryUpdateDetails]

    def keep(self, event: Event, notifier: ua.NodeId) -> None:
        """Keep an event that climbs up from a notifier, for those who ask later."""
        self._events.keep(event, notifier)

    def record_of(self, event: Event, notifier: ua.NodeId) -> EventRecord:
        """Return an event as it is kept, for those who write it themselves."""
        return self._events.record_of(event, notifier)

    async def _read(
        self,
        session: Reader,
        node: ua.HistoryReadValueId,
        *,
        details: object,
        wanted: ua.TimestampsToReturn,
    ) -> ua.HistoryReadResult:
        if node.ContinuationPoint:
            query = _resumed(session, node)
        elif isinstance(details, ua.ReadEventDetails):
            query = self._events.query(node.NodeId, details, self._aspace)
        else:
            query = self._new(node, details)
        # Per node and no ServiceFault: a client library ends its process on one.
        if isinstance(query, int):
            return _result(query)
        try:
            if isinstance(query, EventQuery):
                return await self._events_of(session, node, query)
            if isinstance(query, ModifiedQuery):
                return await self._modified_of(session, node, query, wanted)
            if isinstance(query, IssueQuery):
                return await self._issues_of(session, node, query, wanted)
            return await self._samples_of(session, node, query, wanted)
        # The trouble of one node's storage must not take the other nodes of the request along.
        except EngineError as error:
            log.error("history not read", node=node.NodeId.to_string(), error=str(error))
            return _result(CODES.BadResourceUnavailable)

    async def _samples_of(
        self,
        session: Reader,
        node: ua.HistoryReadValueId,
        query: HistoryQuery,
        wanted: ua.TimestampsToReturn,
    ) -> ua.HistoryReadResult:
        point = self._point(node.NodeId)
        if point is None:
            return _result(CODES.BadContinuationPointInvalid)
        samples, rest = await query.read(self._history)
        if isinstance(query, RawQuery) and self._updates.editor is not None:
            samples = await marked(samples, point.key, self._updates.editor)
        answer = _result(CODES.Good if len(samples) else CODES.GoodNoData)
        answer.HistoryData = encoded(samples, query.wire_type(point), wanted)
        return _continued(session, node, answer, rest)

    async def _modified_of(
        self,
        session: Reader,
        node: ua.HistoryReadValueId,
        query: ModifiedQuery,
        wanted: ua.TimestampsToReturn,
    ) -> ua.HistoryReadResult:
        point = self._point(node.NodeId)
        if point is None or self._updates.editor is None:
            return _result(CODES.BadHistoryOperationUnsupported)
        found, rest = await query.read(self._updates.editor)
        answer = _result(CODES.Good if len(found) else CODES.GoodNoData)
        answer.HistoryData = modified_data(found, point, wanted)
        return _continued(session, node, answer, rest)

    async def _issues_of(
        self,
        session: Reader,
        node: ua.HistoryReadValueId,
        query: IssueQuery,
        wanted: ua.TimestampsToReturn,
    ) -> ua.HistoryReadResult:
        if self._trajectories is None or node.NodeId not in self._aspace:
            return _result(CODES.BadContinuationPointInvalid)
        found, rest = await query.read(self._trajectories)
        answer = _result(CODES.Good if found else CODES.GoodNoData)
        answer.HistoryData = issue_data(found, wanted)
        return _continued(session, node, answer, rest)

    async def _events_of(
        self, session: Reader, node: ua.HistoryReadValueId, query: EventQuery
    ) -> ua.HistoryReadResult:
        # Asked at each page: a role may have been taken away meanwhile.
        found, rest = await self._events.page(query, audit=session.may(UserRole.ENGINEER))
        answer = _result(CODES.Good if found.Events else CODES.GoodNoData)
        answer.HistoryData = found
        return _continued(session, node, answer, rest)

    def _new(self, node: ua.HistoryReadValueId, details: object) -> Query | int:
        point, forecast = self._point(node.NodeId), self._forecast(node.NodeId)
        if point is None and not forecast:
            known = node.NodeId in self._aspace
            return int(CODES.BadHistoryOperationUnsupported if known else CODES.BadNodeIdUnknown)
        if node.IndexRange:
            wrong = parsed(node.IndexRange) is None
            return int(CODES.BadIndexRangeInvalid if wrong else CODES.BadIndexRangeNoData)
        if problem := encoding_problem(node.DataEncoding):
            return problem
        return IssueQuery.parse(forecast, details) if point is None else _query(point, details)

    def _point(self, node: ua.NodeId) -> Point | None:
        if node.NamespaceIndex != self._namespace or not isinstance(node.Identifier, str):
            return None
        return self._table.by_key.get(node.Identifier) if node in self._aspace else None

    def _forecast(self, node: ua.NodeId) -> str:
        """Return the point whose forecasts a node has; empty: it has none."""
        ours = self._trajectories is not None and node.NamespaceIndex == self._namespace
        return forecast_point(node) if ours and node in self._aspace else ""

    def _release(self, session: Reader, node: ua.HistoryReadValueId) -> ua.HistoryReadResult:
        kept = session.history_points.pop(bytes(node.ContinuationPoint or b""), None)
        return _result(CODES.BadContinuationPointInvalid if kept is None else CODES.Good)


def _resumed(session: Reader, node: ua.HistoryReadValueId) -> Query | int:
    # A continuation point is good once, and for the node that it was given for.
    kept = session.history_points.pop(bytes(node.ContinuationPoint), None)
    if kept is None or node.NodeId != kept[0]:
        return int(CODES.BadContinuationPointInvalid)
    return kept[1]


def _continued(
    session: Reader,
    node: ua.HistoryReadValueId,
    answer: ua.HistoryReadResult,
    rest: Query | None,
) -> ua.HistoryReadResult:
    """Return an answer with a continuation point for the rest, if there is one."""
    if rest is not None:
        # A client that forgets its points must still be served: the oldest give way (7.9).
        while len(session.history_points) >= limits.MAX_HISTORY_CONTINUATION_POINTS:
            del session.history_points[next(iter(session.history_points))]
        # Random, so that a forgotten one cannot be mistaken for a later one.
        answer.ContinuationPoint = secrets.token_bytes(16)
        session.history_points[answer.ContinuationPoint] = (node.NodeId, rest)
    return answer


def _query(point: Point, details: object) -> Query | int:
    """Return what a request asks of a point, or why it is refused."""
    match details:
        case ua.ReadProcessedDetails():
            return processed(point, details)
        case ua.ReadAtTimeDetails():
            return at_time(point, details)
        case ua.ReadRawModifiedDetails(IsReadModified=False):
            raw = RawQuery.parse(point.key, details, limits.MAX_HISTORY_VALUES)
            return int(CODES.BadHistoryOperationInvalid) if raw is None else raw
        case ua.ReadRawModifiedDetails():
            return ModifiedQuery.parse(point.key, details)
        case None | ua.ExtensionObject():
            # None, or of no kind that there is.
            return int(CODES.BadHistoryOperationInvalid)
    return int(CODES.BadHistoryOperationUnsupported)


def _result(status: int) -> ua.HistoryReadResult:
    answer = ua.HistoryReadResult()
    answer.StatusCode = status_code(status)
    return answer
