"""Model changes: NodeVersion of nodes, and GeneralModelChangeEvents.

A node that takes part has the property NodeVersion, and whenever that changes there is an event
(OPC 10000-3, 9.32.2). A heat pump that comes or goes is one change of the model: its nodes below
have no version of their own.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

from asyncua import ua

from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server.space.event import Event, server_event
from heatpump_twin.server.space.node_builder import NodeBuilder, standard
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.server.space.ua_values import instance_name

IDS = ua.ObjectIds
VERB: TypeAlias = ua.ModelChangeStructureVerbMask
CHANGES = ("Changes",)


class ModelChanges:
    """The collector of model changes, which are sent in one event (9.32.4)."""

    def __init__(self, builder: NodeBuilder, clock: Clock) -> None:
        self._builder = builder
        self._clock = clock
        self._changes: list[ua.ModelChangeStructureDataType] = []
        self._count: Counter[ua.NodeId] = Counter()

    def follow(self, node: ua.NodeId, content: Iterable[str]) -> None:
        """Add NodeVersion to a node, derived from its content: the same after a restart."""
        name = ua.QualifiedName("NodeVersion")
        self._builder.property(node, name, IDS.String, self._version(node, content))

    def added(self, node: ua.NodeId) -> None:
        """Record that a node was added."""
        self._note(node, VERB.NodeAdded)

    def deleted(self, node: ua.NodeId) -> None:
        """Record that a node is about to be deleted."""
        self._note(node, VERB.NodeDeleted)
        self._count[node] += 1

    async def changed(self, node: ua.NodeId, verb: VERB, content: Iterable[str]) -> None:
        """Record that a node has more or fewer references, and write its new NodeVersion."""
        self._note(node, verb)
        self._count[node] += 1
        await self._builder.change_value(
            self._builder.node_id(f"{instance_name(node)}.NodeVersion"),
            self._version(node, content),
            to_datetime(self._clock.now()),
        )

    def take(self) -> Event | None:
        """Return the event for the changes since the last one; None if there are none."""
        changes, self._changes = self._changes, []
        if not changes:
            return None
        content = ua.Variant(changes, ua.VariantType.ExtensionObject, is_array=True)
        return server_event(
            IDS.GeneralModelChangeEventType,
            "The address space has changed",
            self._clock.now(),
            {CHANGES: content},
        )

    def _note(self, node: ua.NodeId, verb: VERB) -> None:
        # Now, while the node is there: a deleted one could not be asked for its type any more.
        kind = self._builder.node(node).type_definition
        self._changes.append(ua.ModelChangeStructureDataType(node, kind, ua.Byte(verb)))

    def _version(self, node: ua.NodeId, content: Iterable[str]) -> str:
        digest = hashlib.sha256("\n".join(sorted(content)).encode()).hexdigest()[:12]
        count = self._count[node]
        # A change that is undone is two changes: the version must not be the old one again.
        return f"{digest}-{count}" if count else digest


def server_notifier() -> tuple[ua.NodeId]:
    """Return the notifier of model change events: the Server object (9.32.3)."""
    return (standard(IDS.Server),)
