"""Nodes that keep their own attributes and share all others, which are immutable.

The library gives every attribute of every node an object of its own, with a dictionary for those
who listen. Of a heat pump's nodes nearly all attributes are the same as those of the next heat
pump. Here such an attribute is one `Constant`; it turns into an `Attribute` of one node when
somebody writes it or listens to it (`AddressSpace` sees to that). A `Constant` refuses both, so
what is written through one node cannot be seen on another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from asyncua import ua

from heatpump_twin.server.space.ua_values import content, standard

Callback = Callable[[int, ua.DataValue], Awaitable[None]]
"""Called with the handle of a monitored item and the new value."""
ReadValue = Callable[[ua.NodeId, ua.AttributeIds], ua.DataValue]
References = list[ua.ReferenceDescription] | tuple[ua.ReferenceDescription, ...]

HAS_TYPE_DEFINITION = standard(ua.ObjectIds.HasTypeDefinition)
NODE_ID, VALUE = ua.AttributeIds.NodeId, ua.AttributeIds.Value
_NOBODY: Mapping[int, Callback] = MappingProxyType({})


class Constant:
    """A value that the attributes of many nodes have in common."""

    # No dictionary for each of thousands; the weak reference is for the tables of Shapes.
    __slots__ = ("__weakref__", "_value")

    value_callback = None
    value_setter = None
    datachange_callbacks = _NOBODY

    def __init__(self, value: ua.DataValue) -> None:
        self._value = value

    @property
    def value(self) -> ua.DataValue:
        """The shared value, as every node reads it."""
        return self._value


class Attribute:
    """An attribute of one node alone: it can be written, computed and listened to."""

    __slots__ = ("datachange_callbacks", "origin", "value", "value_callback", "value_setter")

    def __init__(
        self, value: ua.DataValue | None = None, value_callback: ReadValue | None = None
    ) -> None:
        self.value = value
        self.value_callback = value_callback
        self.value_setter: Callable[..., None] | None = None
        self.datachange_callbacks: dict[int, Callback] = {}
        self.origin: Constant | None = None
        """What the node shared before; it can again while nothing was written."""

    @classmethod
    def of(cls, constant: Constant) -> Attribute:
        """Return a node's own attribute with the value of a shared one."""
        attribute = cls(constant.value)
        attribute.origin = constant
        return attribute

    @property
    def replaceable(self) -> bool:
        """Whether the attribute is still equal to the shared one that it replaced."""
        return (
            self.origin is not None
            and self.value is self.origin.value
            and self.value_callback is None
            and self.value_setter is None
            and not self.datachange_callbacks
        )

    async def tell(self, value: ua.DataValue) -> None:
        """Send a new value to every listener of the attribute."""
        # A copy: a listener may remove itself, or others, while it is called.
        for handle, callback in list(self.datachange_callbacks.items()):
            # An item can be deleted while another one is being told.
            if handle in self.datachange_callbacks:
                await callback(handle, value)


class Shape(dict[ua.AttributeIds, Constant]):
    """All shared attributes of a kind of node but its NodeId and its Value."""

    __slots__ = ("__weakref__",)


class NodeAttributes:
    """The attributes of one node as a mapping: its own and the shared ones of its shape."""

    __slots__ = ("_node_id", "_own", "_shape", "_value")

    def __init__(
        self, node_id: ua.NodeId, shape: Shape, value: Constant | Attribute | None = None
    ) -> None:
        self._node_id = node_id
        self._shape = shape
        self._value = value
        self._own: dict[ua.AttributeIds, Constant | Attribute] | None = None

    def get(self, attribute: ua.AttributeIds, default: None = None) -> Constant | Attribute | None:
        """Return an attribute, the node's own or a shared one."""
        if attribute == VALUE:
            return self._value
        if self._own is not None and attribute in self._own:
            return self._own[attribute]
        if attribute == NODE_ID:
            # Made at each reading: it would be the one attribute of which every node needs its own.
            return Constant(ua.DataValue(ua.Variant(self._node_id, ua.VariantType.NodeId)))
        return self._shape.get(attribute, default)

    def __getitem__(self, attribute: ua.AttributeIds) -> Constant | Attribute:
        found = self.get(attribute)
        if found is None:
            raise KeyError(attribute)
        return found

    def __setitem__(self, attribute: ua.AttributeIds, content: Constant | Attribute) -> None:
        if attribute == VALUE:
            self._value = content
        elif content is self._shape.get(attribute):
            if self._own is not None:
                self._own.pop(attribute, None)
        else:
            # A new, small dictionary: most nodes never need one, few ever have more than one entry.
            self._own = {**(self._own or {}), attribute: content}

    def __contains__(self, attribute: ua.AttributeIds) -> bool:
        if attribute == VALUE:
            return self._value is not None
        return attribute == NODE_ID or attribute in self._shape

    def __iter__(self) -> Iterator[ua.AttributeIds]:
        yield NODE_ID
        yield from self._shape
        if self._value is not None:
            yield VALUE

    def items(self) -> Iterable[tuple[ua.AttributeIds, Constant | Attribute]]:
        """Return every attribute with its number."""
        return ((attribute, self[attribute]) for attribute in self)


