"""Values of NodeSet2 files in the XML encoding (OPC 10000-6, 5.3), and its namespaces."""

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
    """Return an XML element of the OPC UA types with a text or with children."""
    # Always with its namespace: an element without one is of none, and readers skip it.
    made = ET.Element(f"{{{TYPES_XSD}}}{name}")
    if isinstance(content, str):
        made.text = content
    else:
        made.extend(content)
    return made


def localized(name: str, text: str) -> ET.Element:
    """Return a LocalizedText in English as XML."""
    return element(name, [element("Locale", LOCALE), element("Text", text)] if text else [])


def structure(name: str, fields: Iterable[ET.Element]) -> ET.Element:
    """Return a structure as an ExtensionObject in XML."""
    return element(
        "ExtensionObject",
        [
            element("TypeId", [element("Identifier", ENCODINGS[name])]),
            element("Body", [element(name, fields)]),
        ],
    )


def array(of: str, items: Iterable[ET.Element]) -> ET.Element:
    """Return a one-dimensional array as XML."""
    return element(f"ListOf{of}", items)


def number_text(value: float) -> str:
    """Return the shortest text of a number that is exact."""
    # repr alone would write 20.0 for 20; :g alone cuts after six digits.
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def range_element(span: Span) -> ET.Element:
    """Return a Range as XML."""
    return structure(
        "Range", [element("Low", number_text(span[0])), element("High", number_text(span[1]))]
    )


def engineering_units(unit: EngineeringUnit) -> ET.Element:
    """Return a unit as EUInformation in XML."""
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
    """Return named codes as an array of EnumValueType in XML."""
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
    """Return a scalar Argument as XML; ``data_type`` is a NodeId as text."""
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
