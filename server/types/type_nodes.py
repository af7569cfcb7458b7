"""All type nodes in one block of bytes, from which each is decoded on demand.

The block holds OPC UA's own binary encoding (OPC 10000-6, 5.2) and tables of numbers, all
little-endian. Nothing in it is executed, and whatever is in it twice is there once::

    counts      uint32[6]     URIs, NodeIds, nodes, data types, words, values
    URIs        String[]      namespaces 2, 3, … in their order
    NodeIds     NodeId[]      those of the nodes first, then others that references name
    node ends   uint32[]      where each node ends in the words
    data types  uint32[]      nodes that the library has to know as Python classes, in order
    words       uint32[]      per node: number of attributes; (attribute, value) each;
                              then (type, direction and class, target, names, type definition) each
    value ends  uint32[]      where each value ends in what follows
    values      DataValue[]   attributes, and the names in references
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from asyncua import Server, ua
from asyncua.common import structures104
from asyncua.common.utils import Buffer
from asyncua.server.address_space import NodeData
from asyncua.ua import ua_binary
from numpy.typing import NDArray

from heatpump_twin.server.space.node import VALUE, Attribute, Constant, LeanNode
from heatpump_twin.server.space.ua_values import content, standard

Whole = TypeVar("Whole", NDArray[np.uint32], memoryview)
"""What a table of ends cuts into parts."""

_COUNTS = struct.Struct("<6I")
_WORD = np.dtype("<u4")
_REFERENCE_WORDS = 6
_IDS = ua.AttributeIds
_STRING = ua_binary.Primitives.String


class TypeNodes:
    """The source of type nodes; a node that was decoded once is kept, as it can be written."""

    def __init__(self, block: bytes) -> None:
        counts: tuple[int, int, int, int, int, int] = _COUNTS.unpack_from(block)
        uris, ids, nodes, data_types, words, values = counts
        data = Buffer(block, _COUNTS.size)
        self.namespaces: list[str] = [_STRING.unpack(data) or "" for _ in range(uris)]
        self._ids = [ua_binary.nodeid_from_binary(data) for _ in range(ids)]
        self._rows = {node_id: row for row, node_id in enumerate(self._ids[:nodes])}
        numbers = np.frombuffer(
            block, _WORD, nodes + data_types + words + values, offset=len(block) - len(data)
        )
        self._node_ends, self._data_types, self._words, self._value_ends = np.split(
            numbers, np.cumsum([nodes, data_types, words])
        )
        # A view, not a copy: the values are most of the block.
        self._values = memoryview(block)[len(block) - len(data) + numbers.nbytes :]
        self._constants: dict[int, Constant] = {}
        self._read: dict[ua.NodeId, LeanNode] = {}

    def get(self, node_id: ua.NodeId) -> LeanNode | None:
        """Return a node."""
        node = self._read.get(node_id)
        if node is None and (row := self._rows.get(node_id)) is not None:
            node = self._read[node_id] = self._node(row)
        return node

    def __contains__(self, node_id: ua.NodeId) -> bool:
        return node_id in self._rows

    def __iter__(self) -> Iterator[ua.NodeId]:
        return iter(self._rows)

    async def register(self, server: Server) -> None:
        """Register namespaces, and data types as Python classes, as asyncua's import does."""
        for uri in self.namespaces:
            await server.register_namespace(uri)
        # In the order of the import: a structure needs the classes of its members.
        rows: list[int] = self._data_types.tolist()
        for row in rows:
            node = self.get(self._ids[row])
            if node is not None:
                await _register(server, node)

    # ── decoding ──────────────────────────────────────────────────────────────────────────────────
    def _node(self, row: int) -> LeanNode:
        words: list[int] = _part(self._words, self._node_ends, row).tolist()
        split = 1 + 2 * words[0]
        attributes = {
            (attribute := _IDS(number)): self._attribute(attribute, value)
            for number, value in zip(words[1:split:2], words[2:split:2], strict=True)
        }
        references = [
            self._reference(*words[start : start + _REFERENCE_WORDS])
            for start in range(split, len(words), _REFERENCE_WORDS)
        ]
        return LeanNode(self._ids[row], attributes, references)

    def _attribute(self, attribute: ua.AttributeIds, value: int) -> Constant | Attribute:
        if attribute == VALUE:  # the library changes lists in place that it has read from here
            return Attribute(self._decoded(value))
        if attribute == _IDS.NodeClass:
            number = content(self._decoded(value))
            # Decoded it is a plain Int32; asyncua and we compare it with the enumeration.
            return Constant(_data_value(ua.NodeClass(number), ua.VariantType.Int32))
        return self._constant(value)

    def _reference(
        self, kind: int, shape: int, target: int, browse_name: int, display_name: int, type_: int
    ) -> ua.ReferenceDescription:
        return ua.ReferenceDescription(
            self._ids[kind],
            bool(shape & 1),
            self._ids[target],
            content(self._constant(browse_name).value),
            content(self._constant(display_name).value),
            ua.NodeClass(shape >> 1),
            self._ids[type_],
        )

    def _constant(self, number: int) -> Constant:
        constant = self._constants.get(number)
        if constant is None:
            constant = self._constants[number] = Constant(self._decoded(number))
        return constant

    def _decoded(self, number: int) -> ua.DataValue:
        data = Buffer(bytes(_part(self._values, self._value_ends, number)))
        return ua_binary.from_binary(ua.DataValue, data)


