"""Add SiteType and the types of its parts: heat pumps, totals, weather, tariff, the twin itself."""

from __future__ import annotations

from heatpump_twin.server.nodeset.generator.model_draft import (
    MANDATORY,
    OPTIONAL,
    PLACEHOLDER,
    ModelDraft,
)
from heatpump_twin.server.nodeset.generator.nodeset_node import NodeClass
from heatpump_twin.server.nodeset.generator.points import add_points
from heatpump_twin.server.nodeset.generator.small_types import add_properties
from heatpump_twin.server.nodeset.model import TypeModel
from heatpump_twin.server.nodeset.vocabulary import SITE, TWIN


def add_site_types(draft: ModelDraft, model: TypeModel) -> None:
    """Add the types of a site's parts, and SiteType."""
    spec = model.site
    for part in spec.parts.values():
        node = draft.type(NodeClass.OBJECT_TYPE, part.type, "BaseObjectType", part.text)
        add_points(draft, model, node, part.points, SITE)
    own = draft.type(NodeClass.OBJECT_TYPE, model.twin.name, "BaseObjectType", model.twin.text)
    add_points(draft, model, own, TWIN, TWIN)
    site = draft.type(NodeClass.OBJECT_TYPE, spec.name, "BaseObjectType", spec.text)
    add_properties(draft, site, spec.properties)
    pumps = draft.object(site, "HeatPumps", "FolderType", MANDATORY, spec.heat_pumps)
    # A placeholder: any number of heat pumps under names of their own (OPC 10000-3, 6.4.4).
    draft.object(pumps, "<HeatPump>", model.heat_pump.name, PLACEHOLDER, reference="Organizes")
    for name, part in spec.parts.items():
        draft.object(site, name, part.type, part.rule.value, part.text)
    draft.object(site, model.twin.instance, model.twin.name, OPTIONAL, model.twin.text)
