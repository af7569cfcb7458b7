"""The standard nodes: remove what is not offered, and fill mandatory variables.

The library brings nearly every node of OPC 10000-5 and of its annexes. What is not offered is taken
away: a client that finds a node may rely on it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from heatpump_twin.server.space.ua_values import content, standard, status_code, timed_value

IDS = ua.ObjectIds

NOT_OFFERED = tuple(
    standard(number)
    for number in (
        # Each is a service, or a promise of one, that a client would try: better no node than one
        # that does nothing.
        IDS.Aliases,
        IDS.Locations,
        IDS.ServerConfiguration,
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
"""Nodes that are removed, with their components and properties."""

ABSTRACT_VARIABLE_TYPES = frozenset(
    standard(number)
    for number in (
        IDS.BaseVariableType, IDS.ServerVendorCapabilityType, IDS.VectorType,
        IDS.CartesianCoordinatesType, IDS.OrientationType, IDS.FrameType, IDS.BitFieldType,
        IDS.DiscreteItemType, IDS.ArrayItemType,
    )
)  # fmt: skip
"""Those of OPC 10000-5 and -8; the library calls every VariableType abstract."""

_EMPTY = {
    "StaticStringNodeIdPattern": ua.Variant("", ua.VariantType.String),
    "StaticNumericNodeIdRange": ua.Variant([], ua.VariantType.String, is_array=True),
    "StaticNodeIdTypes": ua.Variant([], ua.VariantType.Int32, is_array=True),
}
"""Values of NamespaceMetadata properties for which a nodeset has none."""

_OF_THE_IMPORT = tuple(
    standard(number)
    for number in (
        IDS.Server_ServerStatus,
        IDS.Server_ServerStatus_BuildInfo,
        IDS.Server_ServerStatus_BuildInfo_BuildDate,
    )
)
"""Variables of which the server that imports has written its own moment; ours writes them anew."""

_OWNING = frozenset(map(standard, (IDS.HasComponent, IDS.HasProperty, IDS.HasOrderedComponent)))


def prune(aspace: AddressSpace) -> None:
    """Remove the nodes that are not offered, and set IsAbstract of the VariableTypes."""
    doomed = _with_parts(aspace, (node for node in NOT_OFFERED if node in aspace))
    # In two passes: a doomed node is still needed to find its neighbours.
    for node in doomed:
        for reference in aspace[node].references:
            neighbour = aspace.get(reference.NodeId)
            if neighbour is not None and reference.NodeId not in doomed:
                neighbour.references[:] = [r for r in neighbour.references if r.NodeId != node]
    for node in doomed:
        del aspace[node]
    for node in list(aspace.keys()):
        attributes = aspace[node].attributes
        kind = content(attributes[ua.AttributeIds.NodeClass].value)
        if node.NamespaceIndex == 0 and kind == ua.NodeClass.VariableType:
            # No variable may be of an abstract type: strict clients would reject ours.
            attributes[ua.AttributeIds.IsAbstract].value = ua.DataValue(
                ua.Variant(node in ABSTRACT_VARIABLE_TYPES, ua.VariantType.Boolean)
            )


def fill(aspace: AddressSpace) -> None:
    """Set mandatory variables of the Server object that asyncua leaves empty.

    Diagnostics are not collected: then their values cannot be read (OPC 10000-5, 6.3.3).
    """
    for number, value in (
        (IDS.Server_Auditing, ua.Variant(False, ua.VariantType.Boolean)),
        (
            IDS.Server_ServerCapabilities_SoftwareCertificates,
            ua.Variant([], ua.VariantType.ExtensionObject, is_array=True),
        ),
        (
            IDS.Server_ServerRedundancy_RedundancySupport,
            ua.Variant(ua.RedundancySupport.None_, ua.VariantType.Int32),
        ),
    ):
        _set(aspace, standard(number), ua.DataValue(value))
    not_readable = ua.DataValue(StatusCode=status_code(ua.StatusCodes.BadNotReadable))
    for node in _with_parts(aspace, [standard(IDS.Server_ServerDiagnostics)]):
        is_variable = ua.AttributeIds.Value in aspace[node].attributes
        # The flag stays readable: it is what says that nothing is counted.
        if is_variable and node != standard(IDS.Server_ServerDiagnostics_EnabledFlag):
            _set(aspace, node, not_readable)
    for metadata in _children(aspace, standard(IDS.Server_Namespaces)).values():
        properties = _children(aspace, metadata)
        for name, empty in _EMPTY.items():
            if name in properties:
                attribute = aspace[properties[name]].attributes[ua.AttributeIds.Value]
                if content(attribute.value) is None:
                    attribute.value = ua.DataValue(empty)


def date(aspace: AddressSpace, published: dt.datetime) -> None:
    """Set the timestamps of values to the model's publication, instead of its import."""
    for node in _OF_THE_IMPORT:
        # Empty, or every import would make another block, and `make check` could not compare.
        _set(aspace, node, ua.DataValue())
    for node in list(aspace.keys()):
        attribute = aspace[node].attributes.get(ua.AttributeIds.Value)
        held = None if attribute is None else attribute.value
        if attribute is not None and held is not None and held.SourceTimestamp is not None:
            variant, status = held.Value or ua.Variant(), held.StatusCode or ua.StatusCode()
            attribute.value = timed_value(variant, status, published, published)


def _set(aspace: AddressSpace, node: ua.NodeId, value: ua.DataValue) -> None:
    aspace[node].attributes[ua.AttributeIds.Value].value = value


def _children(aspace: AddressSpace, node: ua.NodeId) -> dict[str, ua.NodeId]:
    return {
        r.BrowseName.Name: r.NodeId
        for r in aspace[node].references
        if r.IsForward and r.ReferenceTypeId in _OWNING
    }


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
