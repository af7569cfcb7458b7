"""Read what variables are: title, unit, range, states, decimals, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from asyncua import ua

from heatpump_twin.hmi.browsing.address_reader import AddressReader, text_of
from heatpump_twin.hmi.heat_pump_model import Variable

# Not the UserAccessLevel: what is read here is the same for everybody, so that sessions share it.
# History that a person may not see, the server refuses, and the page says so.
_READ = (
    ua.AttributeIds.BrowseName, ua.AttributeIds.DisplayName, ua.AttributeIds.Description,
    ua.AttributeIds.AccessLevel,
)  # fmt: skip
_HISTORY_READ = 1 << ua.AccessLevel.HistoryRead.value
_KNOWN_PROPERTIES = {
    "EURange", "EngineeringUnits", "TrueState", "FalseState", "EnumValues", "InstrumentRange",
    "EnumStrings", "ValueAsText", "Definition", "ValuePrecision",
}  # fmt: skip


async def read_variables(
    reader: AddressReader, nodes: Sequence[ua.NodeId], group_of: Mapping[ua.NodeId, str]
) -> list[Variable]:
    """Return the variables that there are among some nodes."""
    columns = [await reader.attributes(nodes, attribute) for attribute in _READ]
    properties = await reader.properties(nodes)
    return [
        _variable(node, facts, own, group_of.get(node, ""))
        for node, own, *facts in zip(nodes, properties, *columns, strict=True)
        # Who asks by name may ask for what is not there, or is no variable.
        if facts[-1] is not None
    ]


def span_of(properties: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the EURange among some properties."""
    limits = properties.get("EURange")
    return (limits.Low, limits.High) if limits is not None else None


def states_of(properties: Mapping[str, Any]) -> dict[int, str]:
    """Return the texts of states by code: of an enumeration, or of a switch."""
    if "TrueState" in properties:
        return {0: text_of(properties["FalseState"]), 1: text_of(properties["TrueState"])}
    return {v.Value: text_of(v.DisplayName) for v in properties.get("EnumValues") or ()}


def _variable(
    node: ua.NodeId, facts: Sequence[Any], properties: Mapping[str, Any], group: str
) -> Variable:
    name, title, text, level = facts
    key, unit = str(node.Identifier), properties.get("EngineeringUnits")
    precision = properties.get("ValuePrecision")
    return Variable(
        node=node,
        id=key.rpartition(".")[2],
        key=key,
        name=str(name.Name),
        title=text_of(title) or str(name.Name),
        text=text_of(text),
        group=group,
        unit=text_of(unit.DisplayName) if unit is not None else "",
        span=span_of(properties),
        states=states_of(properties),
        decimals=None if precision is None else round(precision),
        has_history=bool((level or 0) & _HISTORY_READ),
        provenance={
            name: value
            for name, value in properties.items()
            if name not in _KNOWN_PROPERTIES and "ModelName" in properties
        },
    )
