"""The point list for BMS integrators, read from the address space that clients see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from heatpump_twin.config.catalogue import Point, PointTable
from heatpump_twin.server.space.node_builder import Namespaces, standard
from heatpump_twin.server.space.ua_values import content, node_id_of

IDS = ua.ObjectIds
_PARENTS = frozenset(map(standard, (IDS.HasComponent, IDS.Organizes, IDS.HasAddIn)))
_DATA_TYPES = {standard(n): n.name for n in ua.VariantType if n.value}


@dataclass(frozen=True, slots=True)
class PointRow:
    """One row of the point list: a variable; fields are the columns in their order."""

    node_id: str
    """NodeId with the namespace URI: the same after every restart and update."""
    local_node_id: str
    """NodeId with the namespace index, as this server has it now."""
    browse_path: str
    display_name: str
    data_type: str
    unit: str
    unece_code: str
    low: float | None
    """EURange, in the unit."""
    high: float | None
    decimals: int | None
    """How many the device has; None: that is not known."""
    states: str
    access: str
    """``R``, or ``RW`` where an operator may write."""
    historized: bool
    role: str
    group: str
    description: str


def point_rows(
    aspace: AddressSpace, namespaces: Namespaces, table: PointTable
) -> Iterator[PointRow]:
    """Yield a row for every point, in the order of the table."""
    for point in table:
        node = node_id_of(point.key, namespaces.site)
        yield _row(aspace, node, point, namespaces.site_uri)


def browse_path(aspace: AddressSpace, node: ua.NodeId) -> str:
    """Return the BrowseNames from Objects down to a node, with the first parent of each."""
    names: list[str] = []
    while node != standard(IDS.ObjectsFolder):
        names.append(_value(aspace, node, ua.AttributeIds.BrowseName).Name)
        # The first parent is the one that the node was made under: one path, though there may be
        # many.
        node = next(
            r.NodeId
            for r in aspace[node].references
            if not r.IsForward and r.ReferenceTypeId in _PARENTS
        )
    return "/".join(("", "Objects", *reversed(names)))


def _row(aspace: AddressSpace, node: ua.NodeId, point: Point, uri: str) -> PointRow:
    attributes = ua.AttributeIds
    # From the nodes, not from the catalogue: the list must not differ from what clients read.
    properties = {
        r.BrowseName.Name: _value(aspace, r.NodeId, attributes.Value)
        for r in aspace[node].references
        if r.IsForward and r.ReferenceTypeId == standard(IDS.HasProperty)
    }
    unit, span = properties.get("EngineeringUnits"), properties.get("EURange")
    access = _value(aspace, node, attributes.AccessLevel)
    return PointRow(
        node_id=f"nsu={uri};s={point.key}",
        local_node_id=node.to_string(),
        browse_path=browse_path(aspace, node),
        display_name=_value(aspace, node, attributes.DisplayName).Text,
        data_type=_DATA_TYPES[_value(aspace, node, attributes.DataType)],
        unit=unit.DisplayName.Text if unit else "",
        unece_code=_unece(unit.UnitId) if unit else "",
        low=span.Low if span else None,
        high=span.High if span else None,
        decimals=int(properties["ValuePrecision"]) if "ValuePrecision" in properties else None,
        states=_states(properties),
        access="RW" if access & ua.AccessLevel.CurrentWrite.mask else "R",
        historized=bool(_value(aspace, node, attributes.Historizing)),
        role=point.spec.role.value,
        group=point.spec.group.value,
        description=_value(aspace, node, attributes.Description).Text,
    )


def _states(properties: dict[str, Any]) -> str:
    if "TrueState" in properties:
        return _listed((k, properties[f"{k.title()}State"].Text) for k in ("false", "true"))
    return _listed((v.Value, v.DisplayName.Text) for v in properties.get("EnumValues") or ())


def _listed(states: Iterable[tuple[object, str]]) -> str:
    return ", ".join(f"{code}: {text}" for code, text in states)


def _unece(unit_id: int) -> str:
    """Return the common code that a UnitId packs (OPC 10000-8, 5.6.3.3)."""
    return unit_id.to_bytes(4, "big").lstrip(b"\0").decode("ascii")


def _value(aspace: AddressSpace, node: ua.NodeId, attribute: ua.AttributeIds) -> Any:
    return content(aspace.read_attribute_value(node, attribute))
