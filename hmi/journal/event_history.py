"""Read recorded events, the newest first, in bounded parts (OPC 10000-11, 6.5.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncua import Client, ua

from heatpump_twin.hmi.endpoint import standard_node

TYPES = "urn:heatpump-twin:types"
"""Namespace of the fields that only our types have."""


@dataclass(frozen=True, slots=True)
class Field:
    """Field of events: the type that declares it, and its path there."""

    type: int
    path: str
    own: bool = False
    """Whether it is of our types, and not of the standard."""

    def clause(self, namespace: int) -> ua.SimpleAttributeOperand:
        """Return the select clause."""
        index = namespace if self.own else 0
        return ua.SimpleAttributeOperand(
            TypeDefinitionId=standard_node(self.type),
            BrowsePath=[ua.QualifiedName(step, index) for step in self.path.split("/")],
            AttributeId=ua.AttributeIds.Value,
        )


@dataclass(frozen=True, slots=True)
class RecordedEvents:
    """Events of a range of time, the newest first: fields by name."""

    events: Sequence[dict[str, Any]]
    complete: bool
    """Whether these are all; else the oldest of the range are not among them."""


CONDITION_ID = ua.SimpleAttributeOperand(
    TypeDefinitionId=standard_node(ua.ObjectIds.ConditionType),
    AttributeId=ua.AttributeIds.NodeId,
)
"""The NodeId of the condition itself (OPC 10000-9, 5.5.2)."""


def clauses_of(
    fields: Sequence[Field], namespaces: Sequence[str]
) -> list[tuple[str, ua.SimpleAttributeOperand]]:
    """Return name and select clause of each field that a server can have."""
    own = namespaces.index(TYPES) if TYPES in namespaces else -1
    known = [field for field in fields if not field.own or own >= 0]
    return [(field.path, field.clause(own)) for field in known]


def of_types(*types: ua.NodeId) -> ua.ContentFilter:
    """Return the filter for events of any of some types."""
    wanted = [
        ua.ContentFilterElement(
            FilterOperator=ua.FilterOperator.OfType,
            FilterOperands=[ua.LiteralOperand(Value=ua.Variant(kind, ua.VariantType.NodeId))],
        )
        for kind in types
    ]
    # A tree from its root: each Or takes the element behind it, and the next Or or the last type.
    elements: list[ua.ContentFilterElement] = []
    for number, element in enumerate(wanted[:-1]):
        place = 2 * number
        elements += [
            ua.ContentFilterElement(
                FilterOperator=ua.FilterOperator.Or,
                FilterOperands=[
                    ua.ElementOperand(Index=ua.UInt32(place + 1)),
                    ua.ElementOperand(Index=ua.UInt32(place + 2)),
                ],
            ),
            element,
        ]
    return ua.ContentFilter(Elements=[*elements, wanted[-1]])


async def read_events(
    client: Client,
    clauses: Sequence[tuple[str, ua.SimpleAttributeOperand]],
    where: ua.ContentFilter,
    start: datetime,
    end: datetime,
    *,
    most: int,
) -> RecordedEvents:
    """Read the newest events of a range, ``most`` of them or a page more.

    Raises
    ------
    OSError, TimeoutError, ua.UaError
        They cannot be read now, or not by this person.
    """
    details = ua.ReadEventDetails(
        NumValuesPerNode=ua.UInt32(0),
        # Backwards: what is asked for first is what was last.
        StartTime=end,
        EndTime=start,
        Filter=ua.EventFilter(SelectClauses=[clause for _, clause in clauses], WhereClause=where),
    )
    names, found = [name for name, _ in clauses], list[dict[str, Any]]()
    point: bytes | None = None
    while True:
        result = await _request(client, details, point)
        result.StatusCode.check()
        point = result.ContinuationPoint or None
        found += [
            dict(zip(names, (field.Value for field in event.EventFields), strict=True))
            for event in getattr(result.HistoryData, "Events", None) or ()
        ]
        if point is None or len(found) >= most:
            break
        # Live values of all pages are in this loop: they get their turn after each part.
        await asyncio.sleep(0)
    if point is not None:
        # The server need not keep the place.
        await _request(client, details, point, release=True)
    return RecordedEvents(found, complete=point is None)


async def _request(
    client: Client, details: ua.ReadEventDetails, point: bytes | None, *, release: bool = False
) -> ua.HistoryReadResult:
    parameters = ua.HistoryReadParameters()
    parameters.HistoryReadDetails = details
    parameters.TimestampsToReturn = ua.TimestampsToReturn.Source
    parameters.ReleaseContinuationPoints = release
    node = standard_node(ua.ObjectIds.Server)
    parameters.NodesToRead = [ua.HistoryReadValueId(NodeId=node, ContinuationPoint=point)]
    (result,) = await client.uaclient.history_read(parameters)
    return result
