"""What a condition consists of: the variables, objects and methods below it, by browse path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asyncua import ua

from heatpump_twin.server.space.event import Fields, Path
from heatpump_twin.server.space.node import Shape
from heatpump_twin.server.space.node_builder import NodeBuilder, standard
from heatpump_twin.server.space.shapes import VariableKind

IDS = ua.ObjectIds
OWN_FIELDS = frozenset(
    ("LikelyCause", "CorrectiveAction", "Consequence", "RaisedTime", "RaisedValue", "RaisedLimit")
)
"""Fields of our own alarm types, in our namespace; all others are in that of OPC UA."""
STATES = frozenset(
    (
        "EnabledState", "ActiveState", "AckedState", "ConfirmedState", "SuppressedState",
        "OutOfServiceState", "SilenceState", "LatchedState", "HighState", "LowState",
    )
)  # fmt: skip
CONDITION_VARIABLES = frozenset(("Quality", "LastSeverity", "Comment"))
OBJECTS: Mapping[Path, int] = {
    ("ShelvingState",): IDS.ShelvedStateMachineType,
    ("LimitState",): IDS.ExclusiveLimitStateMachineType,
}
"""State machines, with their types."""
COMPONENTS: Mapping[str, int] = {
    **dict.fromkeys(STATES, IDS.TwoStateVariableType),
    **dict.fromkeys(CONDITION_VARIABLES, IDS.ConditionVariableType),
    "CurrentState": IDS.FiniteStateVariableType,
    **dict.fromkeys(("FirstInGroupFlag", "ReAlarmRepeatCount"), IDS.BaseDataVariableType),
}
"""Variables that are components, with their types; all others are properties."""
DATA_TYPES: Mapping[str, int] = {
    **dict.fromkeys(
        (
            "UnshelveTime",
            "MaxTimeShelved",
            "OnDelay",
            "OffDelay",
            "ExpectedTime",
            "ReAlarmTime",
            "ExpirationLimit",
        ),
        IDS.Duration,
    ),
    **dict.fromkeys(("RaisedTime", "ExpirationDate"), IDS.UtcTime),
    "Certificate": IDS.ByteString,
    **dict.fromkeys(("RaisedValue", "RaisedLimit"), IDS.Double),
    "CurrentState": IDS.LocalizedText,
}
"""Data types that do not follow from the field's value."""


SUBSTATES: Mapping[Path, tuple[str, ...]] = {
    ("EnabledState",): (
        "AckedState",
        "ConfirmedState",
        "ActiveState",
        "SuppressedState",
        "ShelvingState",
    ),
    ("ActiveState",): ("LimitState", "HighState", "LowState"),
}
"""States that mean something only while another one is true (HasTrueSubState)."""


@dataclass(frozen=True, slots=True)
class ConditionPart:
    """One node below a condition: how it looks, its type, and the reference to it."""

    path: Path
    shape: Shape
    type_id: ua.NodeId
    reference: ua.NodeId
    """Reference type from the parent."""
    node_class: ua.NodeClass


def parts_of(builder: NodeBuilder, fields: Fields) -> Mapping[Path, ConditionPart]:
    """Return the nodes for some event fields, each behind its parent."""
    found: dict[Path, ConditionPart] = {}
    for path, value in fields.items():
        if path[:-1] in OBJECTS:
            found.setdefault(path[:-1], _object(builder, path[:-1]))
        found[path] = _variable(builder, path, value)
    return found


def _object(builder: NodeBuilder, path: Path) -> ConditionPart:
    shape = builder.shapes.object(ua.QualifiedName(path[-1]), path[-1], "", 0)
    kind, reference = standard(OBJECTS[path]), standard(IDS.HasComponent)
    return ConditionPart(path, shape, kind, reference, ua.NodeClass.Object)


def _variable(builder: NodeBuilder, path: Path, value: ua.Variant) -> ConditionPart:
    last = path[-1]
    namespace = builder.namespaces.types if last in OWN_FIELDS else 0
    data_type = standard(DATA_TYPES.get(last, value.VariantType.value))
    shape = builder.shapes.variable(
        ua.QualifiedName(last, namespace), last, "", VariableKind(data_type)
    )
    kind = COMPONENTS.get(last)
    reference = IDS.HasProperty if kind is None else IDS.HasComponent
    type_id = standard(IDS.PropertyType if kind is None else kind)
    return ConditionPart(path, shape, type_id, standard(reference), ua.NodeClass.Variable)


def below(parts: Mapping[Path, ConditionPart], path: Path) -> Iterable[ConditionPart]:
    """Return the parts right below one of them, or below the condition itself."""
    return (part for part in parts.values() if part.path[:-1] == path)


def substates(parts: Mapping[Path, ConditionPart], path: Path) -> Iterable[ConditionPart]:
    """Return the parts that are states within the true state of one."""
    return (parts[(name,)] for name in SUBSTATES.get(path, ()) if (name,) in parts)


def superstate(path: Path) -> Path | None:
    """Return the state within whose true state one is; None: there is none."""
    above = (above for above, names in SUBSTATES.items() if len(path) == 1 and path[0] in names)
    return next(above, None)
