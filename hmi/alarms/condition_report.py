"""Alarm: what a condition reports of itself (OPC 10000-9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from asyncua import ua

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
    acknowledged_since: datetime | None = None
    """Since when it has been acknowledged, or not."""
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
    suppressed: bool = False
    out_of_service: bool = False
    first: bool = False
    """Whether no other alarm of its heat pump was active when it began."""
    user: str = ""
    """Who has done something about it last."""
    acknowledged_by: str = ""
    """Empty: nobody yet, or it is not known."""

    @property
    def key(self) -> str:
        """The condition's NodeId as text; of an earlier occurrence, that of its branch."""
        return self.branch or str(self.condition.to_string())

    @property
    def occurrence(self) -> str:
        """The condition, and when it began: the same in the list and in the journal."""
        began = round(self.raised.timestamp() * 1000) if self.raised else 0
        return f"{self.condition.to_string()}@{began}"

    @property
    def put_away(self) -> str:
        """How nobody is bothered with it: key of ``texts.ALARM_STATE``; empty: somebody is."""
        if self.out_of_service:
            return "out_of_service"
        if self.suppressed:
            return "suppressed"
        return "shelved" if self.quiet else ""

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
    def priority(self) -> str:
        """Return urgent, high, medium or low."""
        return next((name for floor, name in PRIORITIES if self.severity >= floor), "low")

    @property
    def state(self) -> str:
        """Return the state of IEC 62682: key of ``texts.ALARM_STATE``."""
        if self.put_away:
            return self.put_away
        if self.active:
            return "acknowledged" if self.acknowledged else "unacknowledged"
        # Retain decides in the end: a server may have conditions that need no acknowledgement.
        if not self.retain:
            return "normal"
        return {"acknowledge": "returned", "": "normal"}.get(self.wants, self.wants)


def alarm_of(fields: Mapping[str, Any]) -> Alarm | None:
    """Build an alarm from event fields; None for events that are not conditions."""
    condition = fields.get("ConditionId")
    if not isinstance(condition, ua.NodeId) or condition.is_null():
        return None
    identifier = identifier_of(fields.get("SourceNode")) or str(condition.Identifier)
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
        input=identifier_of(fields.get("InputNode")),
        acknowledged_at=_since(fields, "AckedState", state=True),
        acknowledged_since=fields.get("AckedState/TransitionTime"),
        returned_at=_since(fields, "ActiveState", state=False),
        branch=_branch(fields.get("BranchId")),
        confirmed=fields.get("ConfirmedState/Id") is not False,
        latched=bool(fields.get("LatchedState/Id")),
        quiet=bool(fields.get("SuppressedOrShelved")),
        shelved=_is_shelved(fields),
        shelved_until=_shelved_until(fields),
        suppressed=bool(fields.get("SuppressedState/Id")),
        out_of_service=bool(fields.get("OutOfServiceState/Id")),
        first=bool(fields.get("FirstInGroupFlag")),
        user=str(fields.get("ClientUserId") or ""),
    )


def is_older(alarm: Alarm, than: Alarm) -> bool:
    """Tell whether a report of an occurrence knows less of its acknowledgement than another one.

    A report has the time at which its cause began: of two that cross, the times may say otherwise.
    """
    own, other = alarm.acknowledged_since, than.acknowledged_since
    return own is not None and other is not None and own < other


def with_author(alarm: Alarm, before: Alarm | None) -> Alarm:
    """Return an alarm with who has acknowledged it, from the report before this one."""
    if not alarm.acknowledged or before is None or before.raised != alarm.raised:
        return alarm
    # Only who was seen to do it: the last who has done something may have shelved it.
    by = before.acknowledged_by if before.acknowledged else alarm.user
    return replace(alarm, acknowledged_by=by)


def identifier_of(node: object) -> str:
    """Return the identifier of a NodeId; empty: it is none."""
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


def _text(value: Any) -> str:
    if isinstance(value, ua.LocalizedText):
        return value.Text or ""
    return str(value) if value is not None else ""
