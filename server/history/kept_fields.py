"""The fields of events that are kept, as clients are told (OPC 10000-11, 5.3.2)."""

from __future__ import annotations

from collections.abc import Iterator

from asyncua import ua

from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.ua_values import content
from heatpump_twin.server.subscription.filters.event_fields import CONDITION, EventFields

_DEEPEST = 2
"""Names of a path: the Id of a state, the TransitionTime of one."""


def kept_fields(aspace: TwinAddressSpace) -> ua.EventFilter:
    """Return a filter that selects all fields of all events that are kept, without a condition.

    Structures and arrays are not kept (`EventCodec.keeps`).
    """
    fields = EventFields(aspace)
    clauses = [_clause(CONDITION, [], ua.AttributeIds.NodeId)]
    for kind in fields.event_types():
        clauses += [
            _clause(kind, path, ua.AttributeIds.Value) for path in _paths(aspace, fields, kind)
        ]
    wanted = ua.EventFilter()
    wanted.SelectClauses = clauses
    return wanted


def _paths(
    aspace: TwinAddressSpace, fields: EventFields, node: ua.NodeId, depth: int = 1
) -> Iterator[list[ua.QualifiedName]]:
    """Yield the path of each field that a type, or a field of it, declares and that is kept."""
    for child in fields.declared(node):
        kind = content(aspace.read_attribute_value(child, ua.AttributeIds.NodeClass))
        if kind != ua.NodeClass.Variable:
            continue
        name = content(aspace.read_attribute_value(child, ua.AttributeIds.BrowseName))
        if _is_kept(aspace, fields, child):
            yield [name]
        if depth < _DEEPEST:
            for path in _paths(aspace, fields, child, depth + 1):
                yield [name, *path]


def _is_kept(aspace: TwinAddressSpace, fields: EventFields, node: ua.NodeId) -> bool:
    rank = content(aspace.read_attribute_value(node, ua.AttributeIds.ValueRank))
    kind = fields.built_in_type(
        content(aspace.read_attribute_value(node, ua.AttributeIds.DataType))
    )
    return rank == ua.ValueRank.Scalar and kind is not ua.VariantType.ExtensionObject


def _clause(
    kind: ua.NodeId, path: list[ua.QualifiedName], attribute: ua.AttributeIds
) -> ua.SimpleAttributeOperand:
    clause = ua.SimpleAttributeOperand()
    clause.TypeDefinitionId = kind
    clause.BrowsePath = path
    clause.AttributeId = attribute
    return clause
