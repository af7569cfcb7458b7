"""The draft of the model: our nodes in order, and how they are added to each other."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from heatpump_twin.server.errors import NodesetError
from heatpump_twin.server.nodeset.generator.nodeset_node import (
    ONE_DIMENSION,
    SCALAR,
    BrowseName,
    NodeClass,
    NodesetNode,
    Reference,
)
from heatpump_twin.server.nodeset.generator.official import PREFIXES, Official, supertypes
from heatpump_twin.server.nodeset.type_models import TYPES
from heatpump_twin.server.nodeset.vocabulary import ModellingRule

MANDATORY, OPTIONAL = ModellingRule.MANDATORY.value, ModellingRule.OPTIONAL.value
PLACEHOLDER = "OptionalPlaceholder"


class ModelDraft:
    """The nodes of our model so far, each after its parent."""

    def __init__(self, official: Official) -> None:
        self.official = official
        self.nodes: list[NodesetNode] = []

    def __getitem__(self, name: str) -> NodesetNode:
        """Return a type of ours by its plain name, else one of the official nodesets."""
        for node in self.nodes:
            if node.symbol == name:
                return node
        return self.official[name]

    def type(
        self, node_class: NodeClass, name: str, of: str, text: str, *, is_abstract: bool = False
    ) -> NodesetNode:
        """Add a type with its supertype."""
        node = NodesetNode(node_class, BrowseName(TYPES, name), TYPES, name, display_name=name)
        node.description = text
        node.supertype = self[of]
        # A VariableType without its own has those of its supertype; nodesets state them all the
        # same.
        node.data_type, node.value_rank = node.supertype.data_type, node.supertype.value_rank
        node.is_abstract = is_abstract
        self.nodes.append(node)
        return node

    def object(
        self,
        parent: NodesetNode,
        name: str,
        type_name: str,
        rule: str | None,
        text: str = "",
        **more: str,
    ) -> NodesetNode:
        """Add an object to a type or to an instance declaration."""
        return self._child(NodeClass.OBJECT, parent, name, type_name, rule, text, **more)

    def variable(
        self,
        parent: NodesetNode,
        name: str,
        type_name: str,
        data_type: str,
        rule: str | None,
        text: str = "",
        *,
        title: str = "",
        value: ET.Element | None = None,
        array: bool = False,
    ) -> NodesetNode:
        """Add a variable, or a property where the type is PropertyType."""
        reference = "HasProperty" if type_name == "PropertyType" else "HasComponent"
        node = self._child(
            NodeClass.VARIABLE, parent, name, type_name, rule, text, reference=reference
        )
        node.display_name = title or node.display_name
        node.data_type = self[data_type]
        node.value_rank = ONE_DIMENSION if array else SCALAR
        node.value = value
        return node

    def method(self, parent: NodesetNode, name: str, rule: str, text: str) -> NodesetNode:
        """Add a method to a type or to an instance declaration."""
        return self._child(NodeClass.METHOD, parent, name, "", rule, text)

    def override(
        self, parent: NodesetNode, name: str, rule: str, text: str = "", *, reference: str = ""
    ) -> NodesetNode:
        """Override an inherited instance declaration: stricter, or with more children."""
        pattern = next(
            (p for p in _patterns(parent) if p.target.browse_name == self._name(name)), None
        )
        # A misspelt name would become a new member that no client of the standard looks for.
        if pattern is None:
            raise NodesetError(f"{parent.symbol} inherits no {name}")
        node = self._copy(parent, pattern.target, self[reference] if reference else pattern.type)
        node.rule, node.description = self[rule], text
        return node

    def complete(self, node: NodesetNode) -> None:
        """Add every child that the type of a declaration makes mandatory, recursively."""
        have = {child.browse_name for child in node.children}
        for reference, pattern in _patterns(node):
            mandatory = pattern.rule is self[MANDATORY] and node.rule is not None
            if mandatory and pattern.browse_name not in have:
                # Several supertypes may declare it: the nearest comes first and counts.
                have.add(pattern.browse_name)
                self._copy(node, pattern, reference)
        # The copies too: a mandatory child may have mandatory children.
        for child in list(node.children):
            self.complete(child)

    def _copy(
        self, parent: NodesetNode, pattern: NodesetNode, reference: NodesetNode
    ) -> NodesetNode:
        node = NodesetNode(
            pattern.node_class,
            pattern.browse_name,
            TYPES,
            display_name=pattern.display_name or pattern.browse_name.name,
            description=pattern.description,
            type_definition=pattern.type_definition,
            rule=pattern.rule,
            data_type=pattern.data_type,
            value_rank=pattern.value_rank,
            value=pattern.value,
        )
        self._place(node, parent, reference)
        return node

    def _child(
        self,
        node_class: NodeClass,
        parent: NodesetNode,
        name: str,
        type_name: str,
        rule: str | None,
        text: str,
        *,
        reference: str = "HasComponent",
    ) -> NodesetNode:
        browse_name = self._name(name)
        node = NodesetNode(node_class, browse_name, TYPES, display_name=browse_name.name)
        node.description = text
        node.type_definition = self[type_name] if type_name else None
        node.rule = self[rule] if rule else None
        self._place(node, parent, self[reference])
        return node

    def _place(self, node: NodesetNode, parent: NodesetNode, reference: NodesetNode) -> None:
        node.parent, node.parent_reference = parent, reference
        # As companion specifications form their symbols; it is the key of the register, so a node
        # that moves gets another NodeId.
        node.symbol = f"{parent.symbol}_{node.browse_name.name.strip('<>')}"
        parent.references.append(Reference(reference, node))
        self.nodes.append(node)

    def _name(self, name: str) -> BrowseName:
        """Return the BrowseName of ``di:ParameterSet``, ``ua:Number``, or a name of ours."""
        prefix, _, plain = name.rpartition(":")
        if not prefix:
            return BrowseName(TYPES, plain)
        return BrowseName(PREFIXES["" if prefix == "ua" else prefix], plain)


def _patterns(node: NodesetNode) -> Iterator[Reference]:
    """Yield the declarations that a node inherits: by its place in a type, then by its type."""
    if node.parent is not None:
        for pattern in _patterns(node.parent):
            if pattern.target.browse_name == node.browse_name:
                yield from _declared(pattern.target)
    for type_ in supertypes(node.type_definition or node):
        if type_ is not node:
            yield from _declared(type_)


def _declared(node: NodesetNode) -> Iterator[Reference]:
    for reference in node.references:
        if reference.target.parent is node and reference.target.rule is not None:
            yield reference
