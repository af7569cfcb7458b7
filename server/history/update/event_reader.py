"""Make events of what a client writes into the history, where there can be such (6.9.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asyncua import ua

from heatpump_twin.server.history.event_codec import EventCodec
from heatpump_twin.server.history.event_history import is_below
from heatpump_twin.server.history.raw_query import given
from heatpump_twin.server.history.update.event_form import (
    CONDITION_ID,
    EVENT_ID,
    EVENT_TYPE,
    TIME,
    EventForm,
)
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.event import SERVER_NODE, Event, Fields, Path, new_event_id
from heatpump_twin.server.space.ua_values import content, standard
from heatpump_twin.server.subscription.filters.event_fields import EventFields

CODES, TYPES = ua.StatusCodes, ua.VariantType
AUDIT = standard(ua.ObjectIds.AuditEventType)
SOURCE, SEVERITY = ("SourceNode",), ("Severity",)
_SEVEREST = 1000
_LONGEST_ID = 64
"""[B]"""


class FieldError(Exception):
    """An event cannot be written; ``code`` is the status that says why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class WrittenEvent:
    """An event as it is to be kept."""

    event: Event
    ignored: bool
    """Whether it had fields that events of its type do not have, or that are not kept."""


@dataclass(frozen=True, slots=True)
class EventReader:
    """Makes events of the values of a request."""

    aspace: TwinAddressSpace
    fields: EventFields
    codec: EventCodec
    notifier: ua.NodeId
    """The node whose history is changed."""
    namespace: int
    """Index of the site's namespace."""
    now: dt.datetime
    latest: int
    """The last time that can be recorded. [µs since the Unix epoch]"""

    def event(
        self, form: EventForm, values: Sequence[ua.Variant], old: Event | None = None
    ) -> WrittenEvent:
        """Return the event that has these values, and all else from an ``old`` one.

        Raises
        ------
        FieldError
            There cannot be such an event.
        """
        if len(values) != len(form.paths):
            raise FieldError(CODES.BadInvalidArgument)
        found = dict(form.given(values))
        known: Fields = {} if old is None else old.fields
        kind = self._kind(found.get(EVENT_TYPE, known.get(EVENT_TYPE)))
        fields: dict[Path, ua.Variant] = {
            path: value
            for path, value in found.items()
            if path is not None and self._fits(kind, path, value)
        }
        ignored = len(fields) < len(found)
        condition = None if old is None else old.condition
        if (about := fields.pop(CONDITION_ID, None)) is not None:
            condition = about.Value
        whole = {**self._rest(), **known, **fields}
        self._check(whole)
        return WrittenEvent(Event(whole, condition), ignored)

    def origin(self, event: Event) -> str:
        """Return the node that an event climbs up from, at or beneath the notifier.

        Raises
        ------
        FieldError
            Its source is none of these.
        """
        source: ua.NodeId = event.fields[SOURCE].Value
        if source not in self.aspace:
            raise FieldError(CODES.BadSourceNodeIdInvalid)
        above, name = str(self.notifier.Identifier), str(source.Identifier)
        ours = source.NamespaceIndex == self.namespace
        if self.notifier == SERVER_NODE:
            return name if ours else above
        if not ours or not is_below(name, self.notifier):
            raise FieldError(CODES.BadSourceNodeIdInvalid)
        return name

    def _kind(self, variant: ua.Variant | None) -> ua.NodeId:
        kind = None if variant is None else variant.Value
        if not isinstance(kind, ua.NodeId):
            raise FieldError(CODES.BadInvalidArgument)
        # The audit is what nobody changes.
        if not self.fields.is_event_type(kind) or self.fields.is_type(kind, AUDIT):
            raise FieldError(CODES.BadTypeDefinitionInvalid)
        return kind

    def _fits(self, kind: ua.NodeId, path: Path, value: ua.Variant) -> bool:
        """Tell whether a field is kept; raise an error where its value is of a wrong type."""
        expected = TYPES.NodeId
        if path != CONDITION_ID:
            node = self.fields.declaration(kind, path)
            data_type = None if node is None else self._content(node, ua.AttributeIds.DataType)
            if data_type is None:
                return False  # there is none, or it is an object or a method
            expected = self.fields.built_in_type(data_type) or value.VariantType
        if value.VariantType is not expected:
            raise FieldError(CODES.BadInvalidArgument)
        return self.codec.keeps(value)

    def _check(self, fields: Fields) -> None:
        severe = 1 <= fields[SEVERITY].Value <= _SEVEREST
        if TIME not in fields or not severe or len(fields[EVENT_ID].Value) > _LONGEST_ID:
            raise FieldError(CODES.BadInvalidArgument)
        time = given(fields[TIME].Value)
        if time is None or not 0 <= time <= self.latest:
            raise FieldError(CODES.BadOutOfRange)

    def _rest(self) -> Fields:
        """Return what an event says where nobody has said anything."""
        name = self._content(self.notifier, ua.AttributeIds.BrowseName)
        return {
            EVENT_ID: ua.Variant(new_event_id(), TYPES.ByteString),
            SOURCE: ua.Variant(self.notifier, TYPES.NodeId),
            ("SourceName",): ua.Variant(name.Name, TYPES.String),
            ("ReceiveTime",): ua.Variant(self.now, TYPES.DateTime),
            ("Message",): ua.Variant(ua.LocalizedText(""), TYPES.LocalizedText),
            SEVERITY: ua.Variant(1, TYPES.UInt16),
        }

    def _content(self, node: ua.NodeId, attribute: ua.AttributeIds) -> Any:
        return content(self.aspace.read_attribute_value(node, attribute))
