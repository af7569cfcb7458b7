"""Groups of alarms that may have one cause: of which was the first (OPC 10000-9, 5.8.2, 5.8.3)."""

from __future__ import annotations

from collections.abc import Iterable

from asyncua import ua

from heatpump_twin.server.alarms.condition import Condition
from heatpump_twin.server.space.node_builder import NodeBuilder, NodePlace, standard

NAME = "FirstInGroup"


class AlarmGroups:
    """A group for each device: what one part does wrong, the others tell of as well."""

    def __init__(self, builder: NodeBuilder) -> None:
        self._builder = builder

    def of(self, asset: str, device: ua.NodeId) -> ua.NodeId:
        """Return the group of a device's alarms, which is made for the first of them."""
        node = self._builder.node_id(f"{asset}.{NAME}")
        if node in self._builder.aspace:
            return node
        return self._builder.object(
            f"{asset}.{NAME}",
            ua.QualifiedName(NAME),
            standard(ua.ObjectIds.AlarmGroupType),
            NodePlace(device),
        )

    def join(self, condition: Condition) -> None:
        """Let a condition, whose object is there, be a member of its group."""
        member = ua.ObjectIds.AlarmGroupMember
        self._builder.reference(condition.group, member, condition.node)


def is_first(condition: Condition, group: Iterable[Condition]) -> bool:
    """Tell whether nothing else of a group is active that anybody is bothered with."""
    return not any(
        other.state.active and not other.state.hushed for other in group if other is not condition
    )
