"""The HistoryRead service for raw samples (OPC 10000-4, 5.11.3 and OPC 10000-11, 6.5.3)."""

from __future__ import annotations

import secrets
from typing import Protocol

import structlog
from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.address_space import AddressSpace

from heatpump_twin.config.catalogue import Point, PointTable
from heatpump_twin.server import limits
from heatpump_twin.server.history.history_encoding import encoded
from heatpump_twin.server.history.history_query import Query
from heatpump_twin.server.space.ua_values import status_code
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.history import HistoryReader

log = structlog.stdlib.get_logger(__name__)


class Reader(Protocol):
    """The session of a request, which keeps the continuation points of its client."""

    history_points: dict[bytes, tuple[Point, Query]]


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
        details = params.HistoryReadDetails
        if not isinstance(details, ua.ReadRawModifiedDetails) or details.IsReadModified:
            # Per node and no ServiceFault: a client library ends its process on one.
            unsupported = ua.StatusCodes.BadHistoryOperationUnsupported
            return [_result(unsupported) for _ in params.NodesToRead]
        wanted = params.TimestampsToReturn
        # Neither is not allowed here: samples without a time would be worth nothing.
        if wanted not in (
            ua.TimestampsToReturn.Source,
            ua.TimestampsToReturn.Server,
            ua.TimestampsToReturn.Both,
        ):
            raise ServiceError(ua.StatusCodes.BadTimestampsToReturnInvalid)
        return [await self._read(session, node, details, wanted) for node in params.NodesToRead]

    async def _read(
        self,
        session: Reader,
        node: ua.HistoryReadValueId,
        details: ua.ReadRawModifiedDetails,
        wanted: ua.TimestampsToReturn,
    ) -> ua.HistoryReadResult:
        if node.ContinuationPoint:
            # A continuation point is good once, and for the node that it was given for.
            kept = session.history_points.pop(bytes(node.ContinuationPoint), None)
            if kept is None or self._point(node.NodeId) is not kept[0]:
                return _result(ua.StatusCodes.BadContinuationPointInvalid)
            point, query = kept
        else:
            found = self._point(node.NodeId)
            if found is None:
                known = node.NodeId in self._aspace
                return _result(
                    ua.StatusCodes.BadHistoryOperationUnsupported
                    if known
                    else ua.StatusCodes.BadNodeIdUnknown
                )
            if node.IndexRange:
                return _result(ua.StatusCodes.BadIndexRangeNoData)
            parsed = Query.parse(found.key, details, limits.MAX_HISTORY_VALUES)
            if parsed is None:
                return _result(ua.StatusCodes.BadHistoryOperationInvalid)
            point, query = found, parsed
        try:
            samples, rest = await query.read(self._history)
        # The trouble of one node's storage must not take the other nodes of the request along.
        except EngineError as error:
            log.error("history not read", key=point.key, error=str(error))
            return _result(ua.StatusCodes.BadResourceUnavailable)
        answer = _result(ua.StatusCodes.Good if len(samples) else ua.StatusCodes.GoodNoData)
        answer.HistoryData = encoded(samples, point.spec.kind, wanted)
        if rest is not None:
            answer.ContinuationPoint = self._keep(session, point, rest)
        return answer

    def _point(self, node: ua.NodeId) -> Point | None:
        if node.NamespaceIndex != self._namespace or not isinstance(node.Identifier, str):
            return None
        return self._table.by_key.get(node.Identifier) if node in self._aspace else None

    def _keep(self, session: Reader, point: Point, rest: Query) -> bytes:
        # A client that forgets its points must still be served: the oldest give way (7.9).
        while len(session.history_points) >= limits.MAX_HISTORY_CONTINUATION_POINTS:
            del session.history_points[next(iter(session.history_points))]
        # Random, so that a forgotten one cannot be mistaken for a later one.
        name = secrets.token_bytes(16)
        session.history_points[name] = (point, rest)
        return name

    def _release(self, session: Reader, node: ua.HistoryReadValueId) -> ua.HistoryReadResult:
        kept = session.history_points.pop(bytes(node.ContinuationPoint or b""), None)
        return _result(
            ua.StatusCodes.BadContinuationPointInvalid if kept is None else ua.StatusCodes.Good
        )


def _result(status: int) -> ua.HistoryReadResult:
    answer = ua.HistoryReadResult()
    answer.StatusCode = status_code(status)
    return answer
