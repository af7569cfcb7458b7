"""The variables of conditions: made when somebody looks at one, kept while somebody listens.

A condition has some thirty variables, a site has thousands of conditions, and nearly all of them
are never looked at. What they say is in `Condition.fields()` anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from asyncua import ua

from heatpump_twin.server.alarms.condition import Condition
from heatpump_twin.server.space.asset_nodes import reference_to
from heatpump_twin.server.space.event import Fields, Path
from heatpump_twin.server.space.node import VALUE, Attribute, ComputedNode, NodeAttributes, Shape
from heatpump_twin.server.space.node_builder import NodeBuilder
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.server.space.shapes import VariableKind
from heatpump_twin.server.space.ua_values import content, standard, timed_value

OWN_FIELDS = frozenset((("LikelyCause",), ("CorrectiveAction",)))
STATES = frozenset((("EnabledState",), ("ActiveState",), ("AckedState",)))
CONDITION_VARIABLES = frozenset((("Quality",), ("LastSeverity",), ("Comment",)))


@dataclass(frozen=True, slots=True)
class _Field:
    """The shape, type and reference of the variable for one event field."""

    path: Path
    shape: Shape
    type_id: ua.NodeId
    reference: ua.NodeId
    """Reference type from the parent to the variable."""


class ConditionNodes:
    """The node source of the variables of all conditions."""

    def __init__(self, builder: NodeBuilder) -> None:
        self._builder = builder
        self._conditions: dict[str, Condition] = {}
        self._kept: dict[str, dict[Path, ComputedNode]] = {}
        self._fields: dict[Path, _Field] = {}
        self._latest: tuple[bytes, Fields] = (b"", {})

    def add(self, condition: Condition) -> None:
        """Offer the variables of a condition."""
        self._conditions[_name(condition)] = condition
        if not self._fields:
            self._fields = {
                path: self._field(path, value) for path, value in condition.fields().items()
            }

    def discard(self, condition: Condition) -> Iterable[ComputedNode]:
        """Stop offering the variables of a condition; return those that have listeners."""
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
        """Return the references from a condition, or from one of its variables, to variables."""
        return [
            ua.ReferenceDescription(
                field.reference,
                True,
                self._node_id(condition, field.path),
                content(field.shape[ua.AttributeIds.BrowseName].value),
                content(field.shape[ua.AttributeIds.DisplayName].value),
                ua.NodeClass.Variable,
                field.type_id,
            )
            for field in self._fields.values()
            if field.path[:-1] == path
        ]

    @property
    def kept(self) -> int:
        """Number of variables that are kept because they have listeners."""
        return sum(map(len, self._kept.values()))

    # ── a source ──────────────────────────────────────────────────────────────────────────────────
    def get(self, node_id: ua.NodeId) -> ComputedNode | None:
        """Return the variable of a condition that has a NodeId; None: there is none."""
        found = self._find(node_id)
        if found is None:
            return None
        condition, field = found
        # The kept node first: listeners are on that very object.
        return self._kept.get(_name(condition), {}).get(field.path) or self._node(condition, field)

    def __contains__(self, node_id: ua.NodeId) -> bool:
        return self._find(node_id) is not None

    def __iter__(self) -> Iterator[ua.NodeId]:
        for condition in list(self._conditions.values()):
            for path in self._fields:
                yield self._node_id(condition, path)

    def _find(self, node_id: ua.NodeId) -> tuple[Condition, _Field] | None:
        if node_id.NamespaceIndex != self._builder.namespaces.site:
            return None
        name = str(node_id.Identifier)
        path: Path = ()
        for _ in range(2):  # a field is at most a variable's property
            name, _, last = name.rpartition(".")
            path = (last, *path)
            condition = self._conditions.get(name)
            if condition is not None:
                field = self._fields.get(path)
                return None if field is None else (condition, field)
        return None

    # ── making nodes ──────────────────────────────────────────────────────────────────────────────
    def _field(self, path: Path, value: ua.Variant) -> _Field:
        ids = ua.ObjectIds
        namespaces = self._builder.namespaces
        kind, reference = ids.PropertyType, ids.HasProperty
        if path in STATES or path in CONDITION_VARIABLES:
            reference = ids.HasComponent
            kind = ids.TwoStateVariableType if path in STATES else ids.ConditionVariableType
        # Fields of OPC 10000-9 are in namespace 0, those of our alarm type in ours.
        name = ua.QualifiedName(path[-1], namespaces.types if path in OWN_FIELDS else 0)
        shape = self._builder.shapes.variable(
            name, path[-1], "", VariableKind(standard(value.VariantType.value))
        )
        return _Field(path, shape, standard(kind), standard(reference))

    def _node(self, condition: Condition, field: _Field) -> ComputedNode:
        path = field.path
        node_id = self._node_id(condition, path)
        parent = self._builder.node(self._node_id(condition, path[:-1]))
        references = (
            reference_to(parent, field.reference, forward=False),
            self._builder.type_reference(field.type_id),
            *self.children(condition, path),
        )
        content = Attribute(value_callback=lambda _node, _attribute: self._value(condition, path))
        return ComputedNode(
            node_id,
            NodeAttributes(node_id, field.shape, content),
            references,
            keep=lambda node: self._keep(condition, path, node),
            let_go=lambda _: self._let_go(condition, path),
        )

    def _node_id(self, condition: Condition, path: Path) -> ua.NodeId:
        return self._builder.node_id(".".join((_name(condition), *path)))

    def _value(self, condition: Condition, path: Path) -> ua.DataValue:
        if self._latest[0] != condition.event_id:  # clients read a condition as a whole
            self._latest = condition.event_id, condition.fields()
        return timed_value(
            self._latest[1][path],
            ua.StatusCode(),
            to_datetime(condition.time),
            to_datetime(condition.received),
        )

    def _keep(self, condition: Condition, path: Path, node: ComputedNode) -> None:
        self._kept.setdefault(_name(condition), {})[path] = node

    def _let_go(self, condition: Condition, path: Path) -> None:
        kept = self._kept.get(_name(condition), {})
        kept.pop(path, None)
        if not kept:
            self._kept.pop(_name(condition), None)


def _name(condition: Condition) -> str:
    return str(condition.node.Identifier)
