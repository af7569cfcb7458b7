"""The event fields of conditions, which are the values of their variables as well."""

from __future__ import annotations

from collections.abc import Iterator

from asyncua import ua

from heatpump_twin.config.catalogue import TWIN
from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.server.alarms.alarm_acts import LONGEST_SHELVE
from heatpump_twin.server.alarms.alarm_forms import form_fields, limit_name
from heatpump_twin.server.alarms.condition import Condition
from heatpump_twin.server.alarms.shelving_fields import shelving_fields
from heatpump_twin.server.space.event import Event, Fields, Origin, base_fields, moment
from heatpump_twin.server.space.node_builder import standard, text
from heatpump_twin.server.space.ua_values import node_id_of, status_code
from heatpump_twin.twin_engine.alarm import AlarmClass
from heatpump_twin.twin_engine.conditions.condition_state import ConditionState, Switch
from heatpump_twin.twin_engine.conditions.occurrence import Occurrence

IDS = ua.ObjectIds
DISABLED, ENABLED = Text("Disabled", Context.STATES), Text("Enabled", Context.STATES)
INACTIVE, ACTIVE = Text("Inactive", Context.STATES), Text("Active", Context.STATES)
UNACKNOWLEDGED = Text("Unacknowledged", Context.STATES)
ACKNOWLEDGED = Text("Acknowledged", Context.STATES)
UNCONFIRMED, CONFIRMED = Text("Unconfirmed", Context.STATES), Text("Confirmed", Context.STATES)
NOT_SUPPRESSED = Text("Not suppressed", Context.STATES)
SUPPRESSED = Text("Suppressed", Context.STATES)
IN_SERVICE, OUT_OF_SERVICE = (
    Text("In service", Context.STATES), Text("Out of service", Context.STATES),
)  # fmt: skip
NOT_SILENCED, SILENCED = Text("Not silenced", Context.STATES), Text("Silenced", Context.STATES)
NOT_LATCHED, LATCHED = Text("Not latched", Context.STATES), Text("Latched", Context.STATES)
CLASSES = {
    AlarmClass.SAFETY: (
        IDS.SafetyConditionClassType,
        Text("SafetyConditionClass", Context.MODEL),
    ),
    AlarmClass.DIAGNOSTIC: (
        IDS.MaintenanceConditionClassType,
        Text("MaintenanceConditionClass", Context.MODEL),
    ),
}
SYSTEM = (IDS.SystemConditionClassType, Text("SystemConditionClass", Context.MODEL))
PROCESS = (IDS.ProcessConditionClassType, Text("ProcessConditionClass", Context.MODEL))

_NODE, _STRING, _TIME = ua.VariantType.NodeId, ua.VariantType.String, ua.VariantType.DateTime
_TEXT, _BOOLEAN, _UINT16 = (
    ua.VariantType.LocalizedText, ua.VariantType.Boolean, ua.VariantType.UInt16,
)  # fmt: skip
_DOUBLE, _INT16 = ua.VariantType.Double, ua.VariantType.Int16
_MOST_REPEATS = 2**15 - 1


def event_of(condition: Condition, occurrence: Occurrence, now: int) -> Event:
    """Return the event of an occurrence, in the present state of its condition."""
    return Event(fields_of(condition, occurrence, now), condition.node)


def fields_of(condition: Condition, occurrence: Occurrence, now: int) -> Fields:
    """Return every event field by browse path. [µs]"""
    state = condition.state
    return {
        **_of_event(condition, occurrence),
        **_of_condition(condition, occurrence),
        **_of_acknowledgement(condition, occurrence),
        **_of_alarm(condition, occurrence),
        **shelving_fields(state, now),
        **_of_rule(condition, occurrence),
        **form_fields(
            condition.alarm, occurrence, condition.node.NamespaceIndex, condition.certificate
        ),
    }


def _of_event(condition: Condition, occurrence: Occurrence) -> Fields:
    return base_fields(
        Origin(condition.event_type, condition.source, condition.source_name),
        occurrence.time,
        occurrence.message,
        occurrence.severity,
        received=occurrence.received,
        event_id=occurrence.event_id,
    )


