"""Records of corrections of events in the audit: what was asked for and what was there, as JSON.

An event is what `EventCodec.data` makes of it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence

from asyncua import ua

from heatpump_twin.server.history.event_codec import EventCodec
from heatpump_twin.server.history.update.correction_record import asked_for, written
from heatpump_twin.server.space.event import SERVER_NODE, Event, Path
from heatpump_twin.server.space.ua_values import node_id_of, standard
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry
from heatpump_twin.twin_engine.correction import Change

IDS, TYPES = ua.ObjectIds, ua.VariantType
UPDATE, DELETE = "update events", "delete events"
EVENT_TYPES = {
    UPDATE: IDS.AuditHistoryEventUpdateEventType,
    DELETE: IDS.AuditHistoryEventDeleteEventType,
}
"""Types of events by what was asked for (OPC 10000-11, 5.8.3 and 5.8.8)."""
SERVER_KEY = "Server"
BASE_FIELDS: Sequence[Path] = tuple(
    (name,)
    for name in (
        "EventId", "EventType", "SourceNode", "SourceName", "Time", "ReceiveTime", "Message",
        "Severity",
    )
)  # fmt: skip
"""What is told of events that were deleted; a deletion selects no fields."""


def key_of(node: ua.NodeId) -> str:
    """Return the name of a node in the audit."""
    return SERVER_KEY if node == SERVER_NODE else str(node.Identifier)


def written_events(
    codec: EventCodec, change: Change, paths: Sequence[Path], events: Iterable[Event]
) -> str:
    """Return as JSON what events are to be after a correction, and which fields were given."""
    data = [codec.data(event) for event in events]
    return written(UPDATE, mode=int(change), fields=paths, events=data)


def deleted_events(event_ids: Iterable[bytes]) -> str:
    """Return as JSON which events are to be deleted."""
    return written(DELETE, ids=[base64.b64encode(one).decode() for one in event_ids])


def old_events(codec: EventCodec, events: Sequence[Event]) -> str:
    """Return as JSON the events that were there."""
    data = [codec.data(event) for event in events]
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) if data else ""


def fields_of_event_correction(
    entry: AuditEntry, codec: EventCodec, namespace: int
) -> Mapping[Path, ua.Variant]:
    """Return the fields that only audit events of corrected events have."""
    asked = asked_for(entry)
    node = SERVER_NODE if entry.key == SERVER_KEY else node_id_of(entry.key, namespace)
    old = [codec.event(data) for data in json.loads(entry.before or "[]")]
    if asked["what"] == DELETE:
        ids = [base64.b64decode(one) for one in asked["ids"]]
        return {
            ("ParameterDataTypeId",): _node(standard(IDS.DeleteEventDetails)),
            ("UpdatedNode",): _node(node),
            ("EventIds",): ua.Variant(ids, TYPES.ByteString, is_array=True),
            # One structure as the type has it, or as many as there were.
            ("OldValues",): _lists(old, BASE_FIELDS, array=len(old) != 1),
        }
    paths = [tuple(path) for path in asked["fields"]]
    new = [codec.event(data) for data in asked["events"]]
    return {
        ("ParameterDataTypeId",): _node(standard(IDS.UpdateEventDetails)),
        ("UpdatedNode",): _node(node),
        ("PerformInsertReplace",): ua.Variant(asked["mode"], TYPES.Int32),
        ("Filter",): ua.Variant(_filter(paths), TYPES.ExtensionObject),
        ("NewValues",): _lists(new, paths),
        ("OldValues",): _lists(old, paths),
    }


def _node(node: ua.NodeId) -> ua.Variant:
    return ua.Variant(node, TYPES.NodeId)


def _lists(events: Sequence[Event], paths: Sequence[Path], *, array: bool = True) -> ua.Variant:
    """Return selected fields of events as HistoryEventFieldLists."""
    lists = []
    for event in events:
        fields = [event.field(operand) for operand in _filter(paths).SelectClauses]
        lists.append(ua.HistoryEventFieldList(fields))
    return ua.Variant(lists if array else lists[0], TYPES.ExtensionObject, is_array=array)


def _filter(paths: Sequence[Path]) -> ua.EventFilter:
    """Return a filter that selects some fields; the ConditionId has no path."""
    found = ua.EventFilter()
    for path in paths:
        operand = ua.SimpleAttributeOperand()
        operand.TypeDefinitionId = standard(IDS.BaseEventType if path else IDS.ConditionType)
        operand.BrowsePath = [ua.QualifiedName(name) for name in path]
        operand.AttributeId = ua.AttributeIds.Value if path else ua.AttributeIds.NodeId
        found.SelectClauses.append(operand)
    return found
