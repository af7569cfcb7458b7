"""Read heat pumps: all of one, or of many what the site shows of each (OPC 10000-100, 5.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from asyncua import ua

from heatpump_twin.hmi.browsing.address_reader import (
    AddressReader,
    ReferenceList,
    node_named,
    text_of,
)
from heatpump_twin.hmi.browsing.method_reader import read_methods
from heatpump_twin.hmi.browsing.variable_reader import read_variables
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, HeatPumpSummary, Variable
from heatpump_twin.hmi.presentation import aware

_PLATE = ("Manufacturer", "Model", "SerialNumber")
_FACTS = (*_PLATE, "Emulated", "SimulatedUntil", "Group", "HeatSource")
_SETS = ("ParameterSet", "MethodSet")
WATCHED_POINTS = ("operating_state", "run_cop_residual")
"""Points of each heat pump by which the page of the site counts and orders all of them."""
FIGURE_POINTS = (
    "electrical_power", "supply_temperature", "supply_setpoint", "cop", "expected_cop",
    "spf_h4_month", "spf_h4_expected_month", "room_temperature",
)  # fmt: skip
"""Points that the page of the site shows besides of those in view, where there are such."""


async def read_summaries(
    reader: AddressReader, pumps: Sequence[ua.ReferenceDescription]
) -> tuple[HeatPumpSummary, ...]:
    """Return of each heat pump what it is, and the points by which all are counted."""
    nodes = [pump.NodeId for pump in pumps]
    values = iter(await reader.values(_named(nodes, _FACTS)))
    said = [dict(zip(_FACTS, values, strict=False)) for _ in pumps]
    points = await _points(reader, nodes, WATCHED_POINTS)
    return tuple(
        HeatPumpSummary(
            node=pump.NodeId,
            id=_id(pump),
            name=pump.DisplayName.Text or pump.BrowseName.Name,
            plate={name: text_of(own[name]) for name in _PLATE if own[name] is not None},
            variables=points.get(_id(pump), {}),
            group=text_of(own["Group"]),
            heat_source=text_of(own["HeatSource"]) or "air",
            emulated=bool(own["Emulated"]),
            simulated_until=None if own["SimulatedUntil"] is None else aware(own["SimulatedUntil"]),
        )
        for pump, own in zip(pumps, said, strict=True)
    )


async def with_figures(
    reader: AddressReader, pumps: Sequence[HeatPumpSummary]
) -> list[HeatPumpSummary]:
    """Return heat pumps with all that the page of the site shows of one in view."""
    points = await _points(reader, [pump.node for pump in pumps], FIGURE_POINTS)
    return [
        replace(pump, variables={**pump.variables, **points.get(pump.id, {})}) for pump in pumps
    ]


async def _points(
    reader: AddressReader, pumps: Sequence[ua.NodeId], points: Sequence[str]
) -> dict[str, dict[str, Variable]]:
    """Return some points of heat pumps, where they have them, by heat pump and by point."""
    found: dict[str, dict[str, Variable]] = {}
    for variable in await read_variables(reader, _named(pumps, points), {}):
        found.setdefault(variable.key.rpartition(".")[0], {})[variable.id] = variable
    return found


def _named(pumps: Sequence[ua.NodeId], names: Sequence[str]) -> list[ua.NodeId]:
    """Return the nodes of these names of each heat pump, whether or not there are such."""
    # Not browsed for: of 250 heat pumps all variables would be sixty thousand, and what they have
    # besides nine thousand. The server names a node after its heat pump.
    return [
        node_named(f"{pump.Identifier!s}.{name}", pump.NamespaceIndex)
        for pump in pumps
        for name in names
    ]


async def read_unit(reader: AddressReader, summary: HeatPumpSummary) -> HeatPumpModel:
    """Return all of a heat pump, with the methods of whomever."""
    (children,) = await reader.browse([summary.node])
    parts = {ref.BrowseName.Name: ref.NodeId for ref in children}
    groups = [
        ref
        for ref in children
        if ref.NodeClass == ua.NodeClass.Object and ref.BrowseName.Name not in _SETS
    ]
    sets = [name for name in _SETS if name in parts]
    browsed = await reader.browse([*(parts[n] for n in sets), *(ref.NodeId for ref in groups)])
    found = dict(zip(sets, browsed[: len(sets)], strict=True))
    members = {
        str(group.BrowseName.Name): refs
        for group, refs in zip(groups, browsed[len(sets) :], strict=True)
    }
    variables = await read_variables(
        reader,
        [r.NodeId for r in found.get("ParameterSet", ()) if r.NodeClass == ua.NodeClass.Variable],
        _group_of(members),
    )
    own = {field.name: getattr(summary, field.name) for field in fields(HeatPumpSummary)}
    methods = (
        await read_methods(reader, parts["MethodSet"], found["MethodSet"])
        if "MethodSet" in parts
        else []
    )
    return HeatPumpModel(
        **{**own, "variables": {variable.id: variable for variable in variables}},
        methods={method.name: method for method in methods},
        groups={str(ref.BrowseName.Name): text_of(ref.DisplayName) for ref in groups},
        programs={str(ref.BrowseName.Name): ref.NodeId for ref in members.get("Programs", ())},
    )


def _id(pump: ua.ReferenceDescription) -> str:
    return str(pump.NodeId.Identifier)


def _group_of(members: Mapping[str, ReferenceList]) -> dict[ua.NodeId, str]:
    group_of: dict[ua.NodeId, str] = {}
    for group, references in members.items():
        for member in references:
            # The first group has it: a parameter may be organized by several.
            group_of.setdefault(member.NodeId, group)
    return group_of
