"""Add the group of program variables to HeatPumpType, as instance declarations."""

from __future__ import annotations

from heatpump_twin.server.nodeset.generator.model_draft import MANDATORY, OPTIONAL, ModelDraft
from heatpump_twin.server.nodeset.generator.nodeset_node import NodesetNode
from heatpump_twin.server.nodeset.model import TypeModel
from heatpump_twin.server.nodeset.nodeset_xml import array, engineering_units, localized


def add_programs(draft: ModelDraft, model: TypeModel, device: NodesetNode) -> None:
    """Add the group of program variables; an instance has those whose methods it has."""
    spec = model.programs
    group = draft.object(device, spec.name, spec.of, OPTIONAL, spec.text)
    for name, variable in spec.variables.items():
        node = draft.variable(
            group,
            name,
            variable.variable_type,
            variable.data_type,
            OPTIONAL,
            variable.text,
            array=variable.array,
        )
        if variable.unit is not None:
            draft.variable(
                node,
                "ua:EngineeringUnits",
                "PropertyType",
                "EUInformation",
                MANDATORY,
                value=engineering_units(variable.unit),
            )
        if variable.states:
            texts = [localized("LocalizedText", state) for state in variable.states]
            draft.variable(
                node,
                "ua:EnumStrings",
                "PropertyType",
                "LocalizedText",
                MANDATORY,
                value=array("LocalizedText", texts),
                array=True,
            )
