"""Export a site's instances as a NodeSet2 file (OPC 10000-6, annex F)."""

from __future__ import annotations

import datetime as dt
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from typing import Any

from asyncua import ua

from heatpump_twin.server.export.variant_xml import value_element
from heatpump_twin.server.nodeset.nodeset_xml import NODESET_XSD, TYPES_XSD
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.node import ComputedNode, LeanNode
from heatpump_twin.server.space.node_builder import standard
from heatpump_twin.server.space.ua_values import content

IDS = ua.ObjectIds
A = ua.AttributeIds
_CLASSES = {
    ua.NodeClass.Object: "UAObject",
    ua.NodeClass.Variable: "UAVariable",
    ua.NodeClass.Method: "UAMethod",
}
# In the order of preference: a node may be organized in many places and is owned in one.
_PARENT_REFERENCES = tuple(
    map(
        standard,
        (IDS.HasProperty, IDS.HasComponent, IDS.HasAddIn, IDS.HasHistoricalConfiguration,
         IDS.Organizes),
    )
)  # fmt: skip


class NodesetExport:
    """The export of one namespace; the namespaces that its nodes refer to are required models.

    Parameters
    ----------
    uris : sequence of str
        The server's namespace array.
    index : int
        The namespace whose nodes are written.
    """

    def __init__(self, aspace: TwinAddressSpace, uris: Sequence[str], index: int) -> None:
        self._aspace = aspace
        self._uris = uris
        self._own = index
        self._used: list[int] = [index]

    def file(self, version: str, published: dt.datetime) -> bytes:
        """Return the NodeSet2 file as XML."""
        # Before the head of the file: only then it is known which namespaces are referred to.
        nodes = [self._node(node) for node in self._walk()]
        root = ET.Element(f"{{{NODESET_XSD}}}UANodeSet")
        uris = _add(root, "NamespaceUris")
        for index in self._used:
            _add(uris, "Uri", self._uris[index])
        stamp = published.strftime("%Y-%m-%dT%H:%M:%SZ")
        model = _add(
            _add(root, "Models"),
            "Model",
            ModelUri=self._uris[self._own],
            Version=version,
            PublicationDate=stamp,
        )
        # OPC UA itself is required too, though it is not among the NamespaceUris.
        for index in (0, *self._used[1:]):
            _add(model, "RequiredModel", ModelUri=self._uris[index])
        root.extend(nodes)
        ET.register_namespace("", NODESET_XSD)
        ET.register_namespace("uax", TYPES_XSD)
        ET.indent(root)
        file: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return file

    def _walk(self) -> Iterable[LeanNode]:
        """Yield the nodes of the namespace, each after one that refers to it."""
        # From the roots down: tools that read a file once need a parent before its children.
        waiting: list[ua.NodeId] = [
            node for node in list(self._aspace.keys()) if self._is_root(node)
        ]
        seen = set(waiting)
        while waiting:
            data = self._aspace[waiting.pop(0)]
            yield data
            for reference in data.references:
                target: ua.NodeId = reference.NodeId
                is_own = reference.IsForward and target.NamespaceIndex == self._own
                if is_own and target not in seen:
                    seen.add(target)
                    waiting.append(target)

    def _is_root(self, node: ua.NodeId) -> bool:
        return node.NamespaceIndex == self._own and any(
            not r.IsForward
            and r.NodeId.NamespaceIndex != self._own
            and r.ReferenceTypeId in _PARENT_REFERENCES
            for r in self._aspace[node].references
        )

    def _node(self, data: LeanNode) -> ET.Element:
        name = self._value(data, A.BrowseName)
        made = ET.Element(
            f"{{{NODESET_XSD}}}{_CLASSES[self._value(data, A.NodeClass)]}",
            NodeId=self._id(data.nodeid),
            BrowseName=self._name(name),
        )
        parent = self._parent(data)
        if parent is not None:
            made.set("ParentNodeId", self._id(parent))
        if notifier := self._value(data, A.EventNotifier):
            made.set("EventNotifier", str(int(notifier)))
        is_variable = A.DataType in data.attributes
        if is_variable:
            self._describe_variable(made, data)
        for tag, attribute in (("DisplayName", A.DisplayName), ("Description", A.Description)):
            text = self._value(data, attribute)
            if text is not None and text.Text:
                _add(made, tag, text.Text, **({"Locale": text.Locale} if text.Locale else {}))
        references = _add(made, "References")
        for reference in data.references:
            element = _add(
                references,
                "Reference",
                self._id(reference.NodeId),
                ReferenceType=self._id(reference.ReferenceTypeId),
            )
            if not reference.IsForward:
                element.set("IsForward", "false")
        if is_variable:
            value = value_element(self._stored(data), self._id)
            if value is not None:
                _add(made, "Value").append(value)
        return made

    def _describe_variable(self, made: ET.Element, data: LeanNode) -> None:
        made.set("DataType", self._id(self._value(data, A.DataType)))
        rank = self._value(data, A.ValueRank)
        if rank != ua.ValueRank.Scalar:
            made.set("ValueRank", str(int(rank)))
            made.set("ArrayDimensions", "0")
        # Only what differs from the defaults of the schema, as other tools write it.
        if (level := int(self._value(data, A.AccessLevel))) != ua.AccessLevel.CurrentRead.mask:
            made.set("AccessLevel", str(level))
        if interval := self._value(data, A.MinimumSamplingInterval):
            made.set("MinimumSamplingInterval", f"{interval:g}")
        if self._value(data, A.Historizing):
            made.set("Historizing", "true")

    def _parent(self, data: LeanNode) -> ua.NodeId | None:
        for kind in _PARENT_REFERENCES:
            for reference in data.references:
                if not reference.IsForward and reference.ReferenceTypeId == kind:
                    parent: ua.NodeId = reference.NodeId
                    return parent
        return None

    def _stored(self, data: LeanNode) -> ua.DataValue | None:
        """Return the stored value of a variable; None if it is computed from the image."""
        # Of a condition: its variables are properties of the instance, and computed always.
        if isinstance(data, ComputedNode):
            return self._aspace.read_attribute_value(data.nodeid, A.Value)
        return data.attributes[A.Value].value

    def _value(self, data: LeanNode, attribute: ua.AttributeIds) -> Any:
        stored = data.attributes.get(attribute)
        return None if stored is None else content(stored.value)

    def _id(self, node: ua.NodeId) -> str:
        index = self._index(node.NamespaceIndex)
        kind = "i" if isinstance(node.Identifier, int) else "s"
        name = str(node.Identifier)
        return f"ns={index};{kind}={name}" if index else f"{kind}={name}"

    def _name(self, name: ua.QualifiedName) -> str:
        index = self._index(name.NamespaceIndex)
        return f"{index}:{name.Name}" if index else name.Name

    def _index(self, index: int) -> int:
        """Return the index of a namespace in the file."""
        if index == 0:
            return 0
        if index not in self._used:
            self._used.append(index)
        return self._used.index(index) + 1


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, f"{{{NODESET_XSD}}}{name}", attributes)
    made.text = text or None
    return made
