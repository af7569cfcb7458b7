"""The methods of conditions: where they are, their arguments, and who may call them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from asyncua import ua

from heatpump_twin.server.alarms import alarm_acts as acts
from heatpump_twin.server.alarms.alarm_steps import Act
from heatpump_twin.server.security.users import UserRole
from heatpump_twin.server.services.method_table import MethodArgument
from heatpump_twin.twin_engine.alarm import AlarmDefinition
from heatpump_twin.twin_engine.commands.audit_entry import storable

IDS, TYPES = ua.ObjectIds, ua.VariantType
EVENT_ID = MethodArgument("EventId", TYPES.ByteString, "The event that is meant")
COMMENT = MethodArgument("Comment", TYPES.LocalizedText, "What the person says")
SHELVING_TIME = MethodArgument(
    "ShelvingTime", TYPES.Double, "How long, at most MaxTimeShelved", IDS.Duration
)  # fmt: skip
OPERATOR, ENGINEER = UserRole.OPERATOR, UserRole.ENGINEER


@dataclass(frozen=True, slots=True)
class ConditionMethod:
    """One method of conditions."""

    what: str
    """What the audit and the log call it."""
    numbers: tuple[int, ...]
    """NodeIds of the method in the types that have it; the first is that of instances."""
    apply: acts.Apply
    role: UserRole
    inputs: tuple[MethodArgument, ...] = ()
    before: str = ""
    after: str = ""
    shelves: bool = False
    """Whether it belongs to the ShelvingState of the alarm."""

    def act(self, user: str, now: int, inputs: Sequence[Any], alarm: AlarmDefinition) -> Act:
        """Return what a call wants to be done."""
        given = dict(zip((argument.name for argument in self.inputs), inputs, strict=True))
        comment = given.get(COMMENT.name)
        return Act(
            user,
            now,
            storable((comment.Text or "") if comment else ""),
            given.get(EVENT_ID.name) or b"",
            given.get(SHELVING_TIME.name, 0.0) / 1000,
            alarm.confirms,
        )

    def with_comment(self, *numbers: int) -> ConditionMethod:
        """Return the variant that takes a comment as well."""
        return ConditionMethod(
            self.what, numbers, self.apply, self.role, (*self.inputs, COMMENT),
            self.before, self.after, self.shelves,
        )  # fmt: skip


def _pair(first: ConditionMethod, *numbers: int) -> Iterator[ConditionMethod]:
    yield first
    yield first.with_comment(*numbers)


def _shelving(
    what: str, name: str, apply: acts.Apply, *inputs: MethodArgument, before: str, after: str
) -> Iterator[ConditionMethod]:
    places = ("ShelvedStateMachineType", "AlarmConditionType_ShelvingState")
    plain, comment = (
        tuple(getattr(IDS, f"{place}_{name}{number}") for place in places) for number in ("", "2")
    )
    method = ConditionMethod(what, plain, apply, OPERATOR, inputs, before, after, shelves=True)
    return _pair(method, *comment)


ALWAYS: tuple[ConditionMethod, ...] = (
    ConditionMethod(
        "acknowledge", (IDS.AcknowledgeableConditionType_Acknowledge,), acts.acknowledge, OPERATOR,
        (EVENT_ID, COMMENT), "unacknowledged", "acknowledged",
    ),
    ConditionMethod(
        "comment", (IDS.ConditionType_AddComment,), acts.add_comment, OPERATOR, (EVENT_ID, COMMENT)
    ),
    ConditionMethod(
        "enable", (IDS.ConditionType_Enable,), acts.enable, ENGINEER, (), "disabled", "enabled"
    ),
    ConditionMethod(
        "disable", (IDS.ConditionType_Disable,), acts.disable, ENGINEER, (), "enabled", "disabled"
    ),
    *_shelving(
        "shelve", "TimedShelve", acts.timed_shelve, SHELVING_TIME, before="unshelved",
        after="shelved for a time",
    ),
    *_shelving(
        "shelve", "OneShotShelve", acts.one_shot_shelve, before="unshelved",
        after="shelved until it returns to normal",
    ),
    *_shelving("unshelve", "Unshelve", acts.unshelve, before="shelved", after="unshelved"),
    ConditionMethod(
        "silence", (IDS.AlarmConditionType_Silence,), acts.silence, OPERATOR, (),
        "not silenced", "silenced",
    ),
    *_pair(
        ConditionMethod(
            "suppress", (IDS.AlarmConditionType_Suppress,), acts.suppress, ENGINEER, (),
            "not suppressed", "suppressed",
        ),
        IDS.AlarmConditionType_Suppress2,
    ),
    *_pair(
        ConditionMethod(
            "unsuppress", (IDS.AlarmConditionType_Unsuppress,), acts.unsuppress, ENGINEER, (),
            "suppressed", "not suppressed",
        ),
        IDS.AlarmConditionType_Unsuppress2,
    ),
    *_pair(
        ConditionMethod(
            "remove from service", (IDS.AlarmConditionType_RemoveFromService,),
            acts.remove_from_service, ENGINEER, (), "in service", "out of service",
        ),
        IDS.AlarmConditionType_RemoveFromService2,
    ),
    *_pair(
        ConditionMethod(
            "place in service", (IDS.AlarmConditionType_PlaceInService,), acts.place_in_service,
            ENGINEER, (), "out of service", "in service",
        ),
        IDS.AlarmConditionType_PlaceInService2,
    ),
)  # fmt: skip
CONFIRMATION: tuple[ConditionMethod, ...] = (
    ConditionMethod(
        "confirm", (IDS.AcknowledgeableConditionType_Confirm,), acts.confirm, OPERATOR,
        (EVENT_ID, COMMENT), "unconfirmed", "confirmed",
    ),
)  # fmt: skip
RESETTING: tuple[ConditionMethod, ...] = tuple(
    _pair(
        ConditionMethod(
            "reset", (IDS.AlarmConditionType_Reset,), acts.reset, OPERATOR, (), "latched",
            "not latched",
        ),
        IDS.AlarmConditionType_Reset2,
    )
)  # fmt: skip
ALL = (*ALWAYS, *CONFIRMATION, *RESETTING)


def methods_of(alarm: AlarmDefinition) -> Iterator[ConditionMethod]:
    """Return the methods that the condition of an alarm has."""
    yield from ALWAYS
    if alarm.confirms:
        yield from CONFIRMATION
    if alarm.latches:
        yield from RESETTING
