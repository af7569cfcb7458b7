"""Add reference types, prediction, alarm and event types, and NamespaceMetadata."""

from __future__ import annotations

from heatpump_twin.server.nodeset.generator.model_draft import ModelDraft
from heatpump_twin.server.nodeset.generator.nodeset_node import (
    SCALAR,
    BrowseName,
    NodeClass,
    NodesetNode,
)
from heatpump_twin.server.nodeset.model import Property, Subtype, TypeModel
from heatpump_twin.server.nodeset.nodeset_xml import array, element
from heatpump_twin.server.nodeset.type_models import TYPES

METADATA = "HeatpumpTwinNamespaceMetadata"
SERVER_NAMESPACES = "i=11715"
NUMERIC = "0"
"""IdType.Numeric."""
ANY_NUMBER = "1:65535"


def add_metadata(draft: ModelDraft, model: TypeModel) -> None:
    """Add the NamespaceMetadata object under Server/Namespaces (OPC 10000-5, 6.3.13)."""
    node = NodesetNode(NodeClass.OBJECT, BrowseName(TYPES, TYPES), TYPES, METADATA)
    node.display_name = TYPES
    node.type_definition = draft["NamespaceMetadataType"]
    # Its parent is a node of the standard: `build_nodes` takes it as a root by its symbol.
    node.parent = draft.official.standard(SERVER_NAMESPACES)
    node.parent_reference = draft["HasComponent"]
    draft.nodes.append(node)
    for name, data_type, value, is_array in (
        ("NamespaceUri", "String", element("String", TYPES), False),
        ("NamespaceVersion", "String", element("String", model.version), False),
        ("NamespacePublicationDate", "DateTime", element("DateTime", model.published), False),
        ("IsNamespaceSubset", "Boolean", element("Boolean", "false"), False),
        ("StaticNodeIdTypes", "IdType", array("Int32", [element("Int32", NUMERIC)]), True),
        (
            "StaticNumericNodeIdRange",
            "NumericRange",
            array("String", [element("String", ANY_NUMBER)]),
            True,
        ),
        ("StaticStringNodeIdPattern", "String", element("String"), False),
        ("ModelVersion", "SemanticVersionString", element("String", model.version), False),
    ):
        draft.variable(
            node, f"ua:{name}", "PropertyType", data_type, None, value=value, array=is_array
        )


def add_reference_types(draft: ModelDraft, model: TypeModel) -> None:
    """Add the reference types between measured, expected and predicted variables."""
    for name, spec in model.reference_types.items():
        node = draft.type(NodeClass.REFERENCE_TYPE, name, "NonHierarchicalReferences", spec.text)
        node.inverse_name = spec.inverse


def add_prediction_type(draft: ModelDraft, spec: Subtype) -> None:
    """Add the VariableType of predicted values, which are scalar Doubles."""
    node = draft.type(NodeClass.VARIABLE_TYPE, spec.name, spec.of, spec.text)
    node.data_type, node.value_rank = draft["Double"], SCALAR
    add_properties(draft, node, spec.properties)
    add_properties(draft, node, spec.variables, "BaseDataVariableType")


def add_alarm_types(draft: ModelDraft, model: TypeModel) -> None:
    """Add the condition types of the rules' alarms, all with the same properties of ours."""
    for spec in (model.alarm, *model.alarms):
        node = draft.type(NodeClass.OBJECT_TYPE, spec.name, spec.of, spec.text)
        add_properties(draft, node, {**model.alarm.properties, **spec.properties})


def add_event_types(draft: ModelDraft, model: TypeModel) -> None:
    """Add the types of events that are no alarms."""
    for name, spec in model.events.items():
        node = draft.type(NodeClass.OBJECT_TYPE, name, spec.of, spec.text)
        add_properties(draft, node, spec.properties)


def add_properties(
    draft: ModelDraft,
    node: NodesetNode,
    properties: dict[str, Property],
    kind: str = "PropertyType",
) -> None:
    """Add the properties, or variables of another type, that a type declares."""
    for name, spec in properties.items():
        draft.variable(
            node, name, kind, spec.type.value, spec.rule.value, spec.text, array=spec.array
        )