class LeanNode:
    """One node with the interface of asyncua's `NodeData`, from which it is not derived."""

    __slots__ = ("_more", "_references", "attributes", "nodeid")

    call = None
    """Methods are carried out by `MethodTable`."""

    def __init__(
        self,
        node_id: ua.NodeId,
        attributes: NodeAttributes | dict[ua.AttributeIds, Constant | Attribute],
        references: References,
        more: Callable[[], Iterable[ua.ReferenceDescription]] | None = None,
    ) -> None:
        self.nodeid = node_id
        self.attributes = attributes
        self._references = references
        self._more = more

    @property
    def references(self) -> References:
        """All references; a tuple where some are computed, so that none is added to it in vain."""
        if self._more is None:
            return self._references
        return (*self._references, *self._more())

    def link(self, reference: ua.ReferenceDescription) -> None:
        """Add a reference to the node unless it is there.

        Raises
        ------
        ua.UaStatusCodeError
            BadReferenceNotAllowed: there is one in the other direction.
        """
        for known in self._references:
            same = known.ReferenceTypeId == reference.ReferenceTypeId
            if same and known.NodeId == reference.NodeId:
                if known.IsForward != reference.IsForward:
                    raise ua.UaStatusCodeError(ua.StatusCodes.BadReferenceNotAllowed)
                return
        self.add_reference(reference)

    def add_reference(self, reference: ua.ReferenceDescription) -> None:
        """Add a reference to the node that is known to be new."""
        if not isinstance(self._references, list):
            raise TypeError(f"the references of {self.nodeid} are computed; none can be added")
        self._references.append(reference)

    def unlink(self, targets: Container[ua.NodeId]) -> None:
        """Remove the references of the node to some targets."""
        self._references = [r for r in self._references if r.NodeId not in targets]

    def attribute(self, attribute: ua.AttributeIds) -> Any:
        """Return the content of a stored attribute; None where it is computed."""
        return content(self.attributes[attribute].value)

    @property
    def type_definition(self) -> ua.NodeId:
        """The type of an object or a variable; null for other nodes."""
        for reference in self._references:
            if reference.IsForward and reference.ReferenceTypeId == HAS_TYPE_DEFINITION:
                found: ua.NodeId = reference.NodeId
                return found
        return ua.NodeId()

    @property
    def listened(self) -> bool:
        """Whether one of the node's attributes has a listener."""
        return any(content.datachange_callbacks for _, content in self.attributes.items())


class ComputedNode(LeanNode):
    """A node that is computed at each access, and kept only while it has a listener."""

    __slots__ = ("_keep", "_let_go")

    def __init__(
        self,
        node_id: ua.NodeId,
        attributes: NodeAttributes,
        references: tuple[ua.ReferenceDescription, ...],
        keep: Callable[[ComputedNode], None],
        let_go: Callable[[ComputedNode], None],
    ) -> None:
        super().__init__(node_id, attributes, references)
        self._keep = keep
        self._let_go = let_go

    def keep(self) -> None:
        """Keep the node: every later access returns this very object."""
        self._keep(self)

    def let_go(self) -> None:
        """Stop keeping the node, when it has no listener any more."""
        self._let_go(self)
