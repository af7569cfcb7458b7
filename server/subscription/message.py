"""Notification messages, and the bytes of a PublishResponse around them (OPC 10000-4, 5.14.5)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from asyncua import ua
from asyncua.ua.ua_binary import to_binary

from heatpump_twin.server.space.point_values import MIN_TIME, to_datetime
from heatpump_twin.server.space.ua_values import encoded_body, standard

IDS = ua.ObjectIds
_EMPTY = struct.pack("<i", 0)
_TICKS = 10
OBJECT = 1_000
"""Memory that a value or an event takes that is kept as an object, about. [B]"""


class Language(Protocol):
    """What translates the texts in values to the language of a session."""

    def data_value(self, value: ua.DataValue) -> ua.DataValue:
        """Return a data value with its texts translated."""
        ...

    def variant(self, variant: ua.Variant) -> ua.Variant:
        """Return a variant with its texts translated."""
        ...


@dataclass(frozen=True, slots=True)
class Notifications:
    """What one message tells: points as bytes, other values and events as objects."""

    points: bytes = b""
    count: int = 0
    """Number of the notifications in ``points``."""
    values: Sequence[ua.MonitoredItemNotification] = ()
    events: Sequence[ua.EventFieldList] = ()
    status: int | None = None
    """Status of the subscription, which has come to its end."""

    @property
    def size(self) -> int:
        """Memory that it takes, as far as it grows with what is told. [B]"""
        return len(self.points) + OBJECT * (len(self.values) + len(self.events))

    def __bool__(self) -> bool:
        return bool(self.count or self.values or self.events or self.status is not None)

    def parts(self, language: Language | None) -> list[tuple[int, bytes]]:
        """Return the encoding's id and the body of each NotificationData, in a language."""
        parts = []
        if self.count or self.values:
            values = [_value(item, language) for item in self.values]
            count = struct.pack("<i", self.count + len(values))
            # No diagnostics.
            body = b"".join((count, self.points, *values, _EMPTY))
            parts.append((IDS.DataChangeNotification_Encoding_DefaultBinary, body))
        if self.events:
            events = [_event(event, language) for event in self.events]
            body = b"".join((struct.pack("<i", len(events)), *events))
            parts.append((IDS.EventNotificationList_Encoding_DefaultBinary, body))
        if self.status is not None:
            body = struct.pack("<IB", self.status, 0)
            parts.append((IDS.StatusChangeNotification_Encoding_DefaultBinary, body))
        return parts


@dataclass(frozen=True, slots=True)
class Message:
    """A NotificationMessage; without notifications it keeps the subscription alive."""

    number: int
    time: int
    """When it was published. [µs]"""
    content: Notifications = Notifications()

    def as_structure(self, language: Language | None) -> ua.NotificationMessage:
        """Return the message as a structure, for Republish."""
        data = [encoded_body(standard(kind), body) for kind, body in self.content.parts(language)]
        return ua.NotificationMessage(self.number, to_datetime(self.time), data)

    def encoded(self, language: Language | None) -> bytes:
        """Return the bytes of the message."""
        parts = self.content.parts(language)
        encoded = [struct.pack("<Iqi", self.number, _ticks(self.time), len(parts))]
        for kind, body in parts:
            # A NodeId of four bytes, then a body in binary.
            encoded.append(struct.pack("<BBHBi", 1, 0, kind, 1, len(body)))
            encoded.append(body)
        return b"".join(encoded)


@dataclass(frozen=True, slots=True)
class Answer:
    """A PublishResponse, but for what it says of the request: handle and acknowledgements."""

    subscription: int
    available: Sequence[int]
    """Sequence numbers of the messages that can be asked for again."""
    more: bool
    message: Message

    def encoded(
        self, handle: int, results: Sequence[int], language: Language | None, now: int
    ) -> bytes:
        """Return the bytes of the response to a request; ``results``: of its acknowledgements."""
        return b"".join(
            (
                # Type; time, handle, Good, no diagnostics, no texts, no additional header.
                struct.pack("<BBH", 1, 0, IDS.PublishResponse_Encoding_DefaultBinary),
                struct.pack("<qIIBiBBB", _ticks(now), handle, 0, 0, 0, 0, 0, 0),
                struct.pack("<I", self.subscription),
                _numbers(self.available),
                struct.pack("<?", self.more),
                self.message.encoded(language),
                _numbers(results),
                _EMPTY,
            )
        )


def _numbers(numbers: Sequence[int]) -> bytes:
    return struct.pack(f"<i{len(numbers)}I", len(numbers), *numbers)


def _ticks(time: int) -> int:
    return max(0, time - MIN_TIME) * _TICKS


def _value(item: ua.MonitoredItemNotification, language: Language | None) -> bytes:
    if language is not None:
        item = replace(item, Value=language.data_value(item.Value))
    encoded: bytes = to_binary(ua.MonitoredItemNotification, item)
    return encoded


def _event(event: ua.EventFieldList, language: Language | None) -> bytes:
    if language is not None:
        event = replace(event, EventFields=[language.variant(v) for v in event.EventFields])
    encoded: bytes = to_binary(ua.EventFieldList, event)
    return encoded
