"""The fields of conditions that are asked for: in events, in their history, and as variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from asyncua import ua

from heatpump_twin.hmi.endpoint import standard_node
from heatpump_twin.hmi.journal.event_history import CONDITION_ID, Field, clauses_of

IDS = ua.ObjectIds
FIELDS = (
    Field(IDS.BaseEventType, "EventId"),
    Field(IDS.BaseEventType, "EventType"),
    Field(IDS.BaseEventType, "SourceNode"),
    Field(IDS.BaseEventType, "SourceName"),
    Field(IDS.BaseEventType, "Time"),
    Field(IDS.BaseEventType, "Message"),
    Field(IDS.BaseEventType, "Severity"),
    Field(IDS.ConditionType, "ConditionName"),
    Field(IDS.ConditionType, "Retain"),
    Field(IDS.ConditionType, "Comment"),
    Field(IDS.ConditionType, "ClientUserId"),
    Field(IDS.ConditionType, "BranchId"),
    Field(IDS.AcknowledgeableConditionType, "AckedState/Id"),
    Field(IDS.AcknowledgeableConditionType, "AckedState/TransitionTime"),
    Field(IDS.AcknowledgeableConditionType, "ConfirmedState/Id"),
    Field(IDS.AlarmConditionType, "ActiveState/Id"),
    Field(IDS.AlarmConditionType, "ActiveState/TransitionTime"),
    Field(IDS.AlarmConditionType, "LatchedState/Id"),
    Field(IDS.AlarmConditionType, "SuppressedOrShelved"),
    Field(IDS.AlarmConditionType, "SuppressedState/Id"),
    Field(IDS.AlarmConditionType, "OutOfServiceState/Id"),
    Field(IDS.AlarmConditionType, "ShelvingState/CurrentState/Id"),
    Field(IDS.AlarmConditionType, "ShelvingState/UnshelveTime"),
    Field(IDS.AlarmConditionType, "InputNode"),
    Field(IDS.AlarmConditionType, "FirstInGroupFlag"),
    # Of our own types; a server without them still shows its alarms.
    Field(IDS.BaseEventType, "LikelyCause", own=True),
    Field(IDS.BaseEventType, "CorrectiveAction", own=True),
    Field(IDS.BaseEventType, "RaisedTime", own=True),
    Field(IDS.BaseEventType, "RaisedValue", own=True),
)


def alarm_clauses(namespaces: Sequence[str]) -> list[tuple[str, ua.SimpleAttributeOperand]]:
    """Return name and select clause of each field, that of the condition itself included."""
    return [*clauses_of(FIELDS, namespaces), ("ConditionId", CONDITION_ID)]


def browse_path(node: ua.NodeId, path: str, namespace: int = 0) -> ua.BrowsePath:
    """Return the way from a node to what is below it, by BrowseNames."""
    elements = [
        ua.RelativePathElement(
            ReferenceTypeId=standard_node(IDS.HierarchicalReferences),
            # asyncua's mark of a Boolean is a class that no bool can be derived from.
            IsInverse=cast("ua.Boolean", False),
            IncludeSubtypes=cast("ua.Boolean", True),
            TargetName=ua.QualifiedName(step, namespace),
        )
        for step in path.split("/")
    ]
    return ua.BrowsePath(StartingNode=node, RelativePath=ua.RelativePath(Elements=elements))
