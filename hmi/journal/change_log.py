"""The log of changes: the audit, for whoever may read it, and what was changed at devices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asyncua import Client, ua

from heatpump_twin.hmi.endpoint import standard_node
from heatpump_twin.hmi.journal.event_history import (
    TYPES,
    Field,
    RecordedEvents,
    clauses_of,
    of_types,
    read_events,
)

IDS = ua.ObjectIds
MOST = 5_000
"""Events that are read at once."""
_BASE = IDS.BaseEventType
_FIELDS = (
    Field(_BASE, "EventType"),
    Field(_BASE, "Time"),
    Field(_BASE, "SourceNode"),
    Field(_BASE, "SourceName"),
    Field(_BASE, "Message"),
    Field(IDS.AuditEventType, "Status"),
    Field(IDS.AuditEventType, "ClientUserId"),
    Field(IDS.AuditWriteUpdateEventType, "OldValue"),
    Field(IDS.AuditWriteUpdateEventType, "NewValue"),
    Field(IDS.AuditConditionEventType, "Comment"),
)
_OF_DEVICES = (
    Field(_BASE, "Setting", own=True),
    Field(_BASE, "ChangedBy", own=True),
    Field(_BASE, "ChangedAtDevice", own=True),
)
_DEVICE_VALUES = ("OldValue", "NewValue")
_SETTING_CHANGED = "SettingChangedEventType"
_KINDS = {
    IDS.AuditWriteUpdateEventType: "value",
    IDS.AuditUpdateMethodEventType: "program",
    IDS.AuditActivateSessionEventType: "login",
}
"""Kinds of changes by the type of their events; others are named by the event itself."""
_OWN_KINDS = {"user", "certificate", "reload", "run"}
_NEAR = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that somebody changed, or tried to."""

    time: datetime
    kind: str
    """Key of ``texts.CHANGE_KINDS``."""
    who: str
    origin: str
    """From where, as the twin saw it."""
    node: str
    """Identifier of the variable or condition that it is about; empty: of no single one."""
    old: object
    new: object
    done: bool
    message: str
    """As it was recorded, in English."""
    why: str = ""


async def may_read_audit(client: Client, logged_in: datetime) -> bool:
    """Tell whether a session that was opened at a time may read the audit.

    To whom may not, the server gives the other events and says nothing. But each log-in is on
    record, so whoever may reads one at least: their own.

    Raises
    ------
    OSError, TimeoutError, ua.UaError
        It cannot be asked now.
    """
    clauses = clauses_of(_FIELDS[:1], ())
    where = of_types(standard_node(IDS.AuditActivateSessionEventType))
    span = (logged_in - _NEAR, logged_in + _NEAR)
    found = await read_events(client, clauses, where, *span, most=1)
    return bool(found.events)


async def change_events(client: Client, start: datetime, end: datetime) -> RecordedEvents:
    """Read what was changed, the newest first.

    Raises
    ------
    OSError, TimeoutError, ua.UaError
        It cannot be read now.
    """
    namespaces = await client.get_namespace_array()
    own = namespaces.index(TYPES) if TYPES in namespaces else -1
    clauses = clauses_of((*_FIELDS, *_OF_DEVICES), namespaces)
    types = [standard_node(IDS.AuditEventType)]
    if own >= 0:
        of_device = [Field(_BASE, name, own=True).clause(own) for name in _DEVICE_VALUES]
        clauses += [(f"Device{name}", c) for name, c in zip(_DEVICE_VALUES, of_device, strict=True)]
        types += await _setting_changed(client, own)
    return await read_events(client, clauses, of_types(*types), start, end, most=MOST)


async def _setting_changed(client: Client, own: int) -> list[ua.NodeId]:
    """Return the event type of settings that change, found by its name."""
    base = client.get_node(standard_node(_BASE))
    found = await base.get_children(IDS.HasSubtype, ua.NodeClass.ObjectType)
    names = [await node.read_browse_name() for node in found]
    wanted = ua.QualifiedName(_SETTING_CHANGED, own)
    return [node.nodeid for node, name in zip(found, names, strict=True) if name == wanted]


def changes_of(events: Iterable[Mapping[str, Any]], *, audit: bool) -> list[Change]:
    """Return the changes; with the audit, what the twin wrote is there once and not twice."""
    found = [_change(fields) for fields in events]
    return [c for c in found if not (audit and c.kind == "value" and not c.origin)]


def _change(fields: Mapping[str, Any]) -> Change:
    if fields.get("ChangedAtDevice") is not None:
        return Change(
            time=fields["Time"],
            kind="device" if fields["ChangedAtDevice"] else "value",
            who=fields.get("ChangedBy") or "",
            origin="",
            node=_identifier(fields.get("Setting")),
            old=fields.get("DeviceOldValue"),
            new=fields.get("DeviceNewValue"),
            done=True,
            message="",
        )
    who, _, origin = str(fields.get("ClientUserId") or "").partition(" (")
    message, node = _text(fields.get("Message")), _identifier(fields.get("SourceNode"))
    about, _, words = message.partition(": ")
    kind, why = _kind(fields), _text(fields.get("Comment"))
    if why:
        # It is a field of its own.
        words = words.removesuffix(f" ({why})")
    return Change(
        time=fields["Time"],
        kind=kind,
        who=who,
        origin=origin.removesuffix(")") or "-",
        # A log-in is about nothing else.
        node="" if kind == "login" else node or about,
        old=fields.get("OldValue"),
        new=fields.get("NewValue"),
        done=bool(fields.get("Status")),
        message=words or message,
        why=why,
    )


def _kind(fields: Mapping[str, Any]) -> str:
    kind, name = fields.get("EventType"), str(fields.get("SourceName"))
    number = kind.Identifier if isinstance(kind, ua.NodeId) else None
    if isinstance(number, int) and number in _KINDS:
        return _KINDS[number]
    if name in _OWN_KINDS:
        return name
    return "history" if name == "Attribute/HistoryUpdate" else "alarm"


def _identifier(node: object) -> str:
    known = isinstance(node, ua.NodeId) and isinstance(node.Identifier, str)
    return str(node.Identifier) if known and isinstance(node, ua.NodeId) else ""


def _text(value: object) -> str:
    return (value.Text or "") if isinstance(value, ua.LocalizedText) else str(value or "")
