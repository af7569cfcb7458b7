"""Alarms as conditions report them (OPC 10000-9), and the alarm list of a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from asyncua import ua

_KEPT_AFTER_RETURN = 100
PRIORITIES = ((900, "urgent"), (700, "high"), (500, "medium"), (1, "low"))
"""Lowest severity of each priority; the names are keys of ``texts.PRIORITY``."""


_SHELVED = (
    ua.ObjectIds.ShelvedStateMachineType_TimedShelved,
    ua.ObjectIds.ShelvedStateMachineType_OneShotShelved,
)


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
    raised: datetime | None = None
    """When it began, which nothing that happens later changes."""
    raised_value: float | None = None
    """Of the point `input`, when it began."""
    input: str = ""
    """Identifier of the variable that is watched: `hp1.water_flow`."""
    acknowledged_at: datetime | None = None
    returned_at: datetime | None = None
    branch: str = ""
    """Of an earlier occurrence that still waits for somebody; empty: of the present one."""
    confirmed: bool = True
    latched: bool = False
    quiet: bool = False
    """Shelved, suppressed or out of service."""
    shelved: bool = False
    """Put away by somebody, for a time or until it returns to normal."""
    shelved_until: datetime | None = None

    @property
    def key(self) -> str:
        """The condition's NodeId as text; of an earlier occurrence, that of its branch."""
        return self.branch or str(self.condition.to_string())

    @property
    def waits(self) -> bool:
        """Whether somebody is to look at it now: it is retained, and nobody has put it away."""
        return self.retain and not self.quiet

    @property
    def wants(self) -> str:
        """What is to be done about it: key of ``texts.ALARM_ACTS``; empty: nothing now."""
        if not self.acknowledged:
            return "acknowledge"
        if not self.confirmed:
            return "confirm"
        return "reset" if self.latched and not self.active else ""

    @property
    def puts_away(self) -> str:
        """Whether it can be put away or is: key of ``texts.SHELVING_ACTS``; empty: neither."""
        if self.branch or not self.retain:
            return ""
        if self.shelved:
            return "unshelve"
        return "" if self.quiet else "shelve"

    @property
    def priority(self) -> str:
        """Return urgent, high, medium or low."""
        return next((name for floor, name in PRIORITIES if self.severity >= floor), "low")

    @property
    def state(self) -> str:
        """Return the state of IEC 62682: key of ``texts.ALARM_STATE``."""
        if self.quiet:
            return "quiet"
        if self.active:
            return "acknowledged" if self.acknowledged else "unacknowledged"
        # Retain decides in the end: a server may have conditions that need no acknowledgement.
        if not self.retain:
            return "normal"
        return {"acknowledge": "returned", "": "normal"}.get(self.wants, self.wants)


@dataclass(slots=True)
class AlarmList:
    """Alarm list: active alarms, and those that returned to normal while one was logged in."""

    version: int = 0
    """Grows with every change."""
    current: bool = False
    """Whether it is what the server knows now; else it is the last that was known."""
    _alarms: dict[str, Alarm] = field(default_factory=dict)
    _unheard: set[str] = field(default_factory=set)
    """Keys of alarms that the refresh under way has not reported."""

    def take(self, alarm: Alarm) -> None:
        """Put the latest report of a condition into the list."""
        # Taken out and put in again, so that the oldest report comes first and is the first to
        # go.
        known = self._alarms.pop(alarm.key, None)
        self._unheard.discard(alarm.key)
        if alarm.retain or known is not None:
            self._alarms[alarm.key] = alarm
            self.version += 1
        over = [key for key, old in self._alarms.items() if not old.retain]
        for key in over[:-_KEPT_AFTER_RETURN]:
            del self._alarms[key]

    def age(self) -> None:
        """Mark the list as old: the server cannot be heard."""
        self.current = False
        self.version += 1

    def begin_refresh(self) -> None:
        """Note that the server begins to report all that it retains."""
        self._unheard = {key for key, alarm in self._alarms.items() if alarm.retain}

    def end_refresh(self) -> None:
        """Note that it has reported all: what it did not is over, unnoticed by us."""
        for key in self._unheard:
            del self._alarms[key]
        self._unheard.clear()
        self.current = True
        self.version += 1

    def rows(self) -> list[Alarm]:
        """Return all alarms: what waits to be acknowledged before all else.

        Then active before returned, by severity, the newest first.
        """
        return sorted(
            self._alarms.values(),
            key=lambda a: (
                not a.waits,
                a.acknowledged,
                not a.active,
                -a.severity,
                -_seconds(a.raised or a.time),
            ),
        )

    def active(self) -> list[Alarm]:
        """Return the alarms that need a person: active, or returned and not acknowledged."""
        return [alarm for alarm in self.rows() if alarm.waits]

    def find(self, key: str) -> Alarm | None:
        """Return the alarm of a condition."""
        return self._alarms.get(key)


def alarm_of(fields: Mapping[str, Any]) -> Alarm | None:
    """Build an alarm from event fields; None for events that are not conditions."""
    condition = fields.get("ConditionId")
    if not isinstance(condition, ua.NodeId) or condition.is_null():
        return None
    identifier = _identifier(fields.get("SourceNode")) or str(condition.Identifier)
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
        raised=fields.get("RaisedTime"),
        raised_value=fields.get("RaisedValue"),
        input=_identifier(fields.get("InputNode")),
        acknowledged_at=_since(fields, "AckedState", state=True),
        returned_at=_since(fields, "ActiveState", state=False),
        branch=_branch(fields.get("BranchId")),
        confirmed=fields.get("ConfirmedState/Id") is not False,
        latched=bool(fields.get("LatchedState/Id")),
        quiet=bool(fields.get("SuppressedOrShelved")),
        shelved=_is_shelved(fields),
        shelved_until=_shelved_until(fields),
    )


def _identifier(node: object) -> str:
    return str(node.Identifier) if isinstance(node, ua.NodeId) and not node.is_null() else ""


def _since(fields: Mapping[str, Any], name: str, *, state: bool) -> datetime | None:
    """Return since when a two-state variable has this state; None: it has the other."""
    time = fields.get(f"{name}/TransitionTime")
    holds = fields.get(f"{name}/Id") is state
    return time if holds and isinstance(time, datetime) else None


def _is_shelved(fields: Mapping[str, Any]) -> bool:
    state = fields.get("ShelvingState/CurrentState/Id")
    return isinstance(state, ua.NodeId) and state.Identifier in _SHELVED


def _shelved_until(fields: Mapping[str, Any]) -> datetime | None:
    left, time = fields.get("ShelvingState/UnshelveTime"), fields.get("Time")
    if not left or not isinstance(time, datetime) or not _is_shelved(fields):
        return None
    return time + timedelta(milliseconds=float(left))


def _branch(node: object) -> str:
    return "" if not isinstance(node, ua.NodeId) or node.is_null() else str(node.to_string())


def _seconds(time: datetime | None) -> float:
    return time.timestamp() if time else 0.0


def _text(value: Any) -> str:
    if isinstance(value, ua.LocalizedText):
        return value.Text or ""
    return str(value) if value is not None else ""
