"""Give instances the properties that a type of ours declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asyncua import ua

from heatpump_twin.server.nodeset.model import Property
from heatpump_twin.server.space.node_builder import NodeBuilder


def fill_properties(
    builder: NodeBuilder,
    owner: ua.NodeId,
    declared: Mapping[str, Property],
    values: Mapping[str, Any],
) -> None:
    """Add the properties of a node with their values; one without a value is left out."""
    for name, spec in declared.items():
        if values[name] is not None:
            builder.property(
                owner,
                ua.QualifiedName(name, builder.namespaces.types),
                getattr(ua.ObjectIds, spec.type),
                values[name],
                description=spec.text,
            )
