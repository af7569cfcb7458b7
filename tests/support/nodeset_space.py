"""Nodesets as a graph, read independently of the generator: what the XML says and nothing else."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files

from heatpump_twin.server.nodeset.type_models import TYPES, UA, official_nodeset, own_nodeset

XML = "{http://opcfoundation.org/UA/2011/03/UANodeSet.xsd}"
HIERARCHICAL = {"HasComponent", "HasProperty", "HasAddIn", "HasOrderedComponent", "Organizes"}

Id = tuple[str, str]
"""Namespace URI and identifier."""


@dataclass
class Entry:
    """One node as the file has it."""

    id: Id
    element: ET.Element
    node_class: str
    browse_name: tuple[str, str]
    parent: Id | None
    data_type: Id | None
    forward: list[tuple[str, Id]] = field(default_factory=list)
    inverse: list[tuple[str, Id]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.browse_name[1]

    def text(self, tag: str) -> str:
        return self.element.findtext(f"{XML}{tag}") or ""

    def targets(self, *kinds: str) -> list[Id]:
        return [target for kind, target in self.forward if kind in kinds]


class Space:
    """All nodes of the standard, DI, IA, Machinery and ours."""

    def __init__(self) -> None:
        self.nodes: dict[Id, Entry] = {}
        self.files = [*map(official_nodeset, ("ns0", "di", "ia", "machinery")), own_nodeset()]
        self.dangling: list[str] = []
        for content in self.files:
            self._declare(content)
        for content in self.files:
            self._link(content)

    @property
    def own(self) -> list[Entry]:
        return [entry for entry in self.nodes.values() if entry.id[0] == TYPES]

    def named(self, name: str) -> Entry:
        """Return a type of ours."""
        return next(e for e in self.own if e.name == name and e.node_class.endswith("Type"))

    def type_of(self, entry: Entry) -> Entry | None:
        found = entry.targets("HasTypeDefinition")
        return self.nodes[found[0]] if found else None

    def rule(self, entry: Entry) -> str | None:
        found = entry.targets("HasModellingRule")
        return self.nodes[found[0]].name if found else None

    def lineage(self, entry: Entry | None) -> Iterator[Entry]:
        """Yield a type and its supertypes."""
        while entry is not None:
            yield entry
            supertypes = [target for kind, target in entry.inverse if kind == "HasSubtype"]
            entry = self.nodes[supertypes[0]] if supertypes else None

    def children(self, entry: Entry) -> list[tuple[str, Entry]]:
        return [(k, self.nodes[t]) for k, t in entry.forward if k in HIERARCHICAL]

    def child(self, entry: Entry, *path: str) -> Entry:
        for name in path:
            entry = next(child for _, child in self.children(entry) if child.name == name)
        return entry

    def is_a(self, entry: Entry, other: Entry) -> bool:
        return other in self.lineage(entry)

    def _declare(self, content: bytes) -> None:
        root, uris, aliases = _head(content)
        for element in root:
            if element.get("NodeId") is None:
                continue
            index, colon, name = element.get("BrowseName").partition(":")
            parent, data_type = element.get("ParentNodeId"), element.get("DataType")
            entry = Entry(
                _id(element.get("NodeId"), uris, aliases),
                element,
                element.tag.removeprefix(f"{XML}UA"),
                (uris[int(index)], name) if colon else (UA, index),
                parent and _id(parent, uris, aliases),
                data_type and _id(data_type, uris, aliases),
            )
            assert entry.id not in self.nodes, entry.id
            self.nodes[entry.id] = entry

    def _link(self, content: bytes) -> None:
        root, uris, aliases = _head(content)
        for element in root:
            if element.get("NodeId") is None:
                continue
            entry = self.nodes[_id(element.get("NodeId"), uris, aliases)]
            for reference in element.iterfind(f"{XML}References/{XML}Reference"):
                kind = self.nodes.get(_id(reference.get("ReferenceType"), uris, aliases))
                target = self.nodes.get(_id(reference.text, uris, aliases))
                if kind is None or target is None:
                    self.dangling.append(f"{entry.id} {reference.attrib} {reference.text}")
                    continue
                ways = (entry.forward, target.inverse), (entry.inverse, target.forward)
                here, there = ways[reference.get("IsForward") == "false"]
                for way, other in ((here, target), (there, entry)):
                    if (kind.name, other.id) not in way:
                        way.append((kind.name, other.id))


def registered() -> dict[str, tuple[int, str]]:
    """Return the register as the CSV has it."""
    text = files("heatpump_twin.server.nodeset").joinpath("heatpump-twin.types.csv").read_text()
    return {name: (int(number), kind) for name, number, kind in csv.reader(text.splitlines())}


def _head(content: bytes) -> tuple[ET.Element, list[str], dict[str, str]]:
    root = ET.fromstring(content)
    uris = [UA, *(uri.text for uri in root.iterfind(f"{XML}NamespaceUris/{XML}Uri"))]
    aliases = {a.get("Alias"): a.text for a in root.iterfind(f"{XML}Aliases/{XML}Alias")}
    return root, uris, aliases


def _id(text: str, uris: list[str], aliases: dict[str, str]) -> Id:
    text = aliases.get(text, text)
    index, _, identifier = text.rpartition(";")
    return uris[int(index.removeprefix("ns=") or 0)], identifier