def _of_condition(condition: Condition, occurrence: Occurrence) -> Fields:
    state, alarm = condition.state, condition.alarm
    of_twin = alarm.asset == TWIN
    class_id, class_name = SYSTEM if of_twin else CLASSES.get(alarm.category, PROCESS)
    is_trunk = occurrence.number == state.trunk.number
    branch = condition.branch_names + str(occurrence.number)
    retain = state.retain if is_trunk else state.enabled and occurrence.open
    name = ENABLED if state.enabled else DISABLED
    return {
        ("ConditionClassId",): ua.Variant(standard(class_id), _NODE),
        ("ConditionClassName",): ua.Variant(text(class_name), _TEXT),
        ("ConditionName",): ua.Variant(alarm.title, _STRING),
        ("BranchId",): ua.Variant(
            ua.NodeId() if is_trunk else node_id_of(branch, condition.node.NamespaceIndex), _NODE
        ),
        ("Retain",): ua.Variant(retain, _BOOLEAN),
        **two_states("EnabledState", state.enabled, (DISABLED, ENABLED), state.enabled_since),
        ("EnabledState", "EffectiveDisplayName"): ua.Variant(text(name), _TEXT),
        ("Quality",): ua.Variant(status_code(occurrence.quality), ua.VariantType.StatusCode),
        ("Quality", "SourceTimestamp"): moment(occurrence.turned),
        ("LastSeverity",): ua.Variant(occurrence.last_severity, _UINT16),
        ("LastSeverity", "SourceTimestamp"): moment(occurrence.raised or occurrence.turned),
        ("Comment",): ua.Variant(ua.LocalizedText(occurrence.comment), _TEXT),
        ("Comment", "SourceTimestamp"): moment(occurrence.commented),
        ("ClientUserId",): ua.Variant(occurrence.user, _STRING),
    }


def _of_acknowledgement(condition: Condition, occurrence: Occurrence) -> Fields:
    names = UNACKNOWLEDGED, ACKNOWLEDGED
    found = dict(two_states("AckedState", occurrence.acked, names, occurrence.acked_since))
    if condition.alarm.confirms:
        names = UNCONFIRMED, CONFIRMED
        since = occurrence.confirmed_since
        found |= two_states("ConfirmedState", occurrence.confirmed, names, since)
    return found


def _of_alarm(condition: Condition, occurrence: Occurrence) -> Fields:
    state, alarm = condition.state, condition.alarm
    found = {
        **two_states("ActiveState", occurrence.active, (INACTIVE, ACTIVE), occurrence.turned),
        ("ActiveState", "EffectiveDisplayName"): ua.Variant(
            text(limit_name(alarm, occurrence) or (INACTIVE, ACTIVE)[occurrence.active]), _TEXT
        ),
        ("ActiveState", "EffectiveTransitionTime"): moment(occurrence.turned),
        ("InputNode",): ua.Variant(condition.input_node, _NODE),
        ("SuppressedOrShelved",): ua.Variant(state.quiet, _BOOLEAN),
        ("MaxTimeShelved",): ua.Variant(LONGEST_SHELVE * 1000, _DOUBLE),
        ("OnDelay",): ua.Variant(alarm.on_delay * 1000, _DOUBLE),
        ("OffDelay",): ua.Variant(alarm.off_delay * 1000, _DOUBLE),
        ("FirstInGroupFlag",): ua.Variant(occurrence.first, _BOOLEAN),
    }
    if alarm.repeat_after:
        repeats = min(occurrence.repeats, _MOST_REPEATS)
        found[("ReAlarmTime",)] = ua.Variant(alarm.repeat_after * 1000, _DOUBLE)
        found[("ReAlarmRepeatCount",)] = ua.Variant(repeats, _INT16)
    for name, names, switch in _switches(state, latches=alarm.latches):
        found |= two_states(name, switch.on, names, switch.since)
    return found


def _switches(
    state: ConditionState, *, latches: bool
) -> Iterator[tuple[str, tuple[str, str], Switch]]:
    yield "SuppressedState", (NOT_SUPPRESSED, SUPPRESSED), state.suppressed
    yield "SilenceState", (NOT_SILENCED, SILENCED), state.silenced
    yield "OutOfServiceState", (IN_SERVICE, OUT_OF_SERVICE), state.out_of_service
    if latches:
        yield "LatchedState", (NOT_LATCHED, LATCHED), state.latched


def _of_rule(condition: Condition, occurrence: Occurrence) -> Fields:
    """Return the fields of our own alarm types."""
    return {
        ("LikelyCause",): ua.Variant(text(occurrence.cause), _TEXT),
        ("CorrectiveAction",): ua.Variant(text(occurrence.action), _TEXT),
        ("Consequence",): ua.Variant(text(condition.alarm.consequence), _TEXT),
        ("RaisedTime",): moment(occurrence.raised) if occurrence.raised else ua.Variant(),
        ("RaisedValue",): _number(occurrence.value),
        ("RaisedLimit",): _number(occurrence.limit),
    }


def two_states(name: str, value: bool, names: tuple[str, str], since: int) -> Fields:
    """Return the fields of a state that is true or false, with the names of both."""
    return {
        (name,): ua.Variant(text(names[value]), _TEXT),
        (name, "Id"): ua.Variant(value, _BOOLEAN),
        (name, "TransitionTime"): moment(since),
    }


def _number(value: float | None) -> ua.Variant:
    return ua.Variant() if value is None else ua.Variant(value, _DOUBLE)
