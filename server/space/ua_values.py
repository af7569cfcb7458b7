"""OPC UA values: constructors with plain types, units, ranges, variants and their types."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any, cast

from asyncua import ua

from heatpump_twin.config.catalogue import EngineeringUnit
from heatpump_twin.server.nodeset.type_models import UNITS_NAMESPACE

BUILT_IN_TYPES = 25
"""Data types with smaller numbers are their own VariantType (OPC 10000-6, 5.1.2)."""

ON_THE_WIRE = {
    ua.ObjectIds.Duration: ua.VariantType.Double,
    ua.ObjectIds.IdType: ua.VariantType.Int32,
    ua.ObjectIds.NumericRange: ua.VariantType.String,
    ua.ObjectIds.UtcTime: ua.VariantType.DateTime,
}
"""Data types derived from a built-in one."""

# asyncua annotates these constructors with the marks of its encoding (UInt32, Int16, DateTime:
# derived from int and datetime), though what they take, and what its decoder makes, is the plain
# type. Here they say so. They are the classes themselves, with nothing in between.
status_code = cast("Callable[[int], ua.StatusCode]", ua.StatusCode)
"""Make a status of its number."""
node_id_of = cast("Callable[[int | str | bytes | uuid.UUID, int], ua.NodeId]", ua.NodeId)
"""Make a NodeId of its identifier and its namespace's index."""
timed_value = cast(
    "Callable[[ua.Variant, ua.StatusCode, dt.datetime, dt.datetime], ua.DataValue]", ua.DataValue
)
"""Make a value with its status, its source time and its server time."""
encoded_body = cast("Callable[[ua.NodeId, bytes], ua.ExtensionObject]", ua.ExtensionObject)
"""Make a structure of its encoding's NodeId and of the bytes that it is encoded in."""


def standard(number: int) -> ua.NodeId:
    """Return a NodeId of the OPC UA namespace."""
    return ua.NodeId(ua.Int32(number))


def text(value: str) -> ua.LocalizedText:
    """Return a localized text in English."""
    return ua.LocalizedText(value, "en")


def engineering_unit(unit: EngineeringUnit) -> ua.EUInformation:
    """Return a unit as EUInformation."""
    return ua.EUInformation(UNITS_NAMESPACE, unit.unit_id, text(unit.symbol), text(unit.name))


def value_range(span: tuple[float, float]) -> ua.Range:
    """Return a Range from its low and high limit."""
    return ua.Range(Low=span[0], High=span[1])


def variant_type(data_type: ua.NodeId) -> ua.VariantType | None:
    """Return the VariantType of a data type; None: to be taken from the value."""
    number = data_type.Identifier
    # Types of other namespaces are structures or enumerations: their values know what they are.
    if data_type.NamespaceIndex != 0 or not isinstance(number, int):
        return None
    kind = ON_THE_WIRE.get(number)
    if kind is None and 0 < number <= BUILT_IN_TYPES:
        kind = ua.VariantType(number)
    return kind


def variant_of(value: object, kind: ua.VariantType | None, *, array: bool) -> ua.Variant:
    """Return a value as a Variant; without ``kind``, its type is taken from the value."""
    if kind is None:  # asyncua's default, though its annotation leaves it out
        return ua.Variant(value, is_array=array)
    return ua.Variant(value, kind, is_array=array)


def instance_name(node: ua.NodeId) -> str:
    """Return the string identifier of an instance's NodeId: ``hp1.supply_temperature``."""
    return str(node.Identifier)


def content(value: ua.DataValue | None) -> Any:
    """Return the content of a data value; None where it is null, or computed when read."""
    # asyncua annotates the Variant as one that may be missing; its constructor puts one there.
    return None if value is None or value.Value is None else value.Value.Value
