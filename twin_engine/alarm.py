"""Alarms as they pass from the rules to the server: the type where both rooms meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from heatpump_twin.config.notifications.quiet_hours import URGENT

PRIORITIES = (("urgent", URGENT), ("high", 700), ("medium", 500), ("low", 1))
"""Names of priorities with the least OPC UA severity of each, the highest first."""


def priority(severity: int) -> str:
    """Return the name of the priority of a severity."""
    return next(name for name, least in PRIORITIES if severity >= least)


class Health(StrEnum):
    """What an alarm says of a device's health (NAMUR NE 107)."""

    NORMAL = "normal"
    FAILURE = "failure"
    CHECK_FUNCTION = "check_function"
    OFF_SPEC = "off_spec"
    MAINTENANCE_REQUIRED = "maintenance_required"


class AlarmClass(StrEnum):
    """What is at stake (the classes of an alarm philosophy, ISA-18.2)."""

    SAFETY = "safety"
    EQUIPMENT = "equipment"
    PROCESS = "process"
    EFFICIENCY = "efficiency"
    DIAGNOSTIC = "diagnostic"


class AlarmForm(StrEnum):
    """What kind of condition an alarm watches for, which is its OPC UA type (OPC 10000-9, 5.8)."""

    ALARM = "alarm"
    """None of those below."""
    EXCLUSIVE_LIMIT = "exclusive_limit"
    """A value beyond a limit; it is beyond one of them at a time."""
    NON_EXCLUSIVE_LIMIT = "non_exclusive_limit"
    """A value that can be beyond several limits at once."""
    RATE_OF_CHANGE = "rate_of_change"
    DISCREPANCY = "discrepancy"
    """A value that differs from what it should be, a setpoint or an expectation."""
    OFF_NORMAL = "off_normal"
    """A state that is not the normal one."""
    SYSTEM_OFF_NORMAL = "system_off_normal"
    """Of a system that tells of alarms: a device that does not answer, a part of the twin."""
    CERTIFICATE_EXPIRATION = "certificate_expiration"


@dataclass(frozen=True, slots=True)
class AlarmDefinition:
    """One rule applied to one asset: one OPC UA condition, one line in the alarm list."""

    asset: str
    rule: str
    title: str
    severity: int
    """OPC UA severity, 1 to 1000."""
    cause: str
    action: str
    inputs: tuple[str, ...]
    """Ids of the points that the rule looks at; the first is the condition's InputNode."""
    health: Health = Health.OFF_SPEC
    """What the device's health is while the alarm is active."""
    consequence: str = ""
    """What follows if nothing is done."""
    category: AlarmClass = AlarmClass.EQUIPMENT
    fault: str = ""
    """What the fault code of the device says, of an alarm that was raised by one."""
    confirms: bool = False
    """Whether somebody has to confirm, after the acknowledgement, that it is done."""
    latches: bool = False
    """Whether it stays until somebody resets it, also when its condition is over."""
    on_delay: float = 0.0
    """How long its condition holds before it is raised. [s]"""
    off_delay: float = 0.0
    """How long its condition is over before it returns to normal. [s]"""
    repeat_after: float = 0.0
    """How long it goes on before it is raised again; 0: it is not. [s]"""
    form: AlarmForm = AlarmForm.ALARM
    low_limit: float | None = None
    """What its value is compared with where that never changes, in the unit of the value."""
    high_limit: float | None = None
    target: str = ""
    """Id of the point that says what the value should be, of a discrepancy."""

    @property
    def key(self) -> str:
        """``asset.rule``: the name that survives restarts."""
        return f"{self.asset}.{self.rule}"


@dataclass(frozen=True, slots=True)
class AlarmTransition:
    """An alarm became active or returned to normal."""

    alarm: AlarmDefinition
    active: bool
    time: int
    """When it happened. [µs since the Unix epoch, UTC]"""
    message: str
    value: float | None = None
    """Of its first input then; None: not known."""
    limit: float | None = None
    """What that is compared with; None: the rule has no limit, or many."""
    status: int = 0
    """OPC UA status of its first input then."""


AlarmSink = Callable[[AlarmTransition], None]
