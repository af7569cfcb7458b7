"""Fields of events that filters name: whether there are such types and such fields."""

from __future__ import annotations

from collections.abc import Iterator

from asyncua import ua

from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.event import Path
from heatpump_twin.server.space.index_range import parsed
from heatpump_twin.server.space.ua_values import standard

BASE = standard(ua.ObjectIds.BaseEventType)
CONDITION = standard(ua.ObjectIds.ConditionType)
HAS_SUBTYPE = standard(ua.ObjectIds.HasSubtype)
REMEMBERED = 1_000
"""Paths whose existence is remembered: clients ask for the same ones."""


class EventFields:
    """The event types of the address space and their fields."""

    def __init__(self, aspace: TwinAddressSpace) -> None:
        self._aspace = aspace
        self._known: dict[Path, bool] = {}

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

    def is_type(self, node: ua.NodeId, wanted: ua.NodeId) -> bool:
        """Tell whether a type is another one or a subtype of it."""
        # Upwards, as a type has one supertype but any number of subtypes.
        return any(kind == wanted for kind in self._upwards(node))

    def _upwards(self, node: ua.NodeId) -> Iterator[ua.NodeId]:
        current: ua.NodeId | None = node
        while current is not None:
            yield current
            current = next(self._related(current, HAS_SUBTYPE, forward=False), None)

    def _exists(self, path: Path) -> bool:
        """Tell whether any event type has a field; clients are careless about which."""
        known = self._known.get(path)
        if known is None:
            known = any(self._has(kind, path) for kind in self._subtypes(BASE))
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[path] = known
        return known

    def _subtypes(self, node: ua.NodeId) -> Iterator[ua.NodeId]:
        yield node
        for subtype in self._related(node, HAS_SUBTYPE, forward=True):
            yield from self._subtypes(subtype)

    def _has(self, node: ua.NodeId, path: Path) -> bool:
        if not path:
            return True
        data = self._aspace.get(node)
        # By name alone: no two fields differ only by their namespace.
        return any(
            reference.IsForward
            and reference.BrowseName.Name == path[0]
            and reference.ReferenceTypeId != HAS_SUBTYPE
            and self._has(reference.NodeId, path[1:])
            for reference in (data.references if data else ())
        )

    def _related(self, node: ua.NodeId, kind: ua.NodeId, *, forward: bool) -> Iterator[ua.NodeId]:
        data = self._aspace.get(node)
        for reference in data.references if data else ():
            if reference.ReferenceTypeId == kind and reference.IsForward is forward:
                yield reference.NodeId
