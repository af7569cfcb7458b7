"""Add points of the catalogue to types, as instance declarations."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping

from heatpump_twin.config.catalogue import UNITS, PointKind, PointRole, PointSpec, pascal_case
from heatpump_twin.server.nodeset.generator.model_draft import MANDATORY, OPTIONAL, ModelDraft
from heatpump_twin.server.nodeset.generator.nodeset_node import NodesetNode
from heatpump_twin.server.nodeset.model import TypeModel
from heatpump_twin.server.nodeset.nodeset_xml import (
    engineering_units,
    enum_values,
    localized,
    range_element,
)
from heatpump_twin.server.nodeset.vocabulary import DATA_TYPES, variable_type


def add_points(
    draft: ModelDraft,
    model: TypeModel,
    parent: NodesetNode,
    names: Iterable[str],
    catalogue: Mapping[str, PointSpec],
) -> dict[str, NodesetNode]:
    """Add points as optional variables with their references; return the nodes by point id."""
    nodes = {name: _add(draft, model, parent, name, catalogue[name]) for name in names}
    # After all points are there: a relation may point forward.
    kinds = {spec.relation: draft[name] for name, spec in model.reference_types.items()}
    for name, node in nodes.items():
        for relation, other in catalogue[name].relations.items():
            if other in nodes:
                nodes[other].refer(kinds[relation], node)
    return nodes


def _add(
    draft: ModelDraft, model: TypeModel, parent: NodesetNode, name: str, spec: PointSpec
) -> NodesetNode:
    predicted = spec.role is PointRole.PREDICTED
    node = draft.variable(
        parent,
        pascal_case(name),
        model.prediction.name if predicted else variable_type(spec),
        DATA_TYPES[spec.kind],
        OPTIONAL,
        spec.text,
        title=spec.title,
    )
    match spec.kind:
        case PointKind.ANALOG:
            _describe_analog(draft, node, spec)
        case PointKind.TWO_STATE:
            for state, text in zip(("FalseState", "TrueState"), spec.states or (), strict=True):
                _property(draft, node, state, "LocalizedText", localized("LocalizedText", text))
        case PointKind.MULTI_STATE:
            texts = enum_values(spec.codes)
            _property(draft, node, "EnumValues", "EnumValueType", texts, array=True)
    return node


def _describe_analog(draft: ModelDraft, node: NodesetNode, spec: PointSpec) -> None:
    if spec.range is None:  # the catalogue refuses such a point
        raise ValueError(f"{node.symbol}: an analog point has a range")
    if spec.unit is not None:
        units = engineering_units(UNITS[spec.unit])
        _property(draft, node, "EngineeringUnits", "EUInformation", units)
    else:  # the currency is the site's: the type leaves it to the instance
        _property(draft, node, "CurrencyUnit", "CurrencyUnitType", None)
    # The catalogue's range; an instance has that of its machine.
    _property(draft, node, "EURange", "Range", range_element(spec.range))
    if spec.instrument_range is not None:
        _property(draft, node, "InstrumentRange", "Range", range_element(spec.instrument_range))


def _property(
    draft: ModelDraft,
    node: NodesetNode,
    name: str,
    data_type: str,
    value: ET.Element | None,
    *,
    array: bool = False,
) -> None:
    draft.variable(
        node, f"ua:{name}", "PropertyType", data_type, MANDATORY, value=value, array=array
    )
