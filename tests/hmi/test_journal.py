"""What becomes of recorded events: occurrences, who acknowledged them, ranges of days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from asyncua import ua

from heatpump_twin.hmi.journal.alarm_journal import AlarmJournal
from heatpump_twin.hmi.journal.change_log import changes_of
from heatpump_twin.hmi.journal.days import AHEAD, days_between
from heatpump_twin.hmi.journal.event_history import of_types

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def event(
    minutes: float, *, active: bool, acked: float | None, user: str = ""
) -> dict[str, object]:
    """Return the report of an occurrence that began at the start, acknowledged at a minute."""
    return {
        "ConditionId": ua.NodeId("hp1.alarms.flow", 2),
        "SourceNode": ua.NodeId("hp1", 2),
        "Time": at(minutes),
        "RaisedTime": START,
        "ActiveState/Id": active,
        "ActiveState/TransitionTime": START if active else at(minutes),
        "AckedState/Id": acked is not None,
        "AckedState/TransitionTime": START if acked is None else at(acked),
        "Retain": active or acked is None,
        "ClientUserId": user,
    }


def test_an_occurrence_is_what_its_reports_say_together() -> None:
    journal = AlarmJournal()
    journal.take([event(0, active=True, acked=None)])
    (alarm,) = journal.occurrences.values()
    assert (alarm.state, alarm.acknowledged_by) == ("unacknowledged", "")
    changed = journal.take(
        [event(1, active=True, acked=1, user="olga"), event(2, active=False, acked=1, user="erika")]
    )
    (alarm,) = changed.values()
    # Whoever did something later has not acknowledged it.
    assert (alarm.state, alarm.acknowledged_by) == ("normal", "olga")
    assert (alarm.acknowledged_at, alarm.returned_at) == (at(1), at(2))


def test_reports_that_cross_do_not_undo_an_acknowledgement() -> None:
    journal = AlarmJournal()
    journal.take([event(0, active=True, acked=None)])
    # The acknowledgement was asked for a moment before the alarm came anew, and carried out after.
    journal.take(
        [event(2.1, active=False, acked=2.1, user="olga"), event(2.2, active=False, acked=None)]
    )
    (alarm,) = journal.occurrences.values()
    assert (alarm.state, alarm.acknowledged_by) == ("normal", "olga")


def test_who_acknowledged_before_the_journal_begins_is_not_known() -> None:
    journal = AlarmJournal()
    journal.take([event(5, active=False, acked=1, user="erika")])
    (alarm,) = journal.occurrences.values()
    assert alarm.acknowledged_by == ""


def test_what_was_put_away_when_it_came_is_not_counted() -> None:
    journal = AlarmJournal()
    journal.take([event(0, active=True, acked=None) | {"SuppressedOrShelved": True}])
    journal.take([event(1, active=True, acked=None)])
    assert len(journal.occurrences) == 1
    assert journal.raised(at(-1), at(1)) == []


@pytest.mark.parametrize("audit", [True, False])
def test_what_the_twin_wrote_is_told_once(audit: bool) -> None:
    setting = {
        "Time": START, "Setting": ua.NodeId("hp1.supply_setpoint", 2), "ChangedBy": "olga",
        "ChangedAtDevice": False, "DeviceOldValue": 45.0, "DeviceNewValue": 47.5,
    }  # fmt: skip
    write = {
        "EventType": ua.NodeId(ua.Int32(ua.ObjectIds.AuditWriteUpdateEventType)),
        "Time": START, "SourceNode": ua.NodeId("hp1.supply_setpoint", 2), "Status": False,
        "ClientUserId": "olga (HMI 10.0.0.7)", "OldValue": 45.0, "NewValue": 99.0,
        "Message": ua.LocalizedText("hp1.supply_setpoint: outside the limits: 99 (a trial)"),
    }  # fmt: skip
    found = changes_of([write, setting] if audit else [setting], audit=audit)
    (change,) = found
    assert (change.who, change.kind, change.old) == ("olga", "value", 45.0)
    if audit:
        assert (change.origin, change.done, change.new) == ("HMI 10.0.0.7", False, 99.0)
        assert change.message == "outside the limits: 99 (a trial)"


def test_days_are_those_of_the_site_and_what_is_no_day_is_no_limit() -> None:
    now = datetime(2026, 7, 1, 9, tzinfo=UTC)
    start, end = days_between("2026-03-29", "2026-03-29", now, MADRID)
    # The day on which the clocks go forward.
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=23)
    assert days_between("", "", now, MADRID) == (datetime.fromtimestamp(0, UTC), now + AHEAD)
    assert days_between("0001-01-01", "x", now, MADRID)[0].year == 1970


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_filter_for_types_is_a_tree_that_names_each_once(count: int) -> None:
    types = [ua.NodeId(ua.Int32(number)) for number in range(count)]
    elements = of_types(*types).Elements
    named: list[ua.NodeId] = []

    def walk(index: int) -> None:
        element = elements[index]
        for operand in element.FilterOperands:
            if isinstance(operand, ua.ElementOperand):
                assert operand.Index > index
                walk(operand.Index)
            else:
                named.append(operand.Value.Value)

    walk(0)
    assert named == types
    assert len(elements) == 2 * count - 1
