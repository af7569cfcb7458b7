"""OPC UA values that are made in many places."""

from __future__ import annotations

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


def standard(number: int) -> ua.NodeId:
    """Return a NodeId of the OPC UA namespace."""
    return ua.NodeId(ua.Int32(number))


def text(value: str) -> ua.LocalizedText:
    """Return a text in English."""
    return ua.LocalizedText(value, "en")


def engineering_unit(unit: EngineeringUnit) -> ua.EUInformation:
    """Return a unit as OPC UA clients understand it."""
    return ua.EUInformation(UNITS_NAMESPACE, unit.unit_id, text(unit.symbol), text(unit.name))


def value_range(span: tuple[float, float]) -> ua.Range:
    """Return a range."""
    return ua.Range(Low=span[0], High=span[1])


def variant_type(data_type: ua.NodeId) -> ua.VariantType | None:
    """Return how values of a data type are encoded; None: as the value itself says."""
    number = data_type.Identifier if data_type.NamespaceIndex == 0 else 0
    kind = ON_THE_WIRE.get(number)
    if kind is None and isinstance(number, int) and 0 < number <= BUILT_IN_TYPES:
        kind = ua.VariantType(number)
    return kind
