"""One alarm as an OPC UA condition (OPC 10000-9, 5.8): its state and its event fields."""

from __future__ import annotations

from dataclasses import dataclass, field

from asyncua import ua

from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.server.space.event import Event, Fields, new_event_id
from heatpump_twin.server.space.node_builder import standard, text
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.twin_engine.alarm import AlarmDefinition
from heatpump_twin.twin_engine.conditions.condition_state import ConditionState

REMEMBERED_EVENTS = 20
"""Events of one condition that can be acknowledged or commented on."""

DISABLED, ENABLED = Text("Disabled", Context.STATES), Text("Enabled", Context.STATES)
INACTIVE, ACTIVE = Text("Inactive", Context.STATES), Text("Active", Context.STATES)
UNACKNOWLEDGED = Text("Unacknowledged", Context.STATES)
ACKNOWLEDGED = Text("Acknowledged", Context.STATES)
CLASS_NAME = Text("ProcessConditionClass", Context.MODEL)

_NODE, _STRING, _TIME = ua.VariantType.NodeId, ua.VariantType.String, ua.VariantType.DateTime
_TEXT, _BOOLEAN, _UINT16 = (
    ua.VariantType.LocalizedText, ua.VariantType.Boolean, ua.VariantType.UInt16,
)  # fmt: skip


