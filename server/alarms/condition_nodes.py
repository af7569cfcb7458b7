"""The nodes below conditions: made when somebody looks at one, kept while somebody listens.

A condition has some sixty variables, a site has thousands of conditions, and nearly all of them
are never looked at. What they say is in the fields of its events anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from asyncua import ua

from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server.alarms.condition import Condition
from heatpump_twin.server.alarms.condition_event import fields_of
from heatpump_twin.server.alarms.condition_methods import methods_of
from heatpump_twin.server.alarms.condition_parts import (
    OBJECTS,
    ConditionPart,
    below,
    parts_of,
    substates,
    superstate,
)
from heatpump_twin.server.alarms.shelving_fields import shelving_fields
from heatpump_twin.server.space.asset_nodes import reference_to
from heatpump_twin.server.space.event import Fields, Path
from heatpump_twin.server.space.node import VALUE, Attribute, ComputedNode, NodeAttributes
from heatpump_twin.server.space.node_builder import NodeBuilder, standard
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.server.space.ua_values import content, status_code, timed_value
from heatpump_twin.twin_engine.conditions.condition_state import ConditionState

DEPTH = 3
"""Names in the longest browse path from a condition: ShelvingState, CurrentState, Id."""
MOVING = "UnshelveTime"
"""The variable whose value changes with time alone."""
Parts = Mapping[Path, ConditionPart]


class ConditionNodes:
    """The node source of all that is below conditions."""

    def __init__(self, builder: NodeBuilder, clock: Clock) -> None:
        self._builder = builder
        self._clock = clock
        self._conditions: dict[str, Condition] = {}
        self._kept: dict[str, dict[Path, ComputedNode]] = {}
        self._parts: dict[tuple[object, ...], Parts] = {}
        self._latest: tuple[ConditionState, Fields] | None = None

    def add(self, condition: Condition) -> None:
        """Offer the nodes of a condition."""
        self._conditions[_name(condition)] = condition
        if _form(condition) not in self._parts:
            fields = fields_of(condition, condition.state.trunk, self._clock.now())
            self._parts[_form(condition)] = parts_of(self._builder, fields)

    def discard(self, condition: Condition) -> Iterable[ComputedNode]:
        """Stop offering the nodes of a condition; return those that have listeners."""
        del self._conditions[_name(condition)]
        return self._kept.pop(_name(condition), {}).values()

    async def tell(self, condition: Condition) -> None:
        """Send the present values of a condition to the listeners of its variables."""
        # A copy: a listener that goes while it is told takes its variable with it.
        for path, node in list(self._kept.get(_name(condition), {}).items()):
            content = node.attributes[VALUE]
            if isinstance(content, Attribute):
                await content.tell(self._value(condition, path))

    def children(self, condition: Condition, path: Path = ()) -> list[ua.ReferenceDescription]:
        """Return the references from a condition, or from what is below it, to what is below."""
        parts = self._parts[_form(condition)]
        true_sub_state = standard(ua.ObjectIds.HasTrueSubState)
        found = [self._to(condition, part, part.reference) for part in below(parts, path)]
        found += (self._to(condition, part, true_sub_state) for part in substates(parts, path))
        # The methods of the type, which all conditions have in common (OPC 10000-9, 5.5.4).
        kind = standard(ua.ObjectIds.HasComponent)
        methods = [
            reference_to(self._builder.node(standard(method.numbers[0])), kind, forward=True)
            for method in methods_of(condition.alarm)
            if path == (OBJECT_OF_SHELVING if method.shelves else ())
        ]
        # The group that says of all of its members which was the first (5.8.2).
        groups = [] if path else [self._builder.node(condition.group)]
        return found + methods + [reference_to(group, kind, forward=True) for group in groups]

    def _to(
        self, condition: Condition, part: ConditionPart, reference: ua.NodeId
    ) -> ua.ReferenceDescription:
        return ua.ReferenceDescription(
            reference,
            True,
            self._node_id(condition, part.path),
            content(part.shape[ua.AttributeIds.BrowseName].value),
            content(part.shape[ua.AttributeIds.DisplayName].value),
            part.node_class,
            part.type_id,
        )

    @property
    def kept(self) -> int:
        """Number of variables that are kept because they have listeners."""
        return sum(map(len, self._kept.values()))

    def owner(self, node_id: ua.NodeId) -> Condition | None:
        """Return the condition that a node is, or whose state machine it is."""
        if node_id.NamespaceIndex != self._builder.namespaces.site:
            return None
        name = str(node_id.Identifier)
        head, _, last = name.rpartition(".")
        return self._conditions.get(name) or (
            self._conditions.get(head) if (last,) in OBJECTS else None
        )

    # ── a source ──────────────────────────────────────────────────────────────────────────────────
    def get(self, node_id: ua.NodeId) -> ComputedNode | None:
        """Return the node below a condition that has a NodeId; None: there is none."""
        found = self._find(node_id)
        if found is None:
            return None
        condition, part = found
        # The kept node first: listeners are on that very object.
        return self._kept.get(_name(condition), {}).get(part.path) or self._node(condition, part)

    def __contains__(self, node_id: ua.NodeId) -> bool:
        return self._find(node_id) is not None

    def __iter__(self) -> Iterator[ua.NodeId]:
        for condition in list(self._conditions.values()):
            for path in self._parts[_form(condition)]:
                yield self._node_id(condition, path)

    def _find(self, node_id: ua.NodeId) -> tuple[Condition, ConditionPart] | None:
        if node_id.NamespaceIndex != self._builder.namespaces.site:
            return None
        name = str(node_id.Identifier)
        path: Path = ()
        for _ in range(DEPTH):
            name, _, last = name.rpartition(".")
            path = (last, *path)
            condition = self._conditions.get(name)
            if condition is not None:
                part = self._parts[_form(condition)].get(path)
                return None if part is None else (condition, part)
        return None

    # ── making nodes ──────────────────────────────────────────────────────────────────────────────
    def _node(self, condition: Condition, part: ConditionPart) -> ComputedNode:
        path = part.path
        node_id = self._node_id(condition, path)
        parent = self._builder.node(self._node_id(condition, path[:-1]))
        references = (
            reference_to(parent, part.reference, forward=False),
            self._builder.type_reference(part.type_id),
            *self.children(condition, path),
            *self._superstates(condition, path),
        )
        value = None
        if part.node_class is ua.NodeClass.Variable:
            value = Attribute(value_callback=lambda _node, _attribute: self._value(condition, path))
        return ComputedNode(
            node_id,
            NodeAttributes(node_id, part.shape, value),
            references,
            keep=lambda node: self._keep(condition, path, node),
            let_go=lambda _: self._let_go(condition, path),
        )

    def _superstates(self, condition: Condition, path: Path) -> Iterator[ua.ReferenceDescription]:
        if (above := superstate(path)) is not None:
            state = self._builder.node(self._node_id(condition, above))
            yield reference_to(state, standard(ua.ObjectIds.HasTrueSubState), forward=False)

    def _node_id(self, condition: Condition, path: Path) -> ua.NodeId:
        return self._builder.node_id(".".join((_name(condition), *path)))

    def _value(self, condition: Condition, path: Path) -> ua.DataValue:
        state = condition.state
        if self._latest is None or self._latest[0] is not state:
            # Clients read a condition as a whole.
            self._latest = state, fields_of(condition, state.trunk, self._clock.now())
        fields = self._latest[1]
        if path[-1] == MOVING:
            fields = shelving_fields(state, self._clock.now())
        times = to_datetime(state.trunk.time), to_datetime(state.trunk.received)
        # The limit that it is beyond is a state of an active alarm (OPC 10000-9, 5.8.18).
        away = path[0] == "LimitState" and fields[path[:2]].Value is None
        status = ua.StatusCodes.BadStateNotActive if away else ua.StatusCodes.Good
        return timed_value(fields[path], status_code(status), *times)

    def _keep(self, condition: Condition, path: Path, node: ComputedNode) -> None:
        self._kept.setdefault(_name(condition), {})[path] = node

    def _let_go(self, condition: Condition, path: Path) -> None:
        kept = self._kept.get(_name(condition), {})
        kept.pop(path, None)
        if not kept:
            self._kept.pop(_name(condition), None)


OBJECT_OF_SHELVING: Path = ("ShelvingState",)


def _form(condition: Condition) -> tuple[object, ...]:
    """Return what conditions with the same nodes have in common."""
    alarm = condition.alarm
    limits = alarm.low_limit is None, alarm.high_limit is None
    return alarm.form, alarm.confirms, alarm.latches, alarm.repeat_after > 0, limits


def _name(condition: Condition) -> str:
    return str(condition.node.Identifier)
