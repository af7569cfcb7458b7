"""Build the nodes of our namespace from model.yaml and the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from heatpump_twin.server.nodeset.generator.heat_pump import (
    add_component_types,
    add_heat_pump_type,
)
from heatpump_twin.server.nodeset.generator.model_draft import ModelDraft
from heatpump_twin.server.nodeset.generator.nodeset_node import NodesetNode
from heatpump_twin.server.nodeset.generator.official import Official
from heatpump_twin.server.nodeset.generator.site import add_site_types
from heatpump_twin.server.nodeset.generator.small_types import (
    METADATA,
    add_alarm_types,
    add_event_types,
    add_metadata,
    add_prediction_type,
    add_reference_types,
)
from heatpump_twin.server.nodeset.generator.state_machine import (
    add_causes,
    add_state_machine_type,
)
from heatpump_twin.server.nodeset.model import TypeModel


def build_nodes(model: TypeModel, official: Official) -> list[NodesetNode]:
    """Return the nodes of our types, each followed by its children."""
    draft = ModelDraft(official)
    # In the order of dependence: a type is found by name among those that were added before.
    add_metadata(draft, model)
    add_reference_types(draft, model)
    add_prediction_type(draft, model.prediction)
    add_alarm_types(draft, model)
    add_event_types(draft, model)
    add_component_types(draft, model)
    add_state_machine_type(draft, model.state_machine)
    add_heat_pump_type(draft, model)
    add_causes(draft, model.state_machine, draft[model.heat_pump.name].child("MethodSet"))
    add_site_types(draft, model)
    roots = [node for node in draft.nodes if node.parent is None or node.symbol == METADATA]
    for root in roots:
        # Last, when all is declared: only what nobody has declared is copied from the supertypes.
        draft.complete(root)
    return [node for root in roots for node in _family(root)]


def _family(node: NodesetNode) -> Iterator[NodesetNode]:
    yield node
    for child in node.children:
        yield from _family(child)
