"""Nodes that events climb up to, and what a client is told of the events that they keep."""

from __future__ import annotations

from functools import cached_property

from asyncua import ua

from heatpump_twin.server.history.kept_fields import kept_fields
from heatpump_twin.server.space.event import SERVER_NODE
from heatpump_twin.server.space.node_builder import NodeBuilder, NodePlace, standard

IDS = ua.ObjectIds


class Notifiers:
    """The notifiers of a site: the Server object, and those beneath it."""

    def __init__(self, builder: NodeBuilder) -> None:
        self._builder = builder

    def add(self, node: ua.NodeId) -> None:
        """Have a node found by clients that follow notifiers down from the Server object."""
        self._builder.reference(SERVER_NODE, IDS.HasNotifier, node)
        self.describe(node, str(node.Identifier))

    def describe(self, node: ua.NodeId, name: str) -> None:
        """Say which fields of its events a notifier keeps (OPC 10000-11, 5.3.2)."""
        self._builder.variable(
            f"{name}.HistoricalEventFilter",
            ua.QualifiedName("HistoricalEventFilter"),
            standard(IDS.PropertyType),
            NodePlace(node, IDS.HasProperty),
            standard(IDS.EventFilter),
            self._kept,
        )

    @cached_property
    def _kept(self) -> ua.EventFilter:
        # The same for all of them: event types do not change while a server runs.
        return kept_fields(self._builder.aspace)
