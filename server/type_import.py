"""Where the type nodes come from: a file of an earlier start, or an import of the nodesets."""

from __future__ import annotations

import inspect
from pathlib import Path

import structlog
from asyncua import Server, ua

from heatpump_twin.server import nodeset_language, standard_nodes, type_nodes
from heatpump_twin.server.nodesets import TYPES, all_nodesets, runtime_part
from heatpump_twin.server.type_cache import TypeCache
from heatpump_twin.server.type_nodes import TypeNodes, packed

log = structlog.get_logger(__name__)


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
        block = await imported(nodesets)
        kept.write(block)
    return TypeNodes(block)


async def imported(nodesets: list[bytes]) -> bytes:
    """Import nodesets into a server of the library; return its nodes as a block."""
    server = Server()
    try:
        await server.init()
        data_types = [
            node_id
            for nodeset in nodesets
            for node_id in await server.import_xml(xmlstring=runtime_part(nodeset))
            if await server.get_node(node_id).read_node_class() is ua.NodeClass.DataType
        ]
        uris = (await server.get_namespace_array())[2:]
    finally:
        await server.iserver.stop()
    space = server.iserver.aspace
    standard_nodes.prune(space)
    standard_nodes.fill(space)
    nodeset_language.state_english(space, uris.index(TYPES) + 2)
    nodes = [space[node_id] for node_id in space.keys()]  # noqa: SIM118 - it is no mapping
    log.info("type nodes imported", nodes=len(nodes), namespaces=uris)
    return packed(nodes, data_types, uris)
