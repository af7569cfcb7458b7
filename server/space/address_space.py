"""The address space: resident nodes, type nodes that are read on demand, computed nodes.

The library keeps its nodes in one dictionary and finds them by ``get``, ``[]`` and ``in``. `Nodes`
stands in its place. Whoever writes an attribute or listens to one goes through the methods of
`TwinAddressSpace`; each makes the attribute the node's own before the library touches it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import Any, Protocol, TypeVar, overload

from asyncua import ua
from asyncua.server import address_space as library

from heatpump_twin.server.space.node import (
    Attribute,
    Callback,
    ComputedNode,
    Constant,
    LeanNode,
    ReadValue,
)
from heatpump_twin.server.space.ua_values import status_code

T = TypeVar("T")

GONE = ua.DataValue(StatusCode=status_code(ua.StatusCodes.BadNodeIdUnknown))


class NodeSource(Protocol):
    """A source of nodes that are not resident: they are decoded or computed on demand."""

    def get(self, node_id: ua.NodeId) -> LeanNode | None:
        """Return a node, made for this call or kept from an earlier one."""
        ...

    def __contains__(self, node_id: ua.NodeId) -> bool: ...

    def __iter__(self) -> Iterator[ua.NodeId]: ...


class Nodes(MutableMapping[ua.NodeId, LeanNode]):
    """The mapping of all nodes by NodeId: resident ones and those of the sources."""

    def __init__(self) -> None:
        self._resident: dict[ua.NodeId, LeanNode] = {}
        self.sources: list[NodeSource] = []

    @overload
    def get(self, key: ua.NodeId, /) -> LeanNode | None: ...
    @overload
    def get(self, key: ua.NodeId, default: LeanNode, /) -> LeanNode: ...
    @overload
    def get(self, key: ua.NodeId, default: T, /) -> LeanNode | T: ...
    def get(self, key: ua.NodeId, default: object = None, /) -> object:
        """Return a node."""
        node = self._resident.get(key)
        if node is not None:
            return node
        for source in self.sources:
            node = source.get(key)
            if node is not None:
                return node
        return default

    def __getitem__(self, key: ua.NodeId) -> LeanNode:
        node = self.get(key)
        if node is None:
            raise KeyError(key)
        return node

    def __setitem__(self, key: ua.NodeId, node: LeanNode) -> None:
        self._resident[key] = node

    def __delitem__(self, key: ua.NodeId) -> None:
        del self._resident[key]  # what sources know comes and goes with them

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, ua.NodeId):
            return False
        return key in self._resident or any(key in source for source in self.sources)

    def __iter__(self) -> Iterator[ua.NodeId]:
        yield from self._resident
        for source in self.sources:
            yield from source

    def __len__(self) -> int:
        # Sources know their nodes but do not count them: nobody asks for this in passing.
        return sum(1 for _ in self)

    @property
    def resident(self) -> int:
        """Number of resident nodes, which are kept for good."""
        return len(self._resident)


class TwinAddressSpace(library.AddressSpace):
    """The address space of asyncua over `Nodes`.

    The library annotates its nodes as a dictionary of `NodeData`; any mapping of what looks like
    one does. Ours holds `LeanNode`, which is not derived from `NodeData`: here the types say so.
    """

    _nodes: Nodes  # type: ignore[assignment]  # no dictionary, see above

    def __init__(self) -> None:
        super().__init__()
        self._nodes = Nodes()
        self.version = 0
        """Number that grows with every change but that of a stored value: what was found in the
        space before, and which attributes are computed, holds as long as it stays."""
        self._orphans: dict[ua.NodeId, dict[int, tuple[ua.AttributeIds, Callback]]] = {}
        """Listeners of deleted nodes: monitored items outlive the nodes."""

    @property
    def resident(self) -> int:
        """Number of resident nodes; others are decoded or computed on demand."""
        return self._nodes.resident

    def add_source(self, source: NodeSource) -> None:
        """Add a source, in which nodes that are not resident are looked up."""
        self.version += 1
        self._nodes.sources.append(source)

    def get(self, nodeid: ua.NodeId) -> LeanNode | None:  # type: ignore[override]  # see above
        """Return a node."""
        return self._nodes.get(nodeid)

    def __getitem__(self, nodeid: ua.NodeId) -> LeanNode:  # type: ignore[override]  # see above
        return self._nodes[nodeid]

    def __setitem__(
        self,
        nodeid: ua.NodeId,
        value: LeanNode,  # type: ignore[override]  # see above
    ) -> None:
        self.version += 1
        self._nodes[nodeid] = value

    # ── writing ───────────────────────────────────────────────────────────────────────────────────
    async def write_attribute_value(
        self, nodeid: ua.NodeId, attr: ua.AttributeIds, value: ua.DataValue
    ) -> ua.StatusCode:
        """Write an attribute of one node."""
        if not self._own(nodeid, attr):
            return status_code(ua.StatusCodes.BadNotWritable)
        if attr != ua.AttributeIds.Value or self._is_computed(nodeid):
            self.version += 1
        return await super().write_attribute_value(nodeid, attr, value)

    def replace_value(self, node_id: ua.NodeId, content: Attribute) -> None:
        """Replace the Value of one node, however it was made; nobody is told."""
        self.version += 1
        self._nodes[node_id].attributes[ua.AttributeIds.Value] = content

    def _is_computed(self, node_id: ua.NodeId) -> bool:
        node = self._nodes.get(node_id)
        content = node.attributes.get(ua.AttributeIds.Value) if node is not None else None
        return content is not None and content.value_callback is not None

    def set_attribute_value_callback(
        self, nodeid: ua.NodeId, attr: ua.AttributeIds, callback: ReadValue
    ) -> ua.StatusCode:
        """Set the function that computes an attribute of one node when it is read."""
        if not self._own(nodeid, attr):
            return status_code(ua.StatusCodes.BadNotWritable)
        self.version += 1
        return super().set_attribute_value_callback(nodeid, attr, callback)

    def set_attribute_value_setter(
        self, nodeid: ua.NodeId, attr: ua.AttributeIds, setter: Callable[..., Any]
    ) -> ua.StatusCode:
        """Set the function that takes what is written to an attribute of one node."""
        if not self._own(nodeid, attr):
            return status_code(ua.StatusCodes.BadNotWritable)
        return super().set_attribute_value_setter(nodeid, attr, setter)

    def _own(self, node_id: ua.NodeId, attribute: ua.AttributeIds) -> bool:
        """Make an attribute the node's own; False for a computed node, which takes no writes."""
        node = self._nodes.get(node_id)
        if isinstance(node, ComputedNode):
            return False
        _own(node, attribute)
        return True

    # ── listening ─────────────────────────────────────────────────────────────────────────────────
    def add_datachange_callback(
        self, nodeid: ua.NodeId, attr: ua.AttributeIds, callback: Callback
    ) -> tuple[ua.StatusCode, int]:
        """Add a listener that is called with every new value of an attribute of one node."""
        node = self._nodes.get(nodeid)
        # An attribute that is not there: the library answers, with its own status.
        if node is not None and attr in node.attributes:
            if isinstance(node, ComputedNode):
                node.keep()
            _own(node, attr)
        return super().add_datachange_callback(nodeid, attr, callback)

    def delete_datachange_callback(self, handle: int) -> None:
        """Remove a listener, and what was made only for it: own attribute and computed node."""
        # A client that deletes an item whose node is gone for good: the library would raise.
        if handle not in self._handle_to_attribute_map:
            return
        node_id, attribute = self._handle_to_attribute_map[handle]
        waiting = self._orphans.get(node_id, {})
        if handle in waiting:
            del waiting[handle], self._handle_to_attribute_map[handle]
            if not waiting:
                del self._orphans[node_id]
            return
        node = self._nodes[node_id]
        super().delete_datachange_callback(handle)
        _share(node, attribute)
        if isinstance(node, ComputedNode) and not node.listened:
            node.let_go()

    # ── removal and return ────────────────────────────────────────────────────────────────────────
    async def remove(self, nodes: Iterable[LeanNode]) -> None:
        """Delete nodes; send BadNodeIdUnknown to the listeners of each (OPC 10000-4, 5.8.4).

        References to them from other nodes are the caller's business: it knows where they are.
        """
        told: list[tuple[int, Callback]] = []
        self.version += 1
        for node in nodes:
            self._nodes.pop(node.nodeid, None)
            for attribute, content in node.attributes.items():
                if not isinstance(content, Attribute):
                    continue
                for handle, callback in content.datachange_callbacks.items():
                    self._orphans.setdefault(node.nodeid, {})[handle] = attribute, callback
                    told.append((handle, callback))
                content.datachange_callbacks.clear()  # what is on its way to them must not arrive
        # Told when all nodes are gone: a listener that looks must not find half of a heat pump.
        for handle, callback in told:
            # An item may have been deleted while another one was being told.
            if handle in self._handle_to_attribute_map:
                await callback(handle, GONE)

    async def resume(self) -> None:
        """Reattach the listeners of nodes that are there again (OPC 10000-4, 5.13.2.1)."""
        for node_id in [node_id for node_id in self._orphans if node_id in self._nodes]:
            for handle, (attribute, callback) in self._orphans.pop(node_id).items():
                await self._resume(node_id, handle, attribute, callback)

    async def _resume(
        self, node_id: ua.NodeId, handle: int, attribute: ua.AttributeIds, callback: Callback
    ) -> None:
        node = self._nodes[node_id]
        own = _own(node, attribute)
        # The node is there again without this attribute: nothing is left to listen to.
        if own is None:
            del self._handle_to_attribute_map[handle]
            return
        if isinstance(node, ComputedNode):
            node.keep()
        own.datachange_callbacks[handle] = callback
        await callback(handle, self.read_attribute_value(node_id, attribute))


def _own(node: LeanNode | None, attribute: ua.AttributeIds) -> Attribute | None:
    """Return a node's own attribute, made from the shared one where it was shared."""
    if node is None:
        return None
    content = node.attributes.get(attribute)
    if isinstance(content, Constant):
        content = node.attributes[attribute] = Attribute.of(content)
    return content


def _share(node: LeanNode, attribute: ua.AttributeIds) -> None:
    """Replace a node's own attribute by the shared one where they do not differ."""
    content = node.attributes.get(attribute)
    if isinstance(content, Attribute) and content.replaceable and content.origin is not None:
        node.attributes[attribute] = content.origin
