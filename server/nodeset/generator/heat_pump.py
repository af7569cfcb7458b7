"""HeatPumpType and the types of its parts (OPC 10000-100 and OPC 40001-1)."""

from __future__ import annotations

from collections.abc import Mapping

from heatpump_twin.config.catalogue import OWN_GROUPS, Group
from heatpump_twin.server.nodeset.generator.model_draft import MANDATORY, OPTIONAL, ModelDraft
from heatpump_twin.server.nodeset.generator.nodeset_node import NodeClass, NodesetNode
from heatpump_twin.server.nodeset.generator.points import add_points
from heatpump_twin.server.nodeset.generator.programs import add_programs
from heatpump_twin.server.nodeset.generator.small_types import add_properties
from heatpump_twin.server.nodeset.method_declaration import ArgumentDeclaration
from heatpump_twin.server.nodeset.model import TypeModel
from heatpump_twin.server.nodeset.nodeset_xml import argument, array
from heatpump_twin.server.nodeset.vocabulary import HEAT_PUMP


def add_component_types(draft: ModelDraft, model: TypeModel) -> None:
    """Add the common component type, and a type for each component with its points."""
    base = draft.type(
        NodeClass.OBJECT_TYPE,
        model.component.name,
        model.component.of,
        model.component.text,
        is_abstract=True,
    )
    draft.override(base, "di:ParameterSet", MANDATORY)
    for part in model.components.values():
        node = draft.type(NodeClass.OBJECT_TYPE, part.type, base.symbol, part.text)
        if part.points:
            parameters = draft.override(node, "di:ParameterSet", MANDATORY)
            add_points(draft, model, parameters, part.points, HEAT_PUMP)


def add_heat_pump_type(draft: ModelDraft, model: TypeModel) -> None:
    """Add the device type: parameters, methods, groups, parts, state machine, building blocks."""
    spec = model.heat_pump
    device = draft.type(NodeClass.OBJECT_TYPE, spec.name, spec.of, spec.text)
    # So that a client can offer the fields of our alarms and events without having seen one.
    alarms = [alarm.name for alarm in (model.alarm, *model.alarms)]
    for kind in (*alarms, *model.events):
        device.refer(draft["GeneratesEvent"], draft[kind])
    draft.override(device, "di:DeviceHealth", MANDATORY, spec.health)
    add_properties(draft, device, spec.properties)
    parameters = draft.override(device, "di:ParameterSet", MANDATORY, spec.parameter_set)
    points = add_points(draft, model, parameters, HEAT_PUMP, HEAT_PUMP)
    methods = draft.override(device, "di:MethodSet", OPTIONAL, spec.method_set)
    for name in model.methods:
        _add_method(draft, model, methods, name)
    for group, text in spec.groups.items():
        folder = _add_group(draft, device, group, text)
        for name, point in points.items():
            if HEAT_PUMP[name].group is group:
                folder.refer(draft["Organizes"], point)
    add_programs(draft, model, device)
    machine = model.state_machine
    draft.object(device, machine.instance, machine.name, OPTIONAL, machine.text)
    for name, part in model.components.items():
        draft.object(device, name, part.type, OPTIONAL, part.text)
    _add_building_blocks(draft, device)


def _add_group(draft: ModelDraft, device: NodesetNode, group: Group, text: str) -> NodesetNode:
    """Add a FunctionalGroup; DI has names for most of them (OPC 10000-100, 5.4.2)."""
    if group is Group.IDENTIFICATION:
        node = draft.override(device, "di:Identification", MANDATORY, text, reference="HasAddIn")
        # Machinery asks for a type of its own here (OPC 40001-1).
        node.type_definition = draft["machinery:MachineIdentificationType"]
        return node
    name = group.value if group in OWN_GROUPS else f"di:{group.value}"
    return draft.object(device, name, "di:FunctionalGroupType", OPTIONAL, text)


def _add_method(draft: ModelDraft, model: TypeModel, methods: NodesetNode, name: str) -> None:
    spec = model.methods[name]
    node = draft.method(methods, name, OPTIONAL, spec.description)
    _add_arguments(draft, node, "ua:InputArguments", spec.inputs)
    _add_arguments(draft, node, "ua:OutputArguments", model.outputs(name))


def _add_arguments(
    draft: ModelDraft, method: NodesetNode, name: str, arguments: Mapping[str, ArgumentDeclaration]
) -> None:
    # No property at all: OPC 10000-3 has none for a method without arguments.
    if not arguments:
        return
    described = [
        argument(name, draft[spec.data_type.value].identifier, spec.description)
        for name, spec in arguments.items()
    ]
    draft.variable(
        method,
        name,
        "PropertyType",
        "Argument",
        MANDATORY,
        value=array("ExtensionObject", described),
        array=True,
    )


def _add_building_blocks(draft: ModelDraft, device: NodesetNode) -> None:
    """Add the folder where Machinery's clients look for add-ins (OPC 40001-1, 6.3).

    There is no MachineComponentsType among them: it is for components with a serial number of their
    own, which no controller tells of a compressor.
    """
    blocks = draft.object(device, "machinery:MachineryBuildingBlocks", "FolderType", OPTIONAL)
    blocks.refer(draft["HasAddIn"], device.child("Identification"))
    for name, type_name in (
        ("MachineryItemState", "MachineryItemState_StateMachineType"),
        ("MachineryOperationMode", "MachineryOperationModeStateMachineType"),
    ):
        draft.object(
            blocks, f"machinery:{name}", f"machinery:{type_name}", OPTIONAL, reference="HasAddIn"
        )
