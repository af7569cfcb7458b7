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
    """Knows nodes that are not resident."""

    def get(self, node_id: ua.NodeId) -> LeanNode | None:
        """Return a node, made for this call or kept from an earlier one."""
        ...

    def __contains__(self, node_id: ua.NodeId) -> bool: ...

    def __iter__(self) -> Iterator[ua.NodeId]: ...


class Nodes(MutableMapping[ua.NodeId, LeanNode]):
    """All nodes by NodeId."""

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
        return sum(1 for _ in self)

    @property
    def resident(self) -> int:
        """How many nodes are held for good."""
        return len(self._resident)


class TwinAddressSpace(library.AddressSpace):
    """The library's address space over `Nodes`.

    The library annotates its nodes as a dictionary of `NodeData`; any mapping of what looks like
    one does. Ours holds `LeanNode`, which is not derived from `NodeData`: here the types say so.
    """

    _nodes: Nodes  # type: ignore[assignment]  # no dictionary, see above

    def __init__(self) -> None:
        super().__init__()
        self._nodes = Nodes()
        self._orphans: dict[ua.NodeId, dict[int, tuple[ua.AttributeIds, Callback]]] = {}
        """Who listens to nodes that are gone; monitored items outlive them."""

    @property
    def resident(self) -> int:
        """How many nodes are held for good; others are read or made when somebody looks."""
        return self._nodes.resident

    def add_source(self, source: NodeSource) -> None:
        """Find nodes in a source as well."""
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
        self._nodes[nodeid] = value

    # ── writing ───────────────────────────────────────────────────────────────────────────────────
    async def write_attribute_value(
        self, nodeid: ua.NodeId, attr: ua.AttributeIds, value: ua.DataValue
    ) -> ua.StatusCode:
        """Write an attribute of one node."""
        if not self._own(nodeid, attr):
            return status_code(ua.StatusCodes.BadNotWritable)
        return await super().write_attribute_value(nodeid, attr, value)

    def set_attribute_value_callback(
        self, nodeid: ua.NodeId, attr: ua.AttributeIds, callback: ReadValue
    ) -> ua.StatusCode:
        """Have an attribute of one node computed when it is read."""
        if not self._own(nodeid, attr):
            return status_code(ua.StatusCodes.BadNotWritable)
        return super().set_attribute_value_callback(nodeid, attr, callback)

    def set_attribute_value_setter(
        self, nodeid: ua.NodeId, attr: ua.AttributeIds, setter: Callable[..., Any]
    ) -> ua.StatusCode:
        """Have a function take what is written to an attribute of one node."""
        if not self._own(nodeid, attr):
            return status_code(ua.StatusCodes.BadNotWritable)
        return super().set_attribute_value_setter(nodeid, attr, setter)

    def _own(self, node_id: ua.NodeId, attribute: ua.AttributeIds) -> bool:
        """Make an attribute the node's own; False: the node is computed and takes no writes."""
        node = self._nodes.get(node_id)
        if isinstance(node, ComputedNode):
            return False
        _own(node, attribute)
        return True

    # ── listening ─────────────────────────────────────────────────────────────────────────────────
    def add_datachange_callback(
        self, nodeid: ua.NodeId, attr: ua.AttributeIds, callback: Callback
    ) -> tuple[ua.StatusCode, int]:
        """Have a function called with every new value of an attribute of one node."""
        node = self._nodes.get(nodeid)
        if node is not None and attr in node.attributes:
            if isinstance(node, ComputedNode):
                node.keep()
            _own(node, attr)
        return super().add_datachange_callback(nodeid, attr, callback)

    def delete_datachange_callback(self, handle: int) -> None:
        """Listen no more; what was made only to listen goes as well."""
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
        """Delete nodes; who listens to one is told BadNodeIdUnknown (OPC 10000-4, 5.8.4).

        References to them from other nodes are the caller's business: it knows where they are.
        """
        told: list[tuple[int, Callback]] = []
        for node in nodes:
            self._nodes.pop(node.nodeid, None)
            for attribute, content in node.attributes.items():
                if not isinstance(content, Attribute):
                    continue
                for handle, callback in content.datachange_callbacks.items():
                    self._orphans.setdefault(node.nodeid, {})[handle] = attribute, callback
                    told.append((handle, callback))
                content.datachange_callbacks.clear()  # what is on its way to them must not arrive
        for handle, callback in told:
            if handle in self._handle_to_attribute_map:
                await callback(handle, GONE)

    async def resume(self) -> None:
        """Tell those who listened to a node that is there again (OPC 10000-4, 5.13.2.1)."""
        for node_id in [node_id for node_id in self._orphans if node_id in self._nodes]:
            for handle, (attribute, callback) in self._orphans.pop(node_id).items():
                await self._resume(node_id, handle, attribute, callback)

    async def _resume(
        self, node_id: ua.NodeId, handle: int, attribute: ua.AttributeIds, callback: Callback
    ) -> None:
        node = self._nodes[node_id]
        own = _own(node, attribute)
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
    """Put the shared attribute back where the own one is no different."""
    content = node.attributes.get(attribute)
    if isinstance(content, Attribute) and content.replaceable and content.origin is not None:
        node.attributes[attribute] = content.origin
