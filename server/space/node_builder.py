"""The node builder: add nodes to the address space, and remove all nodes of an asset."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from asyncua import ua

from heatpump_twin.server.nodeset.type_ids import TypeIds
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.asset_nodes import NodesByAsset, reference_to
from heatpump_twin.server.space.node import (
    Attribute,
    Constant,
    LeanNode,
    NodeAttributes,
    ReadValue,
    Shape,
)
from heatpump_twin.server.space.shapes import Shapes, VariableKind
from heatpump_twin.server.space.ua_values import (
    engineering_unit,
    instance_name,
    node_id_of,
    standard,
    text,
    timed_value,
    value_range,
    variant_of,
    variant_type,
)

__all__ = [
    "NOTIFIER",
    "Namespaces",
    "NodeBuilder",
    "NodePlace",
    "engineering_unit",
    "standard",
    "text",
    "value_range",
]

NOTIFIER = sum(
    bit.mask
    for bit in (
        ua.EventNotifier.SubscribeToEvents,
        ua.EventNotifier.HistoryRead,
        ua.EventNotifier.HistoryWrite,
    )
)
"""EventNotifier of a node whose events can be subscribed to, read later, and corrected."""
ReferenceTypeId: TypeAlias = int | ua.NodeId
"""A reference type: the number of a standard one, or the NodeId of any."""


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Indices of the namespaces in the NamespaceArray of this run."""

    di: int
    machinery: int
    types: int
    site: int
    site_uri: str
    """The one of them that each installation has for itself."""


@dataclass(frozen=True, slots=True)
class NodePlace:
    """The place of a node: its parent and the reference from the parent."""

    parent: ua.NodeId
    reference: ReferenceTypeId = ua.ObjectIds.HasComponent


