"""Events: their fields, and the select clauses that pick from them (OPC 10000-5, 6.4)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from asyncua import ua

from heatpump_twin.server.space.node_builder import standard, text
from heatpump_twin.server.space.point_values import to_datetime

Path = tuple[str, ...]
Fields = Mapping[Path, ua.Variant]
SERVER_NODE = standard(ua.ObjectIds.Server)


@dataclass(frozen=True, slots=True)
class Event:
    """An event: its fields by browse path, such as ``("ActiveState", "Id")``."""

    fields: Fields
    condition: ua.NodeId | None = None
    """The condition that it is about: what clients call ConditionId."""
    unfiltered: bool = False
    """Sent whatever the client's where clause says."""

    @property
    def EventType(self) -> ua.NodeId:  # noqa: N802 - the library's filters ask for this name
        """EventType: the NodeId of the event's type."""
        kind: ua.NodeId = self.fields[("EventType",)].Value
        return kind

    def field(self, operand: ua.SimpleAttributeOperand) -> ua.Variant:
        """Return the field that a select clause names; null where the event has no such field."""
        if operand.BrowsePath:
            # By name alone: no two fields of ours differ only by their namespace, and clients are
            # careless about it.
            path = tuple(name.Name for name in operand.BrowsePath)
            return self.fields.get(path, ua.Variant())
        # No path and the NodeId attribute: the ConditionId (OPC 10000-9, 5.5.2).
        if operand.AttributeId == ua.AttributeIds.NodeId and self.condition is not None:
            return ua.Variant(self.condition, ua.VariantType.NodeId)
        return ua.Variant()


def new_event_id() -> bytes:
    """Return a new EventId, which no other event has."""
    # Random, as it must differ also from those before a restart, which clients may still show.
    return secrets.token_bytes(16)


def system_event(type_id: int, message: str, now: int) -> Event:
    """Return a RefreshStart or RefreshEnd event, which passes every where clause."""
    return replace(server_event(type_id, message, now), unfiltered=True)


def server_event(type_id: int, message: str, now: int, more: Fields | None = None) -> Event:
    """Return an event of the Server object; ``more`` are fields of its event type."""
    origin = Origin(standard(type_id), SERVER_NODE, "Server")
    return Event({**base_fields(origin, now, message, 1), **(more or {})})


@dataclass(frozen=True, slots=True)
class Origin:
    """What an event is, and of what."""

    event_type: ua.NodeId
    source: ua.NodeId
    source_name: str


def base_fields(
    origin: Origin,
    time: int,
    message: str,
    severity: int,
    *,
    received: int | None = None,
    event_id: bytes | None = None,
) -> Fields:
    """Return the fields that every event has (OPC 10000-5, 6.4.2).

    Parameters
    ----------
    received : int
        When the server knew of it; default: at its time. [µs]
    event_id : bytes
        Default: a new one.
    """
    return {
        ("EventId",): ua.Variant(
            new_event_id() if event_id is None else event_id, ua.VariantType.ByteString
        ),
        ("EventType",): ua.Variant(origin.event_type, ua.VariantType.NodeId),
        ("SourceNode",): ua.Variant(origin.source, ua.VariantType.NodeId),
        ("SourceName",): ua.Variant(origin.source_name, ua.VariantType.String),
        ("Time",): moment(time),
        ("ReceiveTime",): moment(time if received is None else received),
        ("Message",): ua.Variant(text(message), ua.VariantType.LocalizedText),
        ("Severity",): ua.Variant(severity, ua.VariantType.UInt16),
    }


def moment(time: int) -> ua.Variant:
    """Return a time in µs since the Unix epoch as a field."""
    return ua.Variant(to_datetime(time), ua.VariantType.DateTime)
