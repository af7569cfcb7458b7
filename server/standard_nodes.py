"""The standard address space, cut down to what this server does, and filled where it must be.

The library brings nearly every node of OPC 10000-5 and of its annexes. What is not offered is taken
away: a client that finds a node may rely on it.
"""

from __future__ import annotations

from collections.abc import Iterable

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from heatpump_twin.server.node_builder import standard

IDS = ua.ObjectIds

NOT_OFFERED = tuple(
    standard(number)
    for number in (
        IDS.Aliases,
        IDS.Locations,
        IDS.Server_ServerConfiguration,
        IDS.PublishSubscribe,
        IDS.Resources,
        IDS.ServerLog,
        IDS.DefaultHAConfiguration,
        IDS.DefaultHEConfiguration,
        IDS.Server_UrisVersion,
        IDS.Server_EstimatedReturnTime,
        IDS.Server_LocalTime,
        IDS.Server_SetSubscriptionDurable,
        IDS.Server_RequestServerStateChange,
        IDS.Server_ServerCapabilities_RoleSet,
        IDS.Server_ServerCapabilities_MaxSubscriptions,
        IDS.Server_ServerCapabilities_MaxMonitoredItems,
        IDS.Server_ServerCapabilities_MaxSelectClauseParameters,
        IDS.Server_ServerCapabilities_MaxWhereClauseParameters,
        IDS.Server_ServerCapabilities_ConformanceUnits,
    )
)
"""Nodes that go, with all that is theirs alone."""

ABSTRACT_VARIABLE_TYPES = frozenset(
    standard(number)
    for number in (
        IDS.BaseVariableType, IDS.ServerVendorCapabilityType, IDS.VectorType,
        IDS.CartesianCoordinatesType, IDS.OrientationType, IDS.FrameType, IDS.BitFieldType,
        IDS.DiscreteItemType, IDS.ArrayItemType,
    )
)  # fmt: skip
"""Those of OPC 10000-5 and -8; the library calls every VariableType abstract."""

_OWNING = frozenset(map(standard, (IDS.HasComponent, IDS.HasProperty, IDS.HasOrderedComponent)))


def prune(aspace: AddressSpace) -> None:
    """Take away what is not offered, and say of VariableTypes whether they are abstract."""
    doomed = _with_parts(aspace, (node for node in NOT_OFFERED if node in aspace))
    for node in doomed:
        for reference in aspace[node].references:
            neighbour = aspace.get(reference.NodeId)
            if neighbour is not None and reference.NodeId not in doomed:
                neighbour.references[:] = [r for r in neighbour.references if r.NodeId != node]
    for node in doomed:
        del aspace[node]
    for node in list(aspace.keys()):
        attributes = aspace[node].attributes
        kind = attributes[ua.AttributeIds.NodeClass].value.Value.Value
        if node.NamespaceIndex == 0 and kind == ua.NodeClass.VariableType:
            attributes[ua.AttributeIds.IsAbstract].value = ua.DataValue(
                ua.Variant(node in ABSTRACT_VARIABLE_TYPES, ua.VariantType.Boolean)
            )


def _with_parts(aspace: AddressSpace, roots: Iterable[ua.NodeId]) -> set[ua.NodeId]:
    found = set(roots)
    waiting = list(found)
    while waiting:
        for reference in aspace[waiting.pop()].references:
            part = reference.NodeId
            if reference.IsForward and reference.ReferenceTypeId in _OWNING and part not in found:
                found.add(part)
                waiting.append(part)
    return found