class NodeBuilder:
    """The builder of nodes of the site namespace, whose NodeIds are readable strings.

    A NodeId begins with the asset that the node belongs to: ``hp1``, ``hp1.supply_temperature``.

    Parameters
    ----------
    time
        Source and server time of values that never change.
    """

    def __init__(
        self,
        aspace: TwinAddressSpace,
        namespaces: Namespaces,
        types: TypeIds,
        time: dt.datetime,
    ) -> None:
        self.aspace = aspace
        self.namespaces = namespaces
        self._types = types
        self.shapes = Shapes(time)
        self._standard: dict[int, ua.NodeId] = {}
        self._assets = NodesByAsset(namespaces.site)

    def node_id(self, name: str) -> ua.NodeId:
        """Return the NodeId of an instance: ``hp1.supply_temperature``."""
        return node_id_of(name, self.namespaces.site)

    def type_id(self, symbol: str) -> ua.NodeId:
        """Return the NodeId of a type of ours: ``HeatPumpType``."""
        return node_id_of(self._types[symbol], self.namespaces.types)

    # ── nodes ─────────────────────────────────────────────────────────────────────────────────────
    def object(
        self,
        name: str,
        browse_name: ua.QualifiedName,
        type_id: ua.NodeId,
        place: NodePlace,
        *,
        title: str = "",
        description: str = "",
        notifier: bool = False,
        children: Callable[[], Iterable[ua.ReferenceDescription]] | None = None,
    ) -> ua.NodeId:
        """Add an object; a ``notifier`` can be subscribed to for events, and asked for past ones.

        ``children`` computes references to nodes that are computed themselves.
        """
        events = NOTIFIER if notifier else 0
        shape = self.shapes.object(browse_name, title or browse_name.Name, description, events)
        return self._add(name, type_id, place, shape, None, children)

    def variable(
        self,
        name: str,
        browse_name: ua.QualifiedName,
        type_id: ua.NodeId,
        place: NodePlace,
        data_type: ua.NodeId,
        value: Any = None,
        *,
        array: bool = False,
        title: str = "",
        description: str = "",
        readable: bool = True,
        historized: bool = False,
        corrected: bool = False,
        writable: bool = False,
        sampling: float = 0.0,
    ) -> ua.NodeId:
        """Add a variable; ``sampling`` is its fastest sampling interval. [s]

        Whether somebody may write a ``writable`` one depends on who it is (`AttributeService`).
        """
        # Null stands for a value that is not there yet.
        kind = None if value is None else variant_type(data_type)
        shape = self.shapes.variable(
            browse_name,
            title or browse_name.Name,
            description,
            VariableKind(data_type, array, readable, historized, corrected, writable, sampling),
        )
        return self._add(name, type_id, place, shape, self.shapes.value(value, kind, array=array))

    def property(
        self,
        owner: ua.NodeId,
        browse_name: ua.QualifiedName,
        data_type: int | ua.NodeId,
        value: Any = None,
        *,
        array: bool = False,
        description: str = "",
    ) -> ua.NodeId:
        """Add a property to a node; its NodeId is the owner's with the name behind a dot."""
        return self.variable(
            f"{instance_name(owner)}.{browse_name.Name}",
            browse_name,
            self._type(ua.ObjectIds.PropertyType),
            NodePlace(owner, ua.ObjectIds.HasProperty),
            self._type(data_type),
            value,
            array=array,
            description=description,
        )

    def method(
        self,
        name: str,
        browse_name: ua.QualifiedName,
        place: NodePlace,
        inputs: Sequence[ua.Argument],
        outputs: Sequence[ua.Argument],
        *,
        description: str = "",
    ) -> ua.NodeId:
        """Add a method with its argument descriptions."""
        shape = self.shapes.method(browse_name, browse_name.Name, description)
        node = self._add(name, ua.NodeId(), place, shape, None)
        for title, arguments in (("InputArguments", inputs), ("OutputArguments", outputs)):
            if arguments:
                self.property(
                    node,
                    ua.QualifiedName(title),
                    ua.ObjectIds.Argument,
                    list(arguments),
                    array=True,
                )
        return node

    def reference(
        self,
        source: ua.NodeId,
        reference: ReferenceTypeId,
        target: ua.NodeId,
        *,
        inverse: bool = True,
    ) -> None:
        """Add a reference and its inverse."""
        kind = self._type(reference)
        start = self._node(source, ua.StatusCodes.BadSourceNodeIdInvalid)
        end = self._node(target, ua.StatusCodes.BadTargetNodeIdInvalid)
        start.link(self._assets.link(kind, end, forward=True))
        self._assets.note_reference(start, end)
        if inverse:
            end.link(self._assets.link(kind, start, forward=False))
            self._assets.note_reference(end, start)

    def set_value(self, node: ua.NodeId, value: ua.DataValue) -> None:
        """Set the first value of a variable with status and times; no listener is called."""
        self.aspace.replace_value(node, Attribute(value))

    async def change_value(self, node: ua.NodeId, value: Any, now: dt.datetime) -> None:
        """Write a value of the same type to a variable; its listeners are called."""
        stored = self.aspace.read_attribute_value(node, ua.AttributeIds.Value).Value
        kind = stored.VariantType if stored else None
        variant = variant_of(value, kind, array=isinstance(value, list | tuple))
        news = timed_value(variant, ua.StatusCode(), now, now)
        await self.aspace.write_attribute_value(node, ua.AttributeIds.Value, news)

    def computed(self, node: ua.NodeId, read: ReadValue) -> None:
        """Set the function that computes the value of a variable when it is read."""
        self.aspace.set_attribute_value_callback(node, ua.AttributeIds.Value, read).check()

    def names_of(self, asset: str) -> list[str]:
        """Return the NodeIds of an asset's nodes as texts."""
        return [str(node.Identifier) for node in self._assets.nodes(asset)]

    async def remove(self, asset: str) -> Sequence[ua.NodeId]:
        """Remove all nodes of an asset and the references to them; return their NodeIds."""
        gone = self._assets.pop(asset)
        nodes = frozenset(gone.nodes)
        # References first: nobody may find one to a node that is not there any more.
        for referrer in gone.referrers:
            node = self.aspace.get(referrer)
            if node is not None:
                node.unlink(nodes)
        await self.aspace.remove([self.aspace[node_id] for node_id in gone.nodes])
        return gone.nodes

    # ── parts ─────────────────────────────────────────────────────────────────────────────────────
    def node(self, node_id: ua.NodeId) -> LeanNode:
        """Return a node that exists."""
        return self.aspace[node_id]

    def type_reference(self, type_id: ua.NodeId) -> ua.ReferenceDescription:
        """Return the reference from an instance to its type."""
        type_node = self._node(type_id, ua.StatusCodes.BadTypeDefinitionInvalid)
        return self._assets.link(
            self._type(ua.ObjectIds.HasTypeDefinition), type_node, forward=True
        )

    # ── how ───────────────────────────────────────────────────────────────────────────────────────
    def _add(
        self,
        name: str,
        type_id: ua.NodeId,
        place: NodePlace,
        shape: Shape,
        value: Constant | None,
        children: Callable[[], Iterable[ua.ReferenceDescription]] | None = None,
    ) -> ua.NodeId:
        # Not by the library's AddNodes, which makes an object for every attribute (ADR 7).
        node_id = self.node_id(name)
        if node_id in self.aspace:
            raise _error(ua.StatusCodes.BadNodeIdExists, node_id)
        parent = self._node(place.parent, ua.StatusCodes.BadParentNodeIdInvalid)
        kind = self._type(place.reference)
        references = [self._assets.link(kind, parent, forward=False)]
        if not type_id.is_null():
            references.append(self.type_reference(type_id))
        node = LeanNode(node_id, NodeAttributes(node_id, shape, value), references, children)
        if kind == self._type(ua.ObjectIds.HasProperty):
            _check_unique(parent, kind, node.attribute(ua.AttributeIds.BrowseName))
        self.aspace[node_id] = node
        self._assets.note_node(node)
        # Without a search for duplicates: the node is new, and folders have many children.
        parent.add_reference(reference_to(node, kind, forward=True))
        self._assets.note_reference(parent, node)
        return node_id

    def _node(self, node_id: ua.NodeId, otherwise: int) -> LeanNode:
        node = self.aspace.get(node_id)
        if node is None:
            raise _error(otherwise, node_id)
        return node

    def _type(self, type_id: int | ua.NodeId) -> ua.NodeId:
        if isinstance(type_id, ua.NodeId):
            return type_id
        known = self._standard.get(type_id)
        if known is None:
            known = self._standard[type_id] = standard(type_id)
        return known


def _check_unique(parent: LeanNode, has_property: ua.NodeId, name: ua.QualifiedName) -> None:
    """Refuse a second property of the same name (OPC 10000-3, 4.5.2)."""
    for known in parent.references:
        if known.ReferenceTypeId == has_property and known.IsForward and known.BrowseName == name:
            raise _error(ua.StatusCodes.BadBrowseNameDuplicated, parent.nodeid)


def _error(code: int, node_id: ua.NodeId) -> ua.UaStatusCodeError:
    error = ua.UaStatusCodeError(code)
    # The status alone does not tell which of some thousand nodes it is.
    error.add_note(f"at {node_id.to_string()}")
    return error
