"""The HistoryRead service: raw, processed, at times (OPC 10000-4, 5.11.3; OPC 10000-11, 6.5)."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Protocol

import structlog
from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.address_space import AddressSpace

from heatpump_twin.config.catalogue import Point, PointTable
from heatpump_twin.server import limits
from heatpump_twin.server.history.history_encoding import encoded
from heatpump_twin.server.history.history_query import HistoryQuery
from heatpump_twin.server.history.processed_query import at_time, processed
from heatpump_twin.server.history.raw_query import RawQuery
from heatpump_twin.server.space.ua_values import status_code
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.history import HistoryReader

CODES = ua.StatusCodes
log = structlog.stdlib.get_logger(__name__)


class Reader(Protocol):
    """The session of a request, which keeps the continuation points of its client."""

    history_points: dict[bytes, tuple[Point, HistoryQuery]]


class HistoryService:
    """The HistoryRead service over the recorded samples of points."""

    def __init__(
        self, aspace: AddressSpace, table: PointTable, history: HistoryReader, namespace: int
    ) -> None:
        self._aspace = aspace
        self._table = table
        self._history = history
        self._namespace = namespace

    async def read(
        self, session: Reader, params: ua.HistoryReadParameters
    ) -> list[ua.HistoryReadResult]:
        """Read the history of nodes; return a result for each, in the order of the request."""
        if params.ReleaseContinuationPoints:
            return [self._release(session, node) for node in params.NodesToRead]
        wanted = params.TimestampsToReturn
        # Neither is not allowed here: samples without a time would be worth nothing.
        if wanted not in (
            ua.TimestampsToReturn.Source,
            ua.TimestampsToReturn.Server,
            ua.TimestampsToReturn.Both,
        ):
            raise ServiceError(CODES.BadTimestampsToReturnInvalid)
        read = partial(self._read, session, details=params.HistoryReadDetails, wanted=wanted)
        return [await read(node) for node in params.NodesToRead]

    async def _read(
        self,
        session: Reader,
        node: ua.HistoryReadValueId,
        *,
        details: object,
        wanted: ua.TimestampsToReturn,
    ) -> ua.HistoryReadResult:
        found = self._resumed(session, node) if node.ContinuationPoint else self._new(node, details)
        # Per node and no ServiceFault: a client library ends its process on one.
        if isinstance(found, int):
            return _result(found)
        point, query = found
        try:
            samples, rest = await query.read(self._history)
        # The trouble of one node's storage must not take the other nodes of the request along.
        except EngineError as error:
            log.error("history not read", key=point.key, error=str(error))
            return _result(CODES.BadResourceUnavailable)
        answer = _result(CODES.Good if len(samples) else CODES.GoodNoData)
        answer.HistoryData = encoded(samples, query.wire_type(point), wanted)
        if rest is not None:
            answer.ContinuationPoint = self._keep(session, point, rest)
        return answer

    def _resumed(
        self, session: Reader, node: ua.HistoryReadValueId
    ) -> tuple[Point, HistoryQuery] | int:
        # A continuation point is good once, and for the node that it was given for.
        kept = session.history_points.pop(bytes(node.ContinuationPoint), None)
        if kept is None or self._point(node.NodeId) is not kept[0]:
            return int(CODES.BadContinuationPointInvalid)
        return kept

    def _new(
        self, node: ua.HistoryReadValueId, details: object
    ) -> tuple[Point, HistoryQuery] | int:
        point = self._point(node.NodeId)
        if point is None:
            known = node.NodeId in self._aspace
            return int(CODES.BadHistoryOperationUnsupported if known else CODES.BadNodeIdUnknown)
        if node.IndexRange:
            return int(CODES.BadIndexRangeNoData)
        query = _query(point, details)
        return query if isinstance(query, int) else (point, query)

    def _point(self, node: ua.NodeId) -> Point | None:
        if node.NamespaceIndex != self._namespace or not isinstance(node.Identifier, str):
            return None
        return self._table.by_key.get(node.Identifier) if node in self._aspace else None

    def _keep(self, session: Reader, point: Point, rest: HistoryQuery) -> bytes:
        # A client that forgets its points must still be served: the oldest give way (7.9).
        while len(session.history_points) >= limits.MAX_HISTORY_CONTINUATION_POINTS:
            del session.history_points[next(iter(session.history_points))]
        # Random, so that a forgotten one cannot be mistaken for a later one.
        name = secrets.token_bytes(16)
        session.history_points[name] = (point, rest)
        return name

    def _release(self, session: Reader, node: ua.HistoryReadValueId) -> ua.HistoryReadResult:
        kept = session.history_points.pop(bytes(node.ContinuationPoint or b""), None)
        return _result(CODES.BadContinuationPointInvalid if kept is None else CODES.Good)


def _query(point: Point, details: object) -> HistoryQuery | int:
    """Return what a request asks of a point, or why it is refused."""
    match details:
        case ua.ReadProcessedDetails():
            return processed(point, details)
        case ua.ReadAtTimeDetails():
            return at_time(point, details)
        case ua.ReadRawModifiedDetails(IsReadModified=False):
            raw = RawQuery.parse(point.key, details, limits.MAX_HISTORY_VALUES)
            return int(CODES.BadHistoryOperationInvalid) if raw is None else raw
    return int(CODES.BadHistoryOperationUnsupported)


def _result(status: int) -> ua.HistoryReadResult:
    answer = ua.HistoryReadResult()
    answer.StatusCode = status_code(status)
    return answer
