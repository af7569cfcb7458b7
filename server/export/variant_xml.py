"""Encode values in the XML encoding of OPC UA (OPC 10000-6, 5.3) for NodeSet2 files."""

from __future__ import annotations

import base64
import datetime as dt
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

from asyncua import ua

from heatpump_twin.server.nodeset.nodeset_xml import (
    array,
    element,
    number_text,
    structure,
)

IdText = Callable[[ua.NodeId], str]
"""Return a NodeId as it is written in the file."""


def value_element(value: ua.DataValue | None, id_text: IdText) -> ET.Element | None:
    """Return the XML element of a variable's value; None if it has no value."""
    if value is None or value.Value is None or value.Value.Value is None:
        return None
    kind, content = value.Value.VariantType.name, value.Value.Value
    if isinstance(content, list):
        return array(kind, [_scalar(kind, item, id_text) for item in content])
    return _scalar(kind, content, id_text)


def _scalar(kind: str, value: Any, id_text: IdText) -> ET.Element:
    match value:
        # Before the numbers: in Python, a bool is an int.
        case bool():
            return element(kind, str(value).lower())
        case int() | float():
            return element(kind, number_text(value))
        case ua.NodeId():
            return element(kind, [element("Identifier", id_text(value))])
        case ua.LocalizedText():
            return _text(kind, value)
        case ua.StatusCode():
            return element(kind, [element("Code", str(value.value))])
        case dt.datetime():
            return element(kind, value.strftime("%Y-%m-%dT%H:%M:%SZ"))
        case bytes():
            return element(kind, base64.b64encode(value).decode("ascii"))
        case str():
            return element(kind, value)
        case _:
            return _structure(value, id_text)


def _structure(value: Any, id_text: IdText) -> ET.Element:
    match value:
        case ua.Range():
            fields = [
                element("Low", number_text(value.Low)),
                element("High", number_text(value.High)),
            ]
        case ua.EUInformation():
            fields = [
                element("NamespaceUri", value.NamespaceUri),
                element("UnitId", str(value.UnitId)),
                _text("DisplayName", value.DisplayName),
                _text("Description", value.Description),
            ]
        case ua.CurrencyUnitType():
            fields = [
                element("NumericCode", str(value.NumericCode)),
                element("Exponent", str(value.Exponent)),
                element("AlphabeticCode", value.AlphabeticCode),
                _text("Currency", value.Currency),
            ]
        case ua.EnumValueType():
            fields = [
                element("Value", str(value.Value)),
                _text("DisplayName", value.DisplayName),
                _text("Description", value.Description),
            ]
        case ua.Argument():
            fields = [
                element("Name", value.Name),
                element("DataType", [element("Identifier", id_text(value.DataType))]),
                element("ValueRank", str(value.ValueRank)),
                element("ArrayDimensions", []),
                _text("Description", value.Description),
            ]
        case _:
            # Loud: a structure that is left out would be a file that is silently wrong.
            raise TypeError(f"no variable of ours has a {type(value).__name__}")
    return structure(type(value).__name__, fields)


def _text(name: str, text: ua.LocalizedText) -> ET.Element:
    # An empty Locale is left out: it would say that there is one.
    parts = (("Locale", text.Locale), ("Text", text.Text))
    return element(name, [element(part, content) for part, content in parts if content])