def _part(of: Whole, ends: NDArray[np.uint32], number: int) -> Whole:
    return of[ends[number - 1] if number else 0 : ends[number]]


async def _register(server: Server, node: LeanNode) -> None:
    definition = node.attribute(_IDS.DataTypeDefinition)
    attributes = ua.DataTypeAttributes()
    attributes.DisplayName = node.attribute(_IDS.DisplayName)
    # asyncua's importer gives the attributes this member as well, and reads it below.
    attributes.DataTypeDefinition = definition  # type: ignore[attr-defined]
    supertype = _supertype(node)
    if isinstance(definition, ua.StructureDefinition):
        await structures104.load_custom_struct_xml_import(node.nodeid, attributes)
    elif isinstance(definition, ua.EnumDefinition):
        option_set = supertype != standard(ua.ObjectIds.Enumeration)
        await structures104.load_enum_xml_import(node.nodeid, attributes, option_set)
    elif supertype != standard(ua.ObjectIds.Structure):
        name = node.attribute(_IDS.BrowseName).Name
        await structures104.load_basetype_alias_xml_import(server, name, node.nodeid, supertype)


def _supertype(node: LeanNode) -> ua.NodeId:
    has_subtype = standard(ua.ObjectIds.HasSubtype)
    found: ua.NodeId = next(
        r.NodeId for r in node.references if r.ReferenceTypeId == has_subtype and not r.IsForward
    )
    return found


def _data_value(value: object, kind: ua.VariantType) -> ua.DataValue:
    return ua.DataValue(ua.Variant(value, kind))


# ── encoding ──────────────────────────────────────────────────────────────────────────────────────
def packed(
    nodes: Sequence[NodeData], data_types: Iterable[ua.NodeId], namespaces: Iterable[str]
) -> bytes:
    """Return the block of some nodes; ``data_types`` are those that `TypeNodes` registers."""
    packer = _Packer()
    rows = {node.nodeid: packer.node_id(node.nodeid) for node in nodes}
    ends = []
    for node in nodes:
        packer.add(node)
        ends.append(len(packer.words))
    registered = [rows[node_id] for node_id in data_types]
    uris = [_STRING.pack(uri) for uri in namespaces]
    value_ends = np.cumsum([len(value) for value in packer.values])
    return b"".join(
        (
            _COUNTS.pack(
                *map(len, (uris, packer.ids, nodes, registered, packer.words, packer.values))
            ),
            *uris,
            *packer.ids,
            *(np.array(n, _WORD).tobytes() for n in (ends, registered, packer.words, value_ends)),
            *packer.values,
        )
    )


class _Packer:
    """The packer that numbers NodeIds and values in the order in which they come."""

    def __init__(self) -> None:
        self.words: list[int] = []
        self.ids: dict[bytes, int] = {}
        self.values: dict[bytes, int] = {}

    def add(self, node: NodeData) -> None:
        self.words.append(len(node.attributes))
        for attribute, held in node.attributes.items():
            # Values by number, as most of them (WriteMask, IsAbstract, …) are the same on thousands
            # of nodes.
            self.words += attribute.value, self._value(held.value or ua.DataValue())
        for reference in node.references:
            self.words += (
                self.node_id(reference.ReferenceTypeId),
                reference.IsForward | reference.NodeClass << 1,
                self.node_id(reference.NodeId),
                self._name(reference.BrowseName, ua.VariantType.QualifiedName),
                self._name(reference.DisplayName, ua.VariantType.LocalizedText),
                self.node_id(reference.TypeDefinition),
            )

    def node_id(self, node_id: ua.NodeId) -> int:
        return self.ids.setdefault(ua_binary.nodeid_to_binary(node_id), len(self.ids))

    def _name(self, name: object, kind: ua.VariantType) -> int:
        return self._value(_data_value(name, kind))

    def _value(self, value: ua.DataValue) -> int:
        return self.values.setdefault(ua_binary.to_binary(ua.DataValue, value), len(self.values))
