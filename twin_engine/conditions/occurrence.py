"""One occurrence of an alarm: from when it was raised until nobody has to do anything about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from heatpump_twin.config.phrase import data_of_text, text_of_data

_TEXTS = frozenset(("message", "cause", "action", "comment", "user"))


@dataclass(frozen=True, slots=True)
class Occurrence:
    """State of one occurrence of an alarm. Times are µs since the Unix epoch, UTC."""

    number: int = 0
    """Counted from 1; 0: the alarm has never been active."""
    active: bool = False
    raised: int = 0
    """When it began. Nothing that happens later changes it, nor value and limit."""
    value: float | None = None
    """Of the input when it was raised."""
    limit: float | None = None
    """What that was compared with."""
    quality: int = 0
    """OPC UA status of the input at the latest transition of the rule."""
    turned: int = 0
    """When it became active, or inactive."""
    turned_value: float | None = None
    """Of the input then."""
    severity: int = 1
    last_severity: int = 1
    """That of the event before the latest."""
    message: str = ""
    cause: str = ""
    action: str = ""
    acked: bool = True
    acked_since: int = 0
    confirmed: bool = True
    confirmed_since: int = 0
    comment: str = ""
    commented: int = 0
    first: bool = False
    """Whether it was the first one of its group: nothing else was active when it was raised."""
    repeats: int = 0
    """How often it was raised again since, as it went on."""
    user: str = ""
    """Who did the last that a person did about it."""
    time: int = 0
    """Of its latest event."""
    received: int = 0
    event_id: bytes = b""
    known_events: tuple[bytes, ...] = ()
    """Its latest events, each of which can be acknowledged, confirmed or commented on."""

    @property
    def open(self) -> bool:
        """Whether somebody has still to acknowledge or to confirm it."""
        return not (self.acked and self.confirmed)

    def data(self) -> dict[str, Any]:
        """Return it as data that JSON can hold."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        found |= {name: data_of_text(found[name]) for name in _TEXTS}
        found["event_id"] = self.event_id.hex()
        found["known_events"] = [event.hex() for event in self.known_events]
        return found

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Occurrence:
        """Return the occurrence of such data; what an earlier version did not know is left out."""
        known = {field.name for field in fields(cls)}
        found = {name: value for name, value in data.items() if name in known}
        for name in _TEXTS & found.keys():
            found[name] = text_of_data(found[name]) or ""
        if "event_id" in found:
            found["event_id"] = bytes.fromhex(found["event_id"])
        events = map(bytes.fromhex, found.get("known_events", ()))
        return cls(**{**found, "known_events": tuple(events)})
