"""Write nodes as a NodeSet2 file (OPC 10000-6, annex F)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from heatpump_twin.server.nodeset.generator.nodeset_node import SCALAR, NodesetNode
from heatpump_twin.server.nodeset.generator.official import Official
from heatpump_twin.server.nodeset.model import TypeModel
from heatpump_twin.server.nodeset.nodeset_xml import LOCALE, NODESET_XSD, TYPES_XSD
from heatpump_twin.server.nodeset.type_models import TYPES, UA

HEAD = """\
<?xml version="1.0" encoding="utf-8"?>
<!-- Made by `make nodeset` from model.yaml and config/catalogue.yaml: edit those. -->
"""


class NodesetFile:
    """The writer of the NodeSet2 file of one model."""

    def __init__(self, model: TypeModel, official: Official, nodes: Sequence[NodesetNode]) -> None:
        self._model = model
        self._official = official
        self._nodes = nodes
        self._uris = [UA, TYPES, *(uri for uri in official.models if uri != UA)]
        self._aliases: dict[str, str] = {}
        self._inverse: dict[NodesetNode, list[tuple[NodesetNode, NodesetNode]]] = {}
        # Both ends of a reference within the file are written: some readers follow only one.
        own = set(nodes)
        for node in nodes:
            for reference in node.references:
                if reference.target in own and reference.target.parent is not node:
                    back = self._inverse.setdefault(reference.target, [])
                    back.append((reference.type, node))

    def text(self) -> str:
        """Return the NodeSet2 file as text."""
        # Dated by the model, not by the clock: the same model makes the same file.
        root = ET.Element(f"{{{NODESET_XSD}}}UANodeSet", LastModified=self._model.published)
        uris = _add(root, "NamespaceUris")
        for uri in self._uris[1:]:
            _add(uris, "Uri", uri)
        entry = _add(
            _add(root, "Models"),
            "Model",
            ModelUri=TYPES,
            Version=self._model.version,
            PublicationDate=self._model.published,
            ModelVersion=self._model.version,
        )
        for required in self._official.models.values():
            _add(
                entry,
                "RequiredModel",
                ModelUri=required.uri,
                Version=required.version,
                PublicationDate=required.publication_date,
                ModelVersion=required.model_version,
            )
        # Before the aliases, which are those that the nodes have used.
        elements = [self._node(node) for node in self._nodes]
        aliases = _add(root, "Aliases")
        for name, node_id in sorted(self._aliases.items()):
            _add(aliases, "Alias", node_id, Alias=name)
        root.extend(elements)
        ET.register_namespace("", NODESET_XSD)
        ET.register_namespace("uax", TYPES_XSD)
        ET.indent(root)
        return HEAD + ET.tostring(root, encoding="unicode") + "\n"

    def _node(self, node: NodesetNode) -> ET.Element:
        attributes = {"NodeId": self._id(node), "BrowseName": self._browse_name(node)}
        # Code generators make identifiers of these names.
        if any(sign in node.browse_name.name for sign in "<>:"):
            attributes["SymbolicName"] = node.symbol.rpartition("_")[2]
        if node.parent is not None:
            attributes["ParentNodeId"] = self._id(node.parent)
        if node.data_type is not None:
            attributes["DataType"] = self._alias(node.data_type)
        if node.value_rank != SCALAR:
            attributes["ValueRank"] = str(node.value_rank)
        if node.value_rank > 0:
            attributes["ArrayDimensions"] = ",".join(["0"] * node.value_rank)
        if node.is_abstract:
            attributes["IsAbstract"] = "true"
        made = ET.Element(f"{{{NODESET_XSD}}}UA{node.node_class}", attributes)
        _add(made, "DisplayName", node.display_name, Locale=LOCALE)
        if node.description:
            _add(made, "Description", node.description, Locale=LOCALE)
        self._references(made, node)
        if node.value is not None:
            _add(made, "Value").append(node.value)
        if node.inverse_name:
            _add(made, "InverseName", node.inverse_name, Locale=LOCALE)
        return made

    def _references(self, made: ET.Element, node: NodesetNode) -> None:
        element = _add(made, "References")
        for reference in node.references:
            self._reference(element, reference.type, reference.target)
        for kind, target in (
            ("HasTypeDefinition", node.type_definition),
            ("HasModellingRule", node.rule),
        ):
            if target is not None:
                self._reference(element, self._official[kind], target)
        for kind_node, source in self._inverse.get(node, ()):
            self._reference(element, kind_node, source, forward=False)
        if node.supertype is not None:
            self._reference(element, self._official["HasSubtype"], node.supertype, forward=False)
        if node.parent is not None and node.parent_reference is not None:
            self._reference(element, node.parent_reference, node.parent, forward=False)

    def _reference(
        self, element: ET.Element, kind: NodesetNode, target: NodesetNode, *, forward: bool = True
    ) -> None:
        made = _add(element, "Reference", self._id(target), ReferenceType=self._alias(kind))
        if not forward:
            made.set("IsForward", "false")

    def _id(self, node: NodesetNode) -> str:
        index = self._uris.index(node.uri)
        return f"ns={index};{node.identifier}" if index else node.identifier

    def _browse_name(self, node: NodesetNode) -> str:
        index = self._uris.index(node.browse_name.uri)
        return f"{index}:{node.browse_name.name}" if index else node.browse_name.name

    def _alias(self, node: NodesetNode) -> str:
        """Return the alias of a reference type or data type, which the file lists."""
        name = node.browse_name.name
        self._aliases[name] = self._id(node)
        return name


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, f"{{{NODESET_XSD}}}{name}", attributes)
    made.text = text or None
    return made
