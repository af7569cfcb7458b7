"""A node of an information model, as nodesets describe it: attributes and references."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

SCALAR, ONE_DIMENSION = -1, 1


class NodeClass(StrEnum):
    """The node classes that our model and the ones below it use."""

    OBJECT = "Object"
    VARIABLE = "Variable"
    METHOD = "Method"
    VIEW = "View"
    OBJECT_TYPE = "ObjectType"
    VARIABLE_TYPE = "VariableType"
    DATA_TYPE = "DataType"
    REFERENCE_TYPE = "ReferenceType"


class BrowseName(NamedTuple):
    """A qualified name; the namespace by its URI."""

    uri: str
    name: str


class Reference(NamedTuple):
    """A forward reference."""

    type: NodesetNode
    target: NodesetNode


@dataclass(eq=False, slots=True)
class NodesetNode:
    """A node with its forward references; inverse ones are added when the file is written."""

    node_class: NodeClass
    browse_name: BrowseName
    uri: str
    """Namespace of the NodeId."""
    symbol: str = ""
    identifier: str = ""
    """``i=1001``; ours get it from the register."""
    display_name: str = ""
    description: str = ""
    parent: NodesetNode | None = None
    parent_reference: NodesetNode | None = None
    supertype: NodesetNode | None = None
    type_definition: NodesetNode | None = None
    rule: NodesetNode | None = None
    references: list[Reference] = field(default_factory=list)
    data_type: NodesetNode | None = None
    value_rank: int = SCALAR
    value: ET.Element | None = None
    is_abstract: bool = False
    inverse_name: str = ""

    @property
    def children(self) -> Iterator[NodesetNode]:
        """The nodes of which this node is the parent."""
        return (ref.target for ref in self.references if ref.target.parent is self)

    def child(self, name: str) -> NodesetNode:
        """Return the child with a name in its BrowseName."""
        return next(child for child in self.children if child.browse_name.name == name)

    def refer(self, reference: NodesetNode, target: NodesetNode) -> None:
        """Add a reference that does not make the target a child."""
        self.references.append(Reference(reference, target))
