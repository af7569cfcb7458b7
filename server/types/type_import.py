"""Where the type nodes come from: a file of an earlier start, or an import of the nodesets."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import structlog
from asyncua import Server, ua
from asyncua.server.address_space import NodeData

from heatpump_twin.server.nodeset.type_models import TYPES, all_nodesets, runtime_part
from heatpump_twin.server.space.ua_values import content
from heatpump_twin.server.types import nodeset_language, standard_nodes, type_nodes
from heatpump_twin.server.types.type_cache import TypeCache
from heatpump_twin.server.types.type_nodes import TypeNodes, packed

log = structlog.stdlib.get_logger(__name__)


async def load_type_nodes(cache: Path) -> TypeNodes:
    """Return the nodes of OPC UA itself and of all type models.

    They are read from the file ``cache``, or imported and written there.
    """
    nodesets = all_nodesets()
    steps = (standard_nodes, nodeset_language, type_nodes)
    recipe = [inspect.getsource(module).encode() for module in steps]
    kept = TypeCache(cache, [*nodesets, *recipe])
    block = kept.read()
    if block is None:
        made = await import_nodesets(nodesets)
        block = packed(made.nodes, made.data_types, made.namespaces)
        kept.write(block)
    return TypeNodes(block)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has made."""

    nodes: Sequence[NodeData]
    data_types: Sequence[ua.NodeId]
    """Those that the library had to be told of, in this order."""
    namespaces: Sequence[str]
    """From index 2 on."""


async def import_nodesets(nodesets: Iterable[bytes]) -> Imported:
    """Import nodesets into a server of the library, and make of its nodes what ours offers."""
    server = Server()
    try:
        await server.init()
        added: list[ua.NodeId] = []
        for nodeset in nodesets:
            # asyncua annotates text; its parser takes the bytes, which say their encoding.
            added += await server.import_xml(xmlstring=cast("str", runtime_part(nodeset)))
        namespaces = (await server.get_namespace_array())[2:]
    finally:
        await server.iserver.stop()
    space = server.iserver.aspace
    standard_nodes.prune(space)
    standard_nodes.fill(space)
    nodeset_language.state_english(space, namespaces.index(TYPES) + 2)
    nodes = [space[node_id] for node_id in space.keys()]  # noqa: SIM118 - it is no mapping
    log.info("type nodes imported", nodes=len(nodes), namespaces=namespaces)
    data_types = [n for n in added if n in space and _is_data_type(space[n])]
    return Imported(nodes, data_types, namespaces)


def _is_data_type(node: NodeData) -> bool:
    node_class = content(node.attributes[ua.AttributeIds.NodeClass].value)
    return node_class is ua.NodeClass.DataType
