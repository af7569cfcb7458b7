"""XML of NodeSet2 files: namespaces, and values in the XML encoding (OPC 10000-6, 5.3)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping

from heatpump_twin.config.catalogue import EngineeringUnit, Span
from heatpump_twin.server.nodeset.type_models import UNITS_NAMESPACE

NODESET_XSD = "http://opcfoundation.org/UA/2011/03/UANodeSet.xsd"
TYPES_XSD = "http://opcfoundation.org/UA/2008/02/Types.xsd"
LOCALE = "en"

ENCODINGS = {
    "Argument": "i=297",
    "CurrencyUnitType": "i=23520",
    "EUInformation": "i=888",
    "EnumValueType": "i=7616",
    "Range": "i=885",
}
"""NodeIds of the XML encodings (OPC 10000-6, 5.3.1.16)."""


def element(name: str, content: str | Iterable[ET.Element] = "") -> ET.Element:
    """Return an element with a text or with children."""
    made = ET.Element(f"{{{TYPES_XSD}}}{name}")
    if isinstance(content, str):
        made.text = content
    else:
        made.extend(content)
    return made


def localized(name: str, text: str) -> ET.Element:
    """Return a text in English."""
    return element(name, [element("Locale", LOCALE), element("Text", text)] if text else [])


def structure(name: str, fields: Iterable[ET.Element]) -> ET.Element:
    """Return an ExtensionObject."""
    return element(
        "ExtensionObject",
        [
            element("TypeId", [element("Identifier", ENCODINGS[name])]),
            element("Body", [element(name, fields)]),
        ],
    )


def array(of: str, items: Iterable[ET.Element]) -> ET.Element:
    """Return a one-dimensional array."""
    return element(f"ListOf{of}", items)


def number_text(value: float) -> str:
    """Return a number as briefly as it is exact."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def range_element(span: Span) -> ET.Element:
    """Return a Range."""
    return structure(
        "Range", [element("Low", number_text(span[0])), element("High", number_text(span[1]))]
    )


def engineering_units(unit: EngineeringUnit) -> ET.Element:
    """Return an EUInformation."""
    return structure(
        "EUInformation",
        [
            element("NamespaceUri", UNITS_NAMESPACE),
            element("UnitId", str(unit.unit_id)),
            localized("DisplayName", unit.symbol),
            localized("Description", unit.name),
        ],
    )


def enum_values(texts: Mapping[int, str]) -> ET.Element:
    """Return an array of EnumValueType."""
    return array(
        "ExtensionObject",
        [
            structure(
                "EnumValueType",
                [
                    element("Value", str(code)),
                    localized("DisplayName", text),
                    localized("Description", ""),
                ],
            )
            for code, text in texts.items()
        ],
    )


def argument(name: str, data_type: str, description: str) -> ET.Element:
    """Return a scalar Argument; ``data_type`` is a NodeId."""
    return structure(
        "Argument",
        [
            element("Name", name),
            element("DataType", [element("Identifier", data_type)]),
            element("ValueRank", "-1"),
            element("ArrayDimensions", []),
            localized("Description", description),
        ],
    )
