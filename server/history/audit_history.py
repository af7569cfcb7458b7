"""The audit as events of the Server object (OPC 10000-5, 6.4; OPC 10000-4, 6.5)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Protocol

from asyncua import ua

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.drivers.status import is_good
from heatpump_twin.server.history.event_codec import EventCodec
from heatpump_twin.server.history.event_query import EventPlace
from heatpump_twin.server.history.update import event_record
from heatpump_twin.server.history.update.correction_record import (
    EVENT_TYPES,
    asked_for,
    fields_of_correction,
)
from heatpump_twin.server.space.event import SERVER_NODE, Event, Origin, Path, base_fields, moment
from heatpump_twin.server.space.ua_values import node_id_of, standard
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry, AuditKind

IDS, TYPES = ua.ObjectIds, ua.VariantType
DONE, REFUSED = 100, 500
"""Severities."""

KINDS: Mapping[str, tuple[int, str]] = {
    AuditKind.WRITE: (IDS.AuditWriteUpdateEventType, "Attribute/Write"),
    AuditKind.PROGRAM: (IDS.AuditUpdateMethodEventType, "Attribute/Call"),
    AuditKind.METHOD: (IDS.AuditUpdateMethodEventType, "Attribute/Call"),
    AuditKind.CONDITION: (IDS.AuditConditionEventType, "Attribute/Call"),
    AuditKind.HISTORY: (IDS.AuditHistoryUpdateEventType, "Attribute/HistoryUpdate"),
    AuditKind.LOGIN: (IDS.AuditActivateSessionEventType, "Session/ActivateSession"),
}
"""Event type and SourceName of kinds of records."""
ACTS: Mapping[str, int] = {
    "acknowledge": IDS.AuditConditionAcknowledgeEventType,
    "comment": IDS.AuditConditionCommentEventType,
    "confirm": IDS.AuditConditionConfirmEventType,
    **dict.fromkeys(("enable", "disable"), IDS.AuditConditionEnableEventType),
    **dict.fromkeys(("shelve", "unshelve"), IDS.AuditConditionShelvingEventType),
    **dict.fromkeys(("suppress", "unsuppress"), IDS.AuditConditionSuppressionEventType),
    "reset": IDS.AuditConditionResetEventType,
    **dict.fromkeys(
        ("remove from service", "place in service"), IDS.AuditConditionOutOfServiceEventType
    ),
}
"""Event types of what people do about alarms (OPC 10000-9, 5.10), by the words of the record."""
OTHERS = IDS.AuditEventType
"""Of users, certificates, changes of the configuration, starts and stops: the kind is the name."""


class AuditReader(Protocol):
    """Read access to the audit."""

    async def attempts(
        self,
        first: int,
        last: int,
        *,
        limit: int,
        reverse: bool = False,
        behind: EventPlace | None = None,
    ) -> list[tuple[int, AuditEntry]]:
        """Return number and entry of attempts with first ≤ time < last, behind one of them."""
        ...


class AuditHistory:
    """The audit as a source of events, from its records."""

    def __init__(
        self,
        records: AuditReader,
        table: PointTable,
        namespace: int,
        server_uri: str,
        codec: EventCodec,
    ) -> None:
        self._codec = codec
        self._records = records
        self._table = table
        self._namespace = namespace
        self._server_uri = server_uri

    async def events(
        self, first: int, last: int, *, limit: int, reverse: bool, behind: EventPlace | None
    ) -> list[tuple[EventPlace, Event]]:
        """Return events with first ≤ time < last in order of time, behind one of them."""
        found = await self._records.attempts(
            first, last, limit=limit, reverse=reverse, behind=behind
        )
        return [((entry.time, number), self.event(number, entry)) for number, entry in found]

    def event(self, number: int, entry: AuditEntry) -> Event:
        """Return a record of the audit as an event; its EventId follows from its number."""
        kind, name = KINDS.get(entry.kind, (OTHERS, entry.kind))
        if entry.kind == AuditKind.CONDITION:
            kind = ACTS.get(entry.message.removesuffix(" refused"), kind)
        node = self._source(entry)
        particulars: Mapping[Path, ua.Variant] = _particulars(entry)
        if entry.kind == AuditKind.HISTORY and entry.after:
            kind, particulars = self._correction(entry, node)
        good = is_good(entry.status)
        words = f"{entry.key}: {entry.message}" + (f" ({entry.reason})" if entry.reason else "")
        fields: dict[Path, ua.Variant] = {
            **base_fields(
                Origin(standard(kind), node, name),
                entry.time,
                words,
                DONE if good else REFUSED,
                event_id=_event_id(number),
            ),
            ("ActionTimeStamp",): moment(entry.time),
            ("Status",): ua.Variant(good, TYPES.Boolean),
            ("ServerId",): ua.Variant(self._server_uri, TYPES.String),
            ("ClientAuditEntryId",): ua.Variant("", TYPES.String),
            ("ClientUserId",): ua.Variant(f"{entry.user} ({entry.origin})", TYPES.String),
            **particulars,
        }
        return Event(fields)

    def _correction(
        self, entry: AuditEntry, node: ua.NodeId
    ) -> tuple[int, Mapping[Path, ua.Variant]]:
        """Return event type and further fields of a correction of history."""
        what = asked_for(entry)["what"]
        if what in event_record.EVENT_TYPES:
            found = event_record.fields_of_event_correction(entry, self._codec, self._namespace)
            return event_record.EVENT_TYPES[what], found
        return EVENT_TYPES[what], fields_of_correction(entry, node, self._table)

    def _source(self, entry: AuditEntry) -> ua.NodeId:
        if entry.kind == AuditKind.CONDITION:
            asset, _, rule = entry.key.partition(".")
            return node_id_of(f"{asset}.alarms.{rule}", self._namespace)
        point = self._table.by_key.get(entry.key)
        return SERVER_NODE if point is None else node_id_of(point.key, self._namespace)


def _particulars(entry: AuditEntry) -> dict[Path, ua.Variant]:
    """Return the fields that only events of the entry's kind have."""
    if entry.kind == AuditKind.LOGIN:
        return {
            ("StatusCodeId",): ua.Variant(ua.StatusCode(ua.UInt32(entry.status)), TYPES.StatusCode)
        }
    if entry.kind == AuditKind.CONDITION:
        comment = entry.after if entry.message.startswith("comment") else entry.reason
        return {("Comment",): ua.Variant(ua.LocalizedText(comment), TYPES.LocalizedText)}
    if entry.kind != AuditKind.WRITE:
        return {}
    return {
        ("AttributeId",): ua.Variant(int(ua.AttributeIds.Value), TYPES.UInt32),
        ("IndexRange",): ua.Variant("", TYPES.String),
        ("OldValue",): _value(entry.old, entry.before),
        ("NewValue",): _value(entry.requested, entry.after),
    }


def _value(number: float | None, words: str) -> ua.Variant:
    if number is not None:
        return ua.Variant(number, TYPES.Double)
    return ua.Variant(words, TYPES.String) if words else ua.Variant()


def _event_id(number: int) -> bytes:
    return hashlib.blake2b(b"audit %d" % number, digest_size=16).digest()
