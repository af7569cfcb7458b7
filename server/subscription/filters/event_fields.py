"""Fields of events that filters name: whether there are such types and such fields."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from asyncua import ua

from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.event import Path
from heatpump_twin.server.space.index_range import parsed
from heatpump_twin.server.space.ua_values import standard, variant_type

BASE = standard(ua.ObjectIds.BaseEventType)
CONDITION = standard(ua.ObjectIds.ConditionType)
ENUMERATION = standard(ua.ObjectIds.Enumeration)
HAS_SUBTYPE = standard(ua.ObjectIds.HasSubtype)
PARTS = (standard(ua.ObjectIds.HasComponent), standard(ua.ObjectIds.HasProperty))


class EventFields:
    """The event types of the address space and their fields."""

    def __init__(self, aspace: TwinAddressSpace) -> None:
        self._aspace = aspace

    def problem(self, operand: ua.SimpleAttributeOperand) -> int:
        """Return why an operand names no field of an event; 0: it names one (7.22.3)."""
        kind = operand.TypeDefinitionId
        if not kind.is_null() and not self.is_event_type(kind):
            return int(ua.StatusCodes.BadTypeDefinitionInvalid)
        if operand.IndexRange and parsed(operand.IndexRange) is None:
            return int(ua.StatusCodes.BadIndexRangeInvalid)
        path = tuple(name.Name or "" for name in operand.BrowsePath or ())
        if not path:
            # The ConditionId: no path, and the NodeId attribute (OPC 10000-9, 5.5.2).
            known = operand.AttributeId == ua.AttributeIds.NodeId
            return 0 if known else int(ua.StatusCodes.BadAttributeIdInvalid)
        if operand.AttributeId != ua.AttributeIds.Value:
            return int(ua.StatusCodes.BadAttributeIdInvalid)
        return 0 if self._exists(path) else int(ua.StatusCodes.BadNodeIdUnknown)

    def is_event_type(self, node: ua.NodeId) -> bool:
        """Tell whether a node is BaseEventType or a subtype of it."""
        return self.is_type(node, BASE)

    def event_types(self) -> Iterator[ua.NodeId]:
        """Yield BaseEventType and all subtypes of it."""
        yield from self._subtypes(BASE)

    def declared(self, node: ua.NodeId) -> list[ua.NodeId]:
        """Return the fields that a type, or a field, declares itself."""
        return [child for nodes in self._children(node).values() for child in nodes]

    def is_type(self, node: ua.NodeId, wanted: ua.NodeId) -> bool:
        """Tell whether a type is another one or a subtype of it."""
        # Upwards, as a type has one supertype but any number of subtypes.
        return any(kind == wanted for kind in self._upwards(node))

    def declaration(self, kind: ua.NodeId, path: Path) -> ua.NodeId | None:
        """Return the node that declares a field of an event type, or of one that it is derived of.

        None: such events have no such field.
        """
        for supertype in self._upwards(kind):
            nodes: list[ua.NodeId] = [supertype]
            for name in path:
                nodes = [child for node in nodes for child in self._children(node).get(name, ())]
            if nodes:
                return nodes[0]
        return None

    def built_in_type(self, data_type: ua.NodeId) -> ua.VariantType | None:
        """Return the built-in type in which values of a data type are encoded; None: in several."""
        for supertype in self._upwards(data_type):
            if supertype == ENUMERATION:
                return ua.VariantType.Int32
            if (kind := variant_type(supertype)) is not None:
                # Any value may stand for one of BaseDataType.
                return None if kind is ua.VariantType.Variant else kind
        return None

    def _upwards(self, node: ua.NodeId) -> Iterator[ua.NodeId]:
        current: ua.NodeId | None = node
        while current is not None:
            yield current
            current = next(self._related(current, HAS_SUBTYPE, forward=False), None)

    def _exists(self, path: Path) -> bool:
        """Tell whether any event type has a field; clients are careless about which."""
        nodes = self._first.get(path[0], [])
        for name in path[1:]:
            nodes = [child for node in nodes for child in self._children(node).get(name, ())]
        return bool(nodes)

    @cached_property
    def _first(self) -> dict[str, list[ua.NodeId]]:
        """Fields of all event types by name: types do not change while a server runs."""
        found: dict[str, list[ua.NodeId]] = {}
        for kind in self.event_types():
            for name, nodes in self._children(kind).items():
                found.setdefault(name, []).extend(nodes)
        return found

    def _children(self, node: ua.NodeId) -> dict[str, list[ua.NodeId]]:
        """Return what a node has, by name alone: no two fields differ only by their namespace."""
        data = self._aspace.get(node)
        found: dict[str, list[ua.NodeId]] = {}
        for reference in data.references if data else ():
            if reference.IsForward and reference.ReferenceTypeId in PARTS:
                found.setdefault(reference.BrowseName.Name, []).append(reference.NodeId)
        return found

    def _subtypes(self, node: ua.NodeId) -> Iterator[ua.NodeId]:
        yield node
        for subtype in self._related(node, HAS_SUBTYPE, forward=True):
            yield from self._subtypes(subtype)

    def _related(self, node: ua.NodeId, kind: ua.NodeId, *, forward: bool) -> Iterator[ua.NodeId]:
        data = self._aspace.get(node)
        for reference in data.references if data else ():
            if reference.ReferenceTypeId == kind and reference.IsForward is forward:
                yield reference.NodeId
