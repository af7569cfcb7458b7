"""Alarms as they pass from the rules to the server: the type where both rooms meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


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
