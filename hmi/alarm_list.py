"""Alarms as conditions report them (OPC 10000-9), and the alarm list of a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asyncua import ua

_KEPT_AFTER_RETURN = 100
PRIORITIES = ((900, "urgent"), (700, "high"), (500, "medium"), (1, "low"))
"""Lowest severity of each priority; the names are keys of ``texts.PRIORITY``."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Alarm: the latest report of one condition."""

    condition: ua.NodeId
    event: bytes
    unit: str
    """Id of the heat pump that it belongs to."""
    source: str
    name: str
    message: str
    severity: int
    time: datetime | None
    active: bool
    acknowledged: bool
    retain: bool
    cause: str = ""
    action: str = ""
    comment: str = ""

    @property
    def key(self) -> str:
        """The condition's NodeId as text."""
        return str(self.condition.to_string())

    @property
    def priority(self) -> str:
        """Return urgent, high, medium or low."""
        return next((name for floor, name in PRIORITIES if self.severity >= floor), "low")

    @property
    def state(self) -> str:
        """Return the state of IEC 62682: key of ``texts.ALARM_STATE``."""
        if self.active:
            return "acknowledged" if self.acknowledged else "unacknowledged"
        # Retain decides in the end: a server may have conditions that need no acknowledgement.
        return "normal" if self.acknowledged or not self.retain else "returned"


@dataclass(slots=True)
class AlarmList:
    """Alarm list: active alarms, and those that returned to normal while one was logged in."""

    version: int = 0
    """Grows with every change."""
    _alarms: dict[str, Alarm] = field(default_factory=dict)

    def take(self, alarm: Alarm) -> None:
        """Put the latest report of a condition into the list."""
        # Taken out and put in again, so that the oldest report comes first and is the first to
        # go.
        known = self._alarms.pop(alarm.key, None)
        if alarm.retain or known is not None:
            self._alarms[alarm.key] = alarm
            self.version += 1
        over = [key for key, old in self._alarms.items() if not old.retain]
        for key in over[:-_KEPT_AFTER_RETURN]:
            del self._alarms[key]

    def clear(self) -> None:
        """Empty the list: the server will report all conditions again."""
        self._alarms.clear()
        self.version += 1

    def rows(self) -> list[Alarm]:
        """Return all alarms, the worst first: active before returned, severity, newest."""
        return sorted(
            self._alarms.values(),
            key=lambda a: (not a.retain, not a.active, -a.severity, -_seconds(a.time)),
        )

    def active(self) -> list[Alarm]:
        """Return the alarms that need a person: active, or returned and not acknowledged."""
        return [alarm for alarm in self.rows() if alarm.retain]

    def find(self, key: str) -> Alarm | None:
        """Return the alarm of a condition."""
        return self._alarms.get(key)


def alarm_of(fields: Mapping[str, Any]) -> Alarm | None:
    """Build an alarm from event fields; None for events that are not conditions."""
    condition = fields.get("ConditionId")
    if not isinstance(condition, ua.NodeId) or condition.is_null():
        return None
    source = fields.get("SourceNode")
    identifier = str(source.Identifier if isinstance(source, ua.NodeId) else condition.Identifier)
    name = _text(fields.get("ConditionName"))
    return Alarm(
        condition=condition,
        event=fields.get("EventId") or b"",
        # The NodeId's identifier begins with the heat pump: `hp1.supply_temperature`.
        unit=identifier.partition(".")[0],
        source=_text(fields.get("SourceName")),
        name=name,
        message=_text(fields.get("Message")) or name,
        severity=int(fields.get("Severity") or 1),
        time=fields.get("Time"),
        active=bool(fields.get("ActiveState/Id")),
        # A condition without this state cannot wait for a person, so absent counts as
        # acknowledged.
        acknowledged=fields.get("AckedState/Id") is not False,
        retain=bool(fields.get("Retain")),
        cause=_text(fields.get("LikelyCause")),
        action=_text(fields.get("CorrectiveAction")),
        comment=_text(fields.get("Comment")),
    )


def _seconds(time: datetime | None) -> float:
    return time.timestamp() if time else 0.0


def _text(value: Any) -> str:
    if isinstance(value, ua.LocalizedText):
        return value.Text or ""
    return str(value) if value is not None else ""
