"""HistoryRead of events, as a client asks for them."""

from __future__ import annotations

from collections.abc import Sequence

from asyncua import Client, ua
from processed_history import NOT_GIVEN

from heatpump_twin.server.space.point_values import to_datetime

IDS = ua.ObjectIds
SECOND = 1_000_000
T0 = 1_500_000_000 * SECOND
"""Long before the tests: they record log-ins of now."""
Fields = Sequence[object]


def event_filter(fields: Sequence[str], where: ua.ContentFilter | None = None) -> ua.EventFilter:
    wanted = ua.EventFilter()
    for name in fields:
        operand = ua.SimpleAttributeOperand()
        operand.TypeDefinitionId = ua.NodeId(IDS.BaseEventType)
        operand.BrowsePath = [ua.QualifiedName(step) for step in name.split("/")]
        operand.AttributeId = ua.AttributeIds.Value
        wanted.SelectClauses.append(operand)
    if where is not None:
        wanted.WhereClause = where
    return wanted


def of_type(number: int) -> ua.ContentFilter:
    element = ua.ContentFilterElement()
    element.FilterOperator = ua.FilterOperator.OfType
    element.FilterOperands = [ua.LiteralOperand(ua.Variant(ua.NodeId(number)))]
    where = ua.ContentFilter()
    where.Elements = [element]
    return where


async def ask(
    client: Client, start: int | None = 0, end: int | None = 5, count: int = 0, *,
    wanted: ua.EventFilter | None = None, node: ua.NodeId | None = None,
    point: bytes | None = None, times: ua.TimestampsToReturn = ua.TimestampsToReturn.Neither,
) -> ua.HistoryReadResult:  # fmt: skip
    details = ua.ReadEventDetails()
    details.StartTime = NOT_GIVEN if start is None else to_datetime(T0 + start * SECOND)
    details.EndTime = NOT_GIVEN if end is None else to_datetime(T0 + end * SECOND)
    details.NumValuesPerNode = count
    details.Filter = event_filter(("Message",)) if wanted is None else wanted
    request = ua.HistoryReadParameters()
    request.HistoryReadDetails, request.TimestampsToReturn = details, times
    request.ReleaseContinuationPoints = False
    asked = ua.HistoryReadValueId()
    asked.NodeId, asked.ContinuationPoint = node or ua.NodeId(IDS.Server), point
    request.NodesToRead = [asked]
    (answer,) = await client.uaclient.history_read(request)
    return answer


def rows(answer: ua.HistoryReadResult) -> list[Fields]:
    assert answer.StatusCode.is_good(), answer
    return [[field.Value for field in event.EventFields] for event in answer.HistoryData.Events]


def messages(answer: ua.HistoryReadResult) -> list[str]:
    return [row[0].Text.split(":")[0] for row in rows(answer)]
