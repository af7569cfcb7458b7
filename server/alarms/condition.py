"""One alarm as an OPC UA condition (OPC 10000-9, 5.5 and 5.8): where it is, and its state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from asyncua import ua
from cryptography.x509 import Certificate

from heatpump_twin.config.phrase import Phrase
from heatpump_twin.server.alarms.alarm_steps import (
    Step,
    is_over,
    is_to_repeat,
    over,
    renewed,
    repeated,
)
from heatpump_twin.server.space.ua_values import instance_name
from heatpump_twin.twin_engine.alarm import AlarmDefinition
from heatpump_twin.twin_engine.conditions.condition_state import ConditionState, Shelving, Switch
from heatpump_twin.twin_engine.conditions.occurrence import Occurrence


@dataclass(slots=True)
class Condition:
    """One condition. Its state is replaced as a whole, never changed in place."""

    node: ua.NodeId
    event_type: ua.NodeId
    source: ua.NodeId
    source_name: str
    input_node: ua.NodeId
    alarm: AlarmDefinition
    state: ConditionState
    group: ua.NodeId
    """Alarms that may have one cause with it."""
    certificate: Callable[[], Certificate | None]
    """The server's own, as it is now."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, compare=False)
    """Held by the person who changes it: the next one meets what has become of it."""
    gone: bool = False
    """Whether it was taken out with its heat pump; whoever still has it leaves it alone."""

    @property
    def branch_names(self) -> str:
        """How the BranchIds of its branches begin."""
        return f"{instance_name(self.node)}.branches."


def first_state(alarm: AlarmDefinition, now: int) -> ConditionState:
    """Return the state of an alarm that has never been active, as far as is known. [µs]"""
    trunk = Occurrence(
        severity=alarm.severity,
        last_severity=alarm.severity,
        message=Phrase("{alarm}: normal", alarm=alarm.title),
        cause=alarm.cause,
        action=alarm.action,
        turned=now,
        acked_since=now,
        confirmed_since=now,
        commented=now,
    )
    off = Switch(False, now)
    return ConditionState(
        alarm.key,
        renewed(trunk, now, now),
        enabled_since=now,
        shelving_since=now,
        suppressed=off,
        out_of_service=off,
        latched=off,
        silenced=off,
    )


def waits_for_time(condition: Condition) -> bool:
    """Tell whether something is to happen to a condition when its time has come."""
    state, repeats = condition.state, condition.alarm.repeat_after > 0
    return state.shelving is not Shelving.UNSHELVED or (repeats and state.active)


def in_time(condition: Condition, now: int) -> Step | None:
    """Return what happens to a condition because of the time; None: nothing. [µs]"""
    state = condition.state
    if state.shelving is not Shelving.UNSHELVED:
        return over(state, now) if is_over(state, now) else None
    if is_to_repeat(state, condition.alarm.repeat_after, now):
        return repeated(state, now)
    return None


def recalled(alarm: AlarmDefinition, stored: ConditionState, now: ConditionState) -> ConditionState:
    """Return the state of a condition after a restart: what was stored, and what is since then.

    Where nothing has happened since, all is as it was, with the same EventIds. What a person does
    is stored before it counts, so none of that is lost by taking the stored one.
    """
    stored = _as_wanted(alarm, stored, now)
    trunk, present = stored.trunk, now.trunk
    if not trunk.cause:  # of an earlier version, which did not keep it
        trunk = replace(
            trunk,
            message=trunk.message or alarm.title,
            cause=alarm.cause,
            action=alarm.action,
            severity=alarm.severity,
        )
    if not trunk.event_id:
        times = (trunk.time, trunk.raised, trunk.acked_since, trunk.commented, stored.enabled_since)
        trunk = renewed(trunk, max(times), present.received)
    # One that was active and was raised while the database was away is the same one going on.
    if present.number == 0 or trunk.active:
        return replace(stored, trunk=trunk)
    branches = [replace(b, number=trunk.number + b.number) for b in now.branches]
    present = replace(present, number=trunk.number + present.number)
    earlier = (*stored.branches, trunk) if trunk.open else stored.branches
    return replace(stored, trunk=present, branches=(*earlier, *branches))


def _as_wanted(
    alarm: AlarmDefinition, stored: ConditionState, now: ConditionState
) -> ConditionState:
    """Drop what the rule does not ask for any more, as it has no method that would end it."""
    if stored.latched.on and not alarm.latches:
        stored = replace(stored, latched=now.latched)
    if alarm.confirms:
        return stored
    branches = [replace(branch, confirmed=True) for branch in stored.branches]
    return replace(
        stored,
        trunk=replace(stored.trunk, confirmed=True),
        branches=tuple(branch for branch in branches if branch.open),
    )
