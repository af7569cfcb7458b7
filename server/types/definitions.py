"""DataTypeDefinitions of the official nodesets, for data types that the library leaves without.

asyncua brings the nodes of OPC UA itself without definitions. A client that meets a structure it
does not know decodes it by this attribute (OPC 10000-3, 5.8.3).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from asyncua import ua
from asyncua.server.address_space import AddressSpace, NodeData

from heatpump_twin.server.space.ua_values import content, node_id_of, standard

_XML = "{http://opcfoundation.org/UA/2011/03/UANodeSet.xsd}"
_NODE_ID = re.compile(r"(?:ns=(\d+);)?i=(\d+)")
_HAS_SUBTYPE, _HAS_ENCODING = map(standard, (ua.ObjectIds.HasSubtype, ua.ObjectIds.HasEncoding))
_STRUCTURE, _UNION, _ANYTHING = map(
    standard, (ua.ObjectIds.Structure, ua.ObjectIds.Union, ua.ObjectIds.BaseDataType)
)
_ATTRIBUTE = ua.AttributeIds.DataTypeDefinition


@dataclass(frozen=True, slots=True)
class _Nodeset:
    """One nodeset with what its names and indices mean."""

    root: ET.Element
    aliases: Mapping[str, str]
    indices: Sequence[int]
    """Namespace indices of the server by those of the file."""

    @classmethod
    def of(cls, file: bytes, namespaces: Sequence[str]) -> _Nodeset:
        root = ET.fromstring(file)  # noqa: S314 - packaged files, not from the network
        aliases = {a.attrib["Alias"]: a.text or "" for a in root.iter(f"{_XML}Alias")}
        uris = [uri.text or "" for uri in root.iter(f"{_XML}Uri")]
        return cls(root, aliases, [0, *(namespaces.index(uri) for uri in uris)])

    def node_id(self, text: str) -> ua.NodeId | None:
        """Return a NodeId or an alias; None: it is no number."""
        match = _NODE_ID.fullmatch(self.aliases.get(text, text))
        if match is None:
            return None
        return node_id_of(int(match[2]), self.indices[int(match[1] or 0)])

    def definitions(self) -> Iterator[tuple[ua.NodeId, ET.Element]]:
        """Yield data types with their definitions."""
        for node in self.root.iter(f"{_XML}UADataType"):
            definition, node_id = (
                node.find(f"{_XML}Definition"),
                self.node_id(node.get("NodeId", "")),
            )
            if definition is not None and node_id is not None:
                yield node_id, definition


def define_data_types(
    aspace: AddressSpace, nodesets: Iterable[bytes], namespaces: Sequence[str]
) -> None:
    """Set the definition of each data type that has one in its nodeset, and none yet.

    ``namespaces`` are the URIs of the server, from index 0 on.
    """
    for file in nodesets:
        nodeset = _Nodeset.of(file, namespaces)
        known = dict(nodeset.definitions())
        for node_id, definition in known.items():
            node = aspace.get(node_id)
            held = None if node is None else node.attributes.get(_ATTRIBUTE)
            if node is None or held is None or content(held.value) is not None:
                continue
            made = _definition(aspace, node, nodeset, known, definition)
            held.value = ua.DataValue(ua.Variant(made, ua.VariantType.ExtensionObject))


def _definition(
    aspace: AddressSpace,
    node: NodeData,
    nodeset: _Nodeset,
    known: Mapping[ua.NodeId, ET.Element],
    definition: ET.Element,
) -> ua.StructureDefinition | ua.EnumDefinition:
    above = _supertypes(aspace, node)
    if _STRUCTURE not in above or definition.get("IsOptionSet") == "true":
        return ua.EnumDefinition(Fields=[_enum_field(field) for field in _fields(definition)])
    # The fields of the supertypes come first (OPC 10000-3, 8.48).
    inherited = [known[base] for base in reversed(above) if base in known]
    elements = [field for part in (*inherited, definition) for field in _fields(part)]
    made = ua.StructureDefinition()
    made.BaseDataType = above[0]
    made.DefaultEncodingId = _binary_encoding(node)
    made.StructureType = _structure_type(elements, is_union=_UNION in above)
    made.Fields = [_structure_field(field, nodeset) for field in elements]
    return made


def _fields(definition: ET.Element) -> list[ET.Element]:
    return definition.findall(f"{_XML}Field")


def _supertypes(aspace: AddressSpace, node: NodeData) -> list[ua.NodeId]:
    """Return the supertypes, the nearest first."""
    found: list[ua.NodeId] = []
    current: NodeData | None = node
    while current is not None:
        above = [r.NodeId for r in current.references if _is_supertype(r)]
        found += above[:1]
        current = aspace.get(above[0]) if above else None
    return found


def _is_supertype(reference: ua.ReferenceDescription) -> bool:
    return reference.ReferenceTypeId == _HAS_SUBTYPE and not reference.IsForward


def _binary_encoding(node: NodeData) -> ua.NodeId:
    """Return the object that stands for the binary encoding; null of an abstract type."""
    for reference in node.references:
        named = reference.BrowseName.Name == "Default Binary"
        if named and reference.ReferenceTypeId == _HAS_ENCODING and reference.IsForward:
            found: ua.NodeId = reference.NodeId
            return found
    return ua.NodeId()


def _structure_type(fields: Sequence[ET.Element], *, is_union: bool) -> ua.StructureType:
    subtyped = any(field.get("AllowSubTypes") == "true" for field in fields)
    kinds = ua.StructureType
    if is_union:
        return kinds.UnionWithSubtypedValues if subtyped else kinds.Union
    if subtyped:
        return kinds.StructureWithSubtypedValues
    optional = any(field.get("IsOptional") == "true" for field in fields)
    return kinds.StructureWithOptionalFields if optional else kinds.Structure


def _structure_field(field: ET.Element, nodeset: _Nodeset) -> ua.StructureField:
    made = ua.StructureField()
    made.Name = field.attrib["Name"]
    made.Description = _text(field, "Description")
    made.DataType = nodeset.node_id(field.get("DataType", "")) or _ANYTHING
    made.ValueRank = ua.Int32(field.get("ValueRank", -1))
    made.ArrayDimensions = [ua.UInt32(0)] * max(0, made.ValueRank)
    made.MaxStringLength = ua.UInt32(field.get("MaxStringLength", 0))
    # Of a structure with subtyped values this says which fields have them.
    made.IsOptional = "true" in (field.get("IsOptional"), field.get("AllowSubTypes"))
    return made


def _enum_field(field: ET.Element) -> ua.EnumField:
    name = field.attrib["Name"]
    shown = _text(field, "DisplayName")
    return ua.EnumField(
        Value=ua.Int64(field.get("Value", -1)),
        DisplayName=shown if shown.Text else ua.LocalizedText(name),
        Description=_text(field, "Description"),
        Name=name,
    )


def _text(field: ET.Element, name: str) -> ua.LocalizedText:
    found = field.find(f"{_XML}{name}")
    return ua.LocalizedText("" if found is None else (found.text or "").strip())
