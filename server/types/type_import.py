"""Load the type nodes: from the package, from an earlier start, or by importing nodesets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import structlog
from asyncua import Server, ua
from asyncua.server.address_space import NodeData

from heatpump_twin.server.nodeset.type_models import (
    TYPES,
    all_nodesets,
    official_nodeset,
    publication_date,
    runtime_part,
)
from heatpump_twin.server.space.ua_values import content
from heatpump_twin.server.types import nodeset_language, standard_nodes
from heatpump_twin.server.types.definitions import define_data_types
from heatpump_twin.server.types.recipe import Recipe
from heatpump_twin.server.types.type_cache import (
    keep_block,
    kept_nodes,
    packaged_block,
    packaged_file,
)
from heatpump_twin.server.types.type_file import code_of
from heatpump_twin.server.types.type_nodes import TypeNodes, packed

log = structlog.stdlib.get_logger(__name__)


async def load_type_nodes(cache: Path) -> TypeNodes:
    """Return the nodes of OPC UA itself and of all type models.

    They come with the package. Where those do not fit, they are read from the file ``cache``, or
    imported and kept there.
    """
    nodesets, packaged = all_nodesets(), packaged_file()
    recipe = Recipe.of(nodesets, code_of(packaged))
    block = packaged_block(packaged, recipe)
    if block is not None:
        return TypeNodes(block)
    kept = kept_nodes(cache, recipe)
    if kept is not None:
        return kept
    block = await make_block(nodesets)
    keep_block(cache, block, recipe)
    return TypeNodes(block)


async def make_block(nodesets: Sequence[bytes]) -> bytes:
    """Import nodesets and pack their nodes; this takes some seconds."""
    made = await import_nodesets(nodesets)
    return packed(made.nodes, made.data_types, made.namespaces)


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import: nodes, data types and namespaces."""

    nodes: Sequence[NodeData]
    data_types: Sequence[ua.NodeId]
    """Data types to be registered with asyncua, in this order."""
    namespaces: Sequence[str]
    """From index 2 on."""


async def import_nodesets(nodesets: Sequence[bytes]) -> Imported:
    """Import nodesets into an asyncua server, and adapt its nodes to what ours offers."""
    # A stock server that never listens: asyncua can import nodesets only through one.
    server = Server()
    try:
        await server.init()
        added: list[ua.NodeId] = []
        for nodeset in nodesets:
            # asyncua annotates text; its parser takes the bytes, which say their encoding.
            added += await server.import_xml(xmlstring=cast("str", runtime_part(nodeset)))
        uris = await server.get_namespace_array()
        namespaces = uris[2:]
    finally:
        # Also after a failed import, or its threads and tasks would be left behind.
        await server.iserver.stop()
    space = server.iserver.aspace
    # Prune first: what is not offered need neither be filled nor dated.
    standard_nodes.prune(space)
    define_data_types(space, [official_nodeset("ns0"), *nodesets], uris)
    standard_nodes.fill(space)
    standard_nodes.date(space, publication_date(nodesets[-1]))
    nodeset_language.state_english(space, namespaces.index(TYPES) + 2)
    nodes = [space[node_id] for node_id in space.keys()]  # noqa: SIM118 - it is no mapping
    log.info("type nodes imported", nodes=len(nodes), namespaces=namespaces)
    data_types = [n for n in added if n in space and _is_data_type(space[n])]
    return Imported(nodes, data_types, namespaces)


def _is_data_type(node: NodeData) -> bool:
    node_class = content(node.attributes[ua.AttributeIds.NodeClass].value)
    return node_class is ua.NodeClass.DataType
