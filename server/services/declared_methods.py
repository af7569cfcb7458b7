"""Methods that are called by the NodeId of the type's method, on an object of that type.

A client that was written for a type knows the NodeIds of the type's methods, and may call them on
each instance (OPC 10000-4, 5.12.2.2); the instance has a method of its own with the same name.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from heatpump_twin.server.space.ua_values import standard

HAS_COMPONENT = standard(ua.ObjectIds.HasComponent)
HAS_SUBTYPE = standard(ua.ObjectIds.HasSubtype)
HAS_TYPE_DEFINITION = standard(ua.ObjectIds.HasTypeDefinition)
_DEPTH = 4
"""Objects between a type and its methods at most, such as a MethodSet."""


def declared_method(aspace: AddressSpace, owner: ua.NodeId, method: ua.NodeId) -> ua.NodeId | None:
    """Return the owner's method for one that its type, or its parent's type, declares."""
    node = aspace.get(method)
    if node is None:
        return None
    declaring = _declaring_type(aspace, method)
    if declaring is None or declaring not in _types_around(aspace, owner):
        return None
    name = aspace.read_attribute_value(method, ua.AttributeIds.BrowseName).Value
    for reference in _references(aspace, owner, HAS_COMPONENT, forward=True):
        if (
            name is not None
            and reference.BrowseName == name.Value
            and reference.NodeClass == ua.NodeClass.Method
        ):
            own: ua.NodeId = reference.NodeId
            return own
    return None


def _declaring_type(aspace: AddressSpace, method: ua.NodeId) -> ua.NodeId | None:
    """Return the object type that a method is declared at, perhaps in one of its parts."""
    node = method
    for _ in range(_DEPTH):
        parents = list(_references(aspace, node, HAS_COMPONENT, forward=False))
        if not parents:
            return None
        if parents[0].NodeClass == ua.NodeClass.ObjectType:
            found: ua.NodeId = parents[0].NodeId
            return found
        node = parents[0].NodeId
    return None


def _types_around(aspace: AddressSpace, owner: ua.NodeId) -> set[ua.NodeId]:
    """Return the types of an object and of what it is a component of, with their supertypes."""
    around = [
        owner, *(r.NodeId for r in _references(aspace, owner, HAS_COMPONENT, forward=False))
    ]  # fmt: skip
    found: set[ua.NodeId] = set()
    for node in around:
        kinds = [r.NodeId for r in _references(aspace, node, HAS_TYPE_DEFINITION, forward=True)]
        while kinds:
            kind = kinds.pop()
            if kind not in found:
                found.add(kind)
                supers = _references(aspace, kind, HAS_SUBTYPE, forward=False)
                kinds += [reference.NodeId for reference in supers]
    return found


def _references(
    aspace: AddressSpace, node_id: ua.NodeId, kind: ua.NodeId, *, forward: bool
) -> Iterator[ua.ReferenceDescription]:
    node = aspace.get(node_id)
    for reference in () if node is None else node.references:
        if reference.ReferenceTypeId == kind and bool(reference.IsForward) is forward:
            yield reference
