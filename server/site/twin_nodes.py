"""The object of the twin itself under the site: the state of its parts, and its alarms."""

from __future__ import annotations

from collections.abc import Mapping

from asyncua import ua

from heatpump_twin.config.catalogue import TWIN, Point
from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.server.heat_pump.notifiers import Notifiers
from heatpump_twin.server.heat_pump.point_nodes import LiveNode, PointNodes
from heatpump_twin.server.nodeset.model import TypeModel
from heatpump_twin.server.space.node_builder import NodeBuilder, NodePlace

SAMPLING = 1.0
"""Sampling interval of the twin's points, which are looked at at this rate. [s]"""
TITLE = Text("Digital twin", Context.MODEL)


def add_twin(
    builder: NodeBuilder,
    model: TypeModel,
    points: PointNodes,
    notifiers: Notifiers,
    site: ua.NodeId,
    known: Mapping[str, Point],
) -> dict[int, list[LiveNode]]:
    """Add the object of the twin to a site; return the variables that follow its points."""
    own = model.twin
    node = builder.object(
        TWIN,
        ua.QualifiedName(own.instance, builder.namespaces.types),
        builder.type_id(own.name),
        NodePlace(site),
        title=TITLE,
        description=own.text,
        notifier=True,
    )
    # As heat pumps are: a client that follows notifiers from the Server object finds the alarms.
    notifiers.add(node)
    return {point.index: points.add(point, node, SAMPLING, None) for point in known.values()}