@dataclass(slots=True)
class Condition:
    """The state of one condition. Times are µs since the Unix epoch, UTC."""

    node: ua.NodeId
    event_type: ua.NodeId
    source: ua.NodeId
    source_name: str
    input_node: ua.NodeId
    alarm: AlarmDefinition
    time: int
    received: int
    active: bool = False
    acked: bool = True
    enabled: bool = True
    message: str = ""
    comment: str = ""
    user: str = ""
    last_severity: int = 1
    active_since: int = 0
    acked_since: int = 0
    enabled_since: int = 0
    commented: int = 0
    event_id: bytes = field(default_factory=new_event_id)
    known_events: tuple[bytes, ...] = ()

    @property
    def retain(self) -> bool:
        """Retain: whether the condition is active or still to be acknowledged (5.5.2)."""
        return self.enabled and (self.active or not self.acked)

    def transition(self, *, active: bool, time: int, now: int, message: str) -> None:
        """Set the condition active or inactive, with the message of the rule."""
        if active and not self.active:
            # What was acknowledged was the last occurrence, not this one.
            self.acked, self.acked_since = False, time
            self.comment, self.user, self.commented = "", "", time
            self.known_events = ()
        # A new message in the same state is an event, but no transition: its time stays.
        if active is not self.active:
            self.active, self.active_since = active, time
        self.message = message
        self.changed(time, now)

    def acknowledge(self, event_id: bytes, comment: str, user: str, now: int) -> int:
        """Acknowledge the condition for a user; return the status of the call (5.7.3)."""
        problem = self._problem(event_id)
        if problem is None and self.acked:
            problem = ua.StatusCodes.BadConditionBranchAlreadyAcked
        if problem is not None:
            return int(problem)
        self.acked, self.acked_since = True, now
        self._say(comment, user, now)
        return int(ua.StatusCodes.Good)

    def add_comment(self, event_id: bytes, comment: str, user: str, now: int) -> int:
        """Add a user's comment to the condition; return the status of the call (5.5.6)."""
        problem = self._problem(event_id)
        if problem is not None:
            return int(problem)
        self._say(comment, user, now)
        return int(ua.StatusCodes.Good)

    def enable(self, enabled: bool, user: str, now: int) -> int:
        """Enable or disable the condition; return the status of the call (5.5.4, 5.5.5)."""
        if enabled is self.enabled:
            already = "BadConditionAlreadyEnabled" if enabled else "BadConditionAlreadyDisabled"
            return int(getattr(ua.StatusCodes, already))
        self.enabled, self.enabled_since = enabled, now
        self.user = user
        self.changed(now, now)
        return int(ua.StatusCodes.Good)

    def _problem(self, event_id: bytes) -> int | None:
        # Checked first: it is the reason that a user can do something about.
        if not self.enabled:
            return int(ua.StatusCodes.BadConditionDisabled)
        if event_id not in self.known_events:
            return int(ua.StatusCodes.BadEventIdUnknown)
        return None

    def _say(self, comment: str, user: str, now: int) -> None:
        # An empty comment leaves the earlier one (5.5.6).
        if comment:
            self.comment = comment
        self.user, self.commented = user, now
        self.changed(now, now)

    def changed(self, time: int, now: int) -> None:
        """Give the changed state a new EventId and its times."""
        self.time, self.received = time, now
        self.event_id = new_event_id()
        # A client acknowledges the event that it shows, which need not be the latest: a comment of
        # somebody else may have come between.
        self.known_events = (*self.known_events, self.event_id)[-REMEMBERED_EVENTS:]
        self.last_severity = self.alarm.severity

    @property
    def state(self) -> ConditionState:
        """What of the condition survives a restart."""
        return ConditionState(
            self.alarm.key,
            self.active,
            self.active_since,
            self.acked,
            self.acked_since,
            self.enabled,
            self.enabled_since,
            self.comment,
            self.commented,
            self.user,
        )

    def recall(self, state: ConditionState, now: int) -> None:
        """Take back what was known before a restart."""
        self.enabled, self.enabled_since = state.enabled, state.enabled_since
        # One that became active while the database was away may go on from before, or is new.
        if state.active or not self.active:
            self.acked, self.acked_since = state.acked, state.acked_since
            self.comment, self.commented, self.user = state.comment, state.commented, state.user
        if state.active:
            if not self.active:
                # The values of then say nothing of now.
                self.message = self.alarm.title
            self.active, self.active_since = True, state.active_since
        times = (state.active_since, state.acked_since, state.enabled_since, state.commented)
        self.changed(max(times), now)

    def event(self) -> Event:
        """Return the present state of the condition as an event."""
        return Event(self.fields(), self.node)

    def fields(self) -> Fields:
        """Return every event field by browse path, also for the condition's variables."""
        alarm = self.alarm
        return {
            ("EventId",): ua.Variant(self.event_id, ua.VariantType.ByteString),
            ("EventType",): ua.Variant(self.event_type, _NODE),
            ("SourceNode",): ua.Variant(self.source, _NODE),
            ("SourceName",): ua.Variant(self.source_name, _STRING),
            ("Time",): _time(self.time),
            ("ReceiveTime",): _time(self.received),
            ("Message",): ua.Variant(text(self.message), _TEXT),
            ("Severity",): ua.Variant(alarm.severity, _UINT16),
            ("ConditionClassId",): ua.Variant(
                standard(ua.ObjectIds.ProcessConditionClassType), _NODE
            ),
            ("ConditionClassName",): ua.Variant(text(CLASS_NAME), _TEXT),
            ("ConditionName",): ua.Variant(alarm.title, _STRING),
            # Null: no branches. An earlier occurrence is not kept apart until it is acknowledged.
            ("BranchId",): ua.Variant(ua.NodeId(), _NODE),
            ("Retain",): ua.Variant(self.retain, _BOOLEAN),
            **_state("EnabledState", self.enabled, (DISABLED, ENABLED), self.enabled_since),
            **_state("ActiveState", self.active, (INACTIVE, ACTIVE), self.active_since),
            **_state("AckedState", self.acked, (UNACKNOWLEDGED, ACKNOWLEDGED), self.acked_since),
            ("Quality",): ua.Variant(ua.StatusCode(), ua.VariantType.StatusCode),
            ("Quality", "SourceTimestamp"): _time(self.time),
            ("LastSeverity",): ua.Variant(self.last_severity, _UINT16),
            ("LastSeverity", "SourceTimestamp"): _time(self.time),
            ("Comment",): ua.Variant(ua.LocalizedText(self.comment), _TEXT),
            ("Comment", "SourceTimestamp"): _time(self.commented),
            ("ClientUserId",): ua.Variant(self.user, _STRING),
            ("InputNode",): ua.Variant(self.input_node, _NODE),
            # Nothing suppresses or shelves here; the field is mandatory.
            ("SuppressedOrShelved",): ua.Variant(False, _BOOLEAN),
            ("LikelyCause",): ua.Variant(text(alarm.cause), _TEXT),
            ("CorrectiveAction",): ua.Variant(text(alarm.action), _TEXT),
        }


def _state(name: str, value: bool, names: tuple[str, str], since: int) -> Fields:
    return {
        (name,): ua.Variant(text(names[value]), _TEXT),
        (name, "Id"): ua.Variant(value, _BOOLEAN),
        (name, "TransitionTime"): _time(since),
    }


def _time(time: int) -> ua.Variant:
    return ua.Variant(to_datetime(time), _TIME)
