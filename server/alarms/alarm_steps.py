"""Steps of a condition: its state after something has happened, and what is told of it.

Functions of the state alone, so that a change can be tried, written, and only then made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from heatpump_twin.server.space.event import new_event_id
from heatpump_twin.twin_engine.alarm import AlarmTransition
from heatpump_twin.twin_engine.conditions.condition_state import ConditionState, Shelving, Switch
from heatpump_twin.twin_engine.conditions.occurrence import Occurrence
from heatpump_twin.twin_engine.historian.events.journal_entry import TransitionKind as Kind

REMEMBERED_EVENTS = 20
"""Events of one occurrence that can be acknowledged, confirmed or commented on."""
CLOCK_SLACK = 60_000_000
"""How far a clock may be set back without a shelved alarm noticing. [µs]"""
MOST_BRANCHES = 10
"""Earlier occurrences of one alarm that wait for somebody; the oldest are given up."""


@dataclass(frozen=True, slots=True)
class Act:
    """What a person does. Times are µs since the Unix epoch, UTC."""

    user: str
    now: int
    comment: str = ""
    event_id: bytes = b""
    seconds: float = 0.0
    """How long to shelve. [s]"""
    confirms: bool = False
    """Whether the alarm wants to be confirmed, after it was acknowledged."""


@dataclass(frozen=True, slots=True)
class News:
    """One event of a step."""

    kind: Kind | None
    """What the journal has of it; None: the event tells of a state, and nothing has happened."""
    occurrence: Occurrence
    user: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """The state of a condition after a step, and its events in their order."""

    state: ConditionState
    news: tuple[News, ...]


def turn(state: ConditionState, change: AlarmTransition, now: int, *, first: bool = False) -> Step:
    """Set a condition active or inactive, as its rule says.

    ``first``: no other alarm of its group is active.
    """
    if change.active and not state.active:
        return _raise(state, change, now, first=first)
    if not change.active and state.active:
        return _return(state, change, now)
    # A new message in the same state is an event, but no transition: its time stays.
    trunk = renewed(replace(state.trunk, message=change.message), change.time, now)
    return Step(replace(state, trunk=trunk), (News(None, trunk),))


def _raise(state: ConditionState, change: AlarmTransition, now: int, *, first: bool) -> Step:
    branches, news = _branched(state, change.time, now)
    alarm, last = change.alarm, state.trunk
    # What was acknowledged or said was about the last occurrence, not about this one.
    trunk = Occurrence(
        number=last.number + 1,
        active=True,
        raised=change.time,
        value=change.value,
        limit=change.limit,
        quality=change.status,
        turned=change.time,
        turned_value=change.value,
        severity=alarm.severity,
        last_severity=last.severity,
        message=change.message,
        cause=alarm.cause,
        action=alarm.action,
        acked=False,
        acked_since=change.time,
        confirmed_since=last.confirmed_since,
        commented=change.time,
        first=first,
        known_events=(),
    )
    trunk = renewed(trunk, change.time, now)
    latched = state.latched
    if alarm.latches and not latched.on:
        latched = Switch(True, change.time)
    after = replace(
        state,
        trunk=trunk,
        branches=branches,
        latched=latched,
        silenced=_sounding(state, change.time),
    )
    return Step(after, (*news, News(Kind.RAISED, trunk)))


def _sounding(state: ConditionState, time: int) -> Switch:
    """Return that nobody has silenced it any more. [µs]"""
    return Switch(False, time) if state.silenced.on else state.silenced


def is_to_repeat(state: ConditionState, after: float, now: int) -> bool:
    """Tell whether an alarm has gone on for so long that it is raised again. [s, µs]"""
    # Not while nobody is to be bothered with it: then it would be the same as not to shelve it.
    going_on = state.active and not state.hushed
    return after > 0 and going_on and now >= state.trunk.turned + round(after * 1_000_000)


def repeated(state: ConditionState, now: int) -> Step:
    """Raise an alarm again that goes on: somebody has to acknowledge it anew (5.8.2). [µs]

    When it was raised first, and with which value, stays.
    """
    trunk = replace(
        state.trunk,
        turned=now,
        acked=False,
        acked_since=now,
        # As after it was raised: there is something to confirm when it was acknowledged.
        confirmed=True,
        confirmed_since=now,
        repeats=state.trunk.repeats + 1,
    )
    trunk = renewed(trunk, now, now)
    after = replace(state, trunk=trunk, silenced=_sounding(state, now))
    return Step(after, (News(Kind.RAISED_AGAIN, trunk),))


def _branched(
    state: ConditionState, time: int, now: int
) -> tuple[tuple[Occurrence, ...], list[News]]:
    """Return the branches when the alarm is raised anew: its last occurrence may become one."""
    if not state.trunk.open:
        return state.branches, []
    # An event of its own, behind which clients know it under its BranchId (B.1.3).
    branch = renewed(state.trunk, time, now)
    branches = (*state.branches, branch)
    gone, kept = branches[:-MOST_BRANCHES], branches[-MOST_BRANCHES:]
    # Told as acknowledged, since nobody can do that any more; the journal says what it was.
    dropped = [renewed(replace(old, acked=True, confirmed=True), time, now) for old in gone]
    news = [News(Kind.DROPPED, old) for old in dropped]
    return kept, [*news, News(None, branch)]


def _return(state: ConditionState, change: AlarmTransition, now: int) -> Step:
    trunk = replace(
        state.trunk,
        active=False,
        quality=change.status,
        turned=change.time,
        turned_value=change.value,
        message=change.message,
        last_severity=state.trunk.severity,
        first=False,
        repeats=0,
    )
    trunk = renewed(trunk, change.time, now)
    after, news = replace(state, trunk=trunk), [News(Kind.RETURNED, trunk)]
    if state.shelving is Shelving.ONE_SHOT:
        trunk = renewed(trunk, change.time, now)
        after = replace(after, trunk=trunk).unshelved(now)
        news.append(News(Kind.UNSHELVED, trunk))
    return Step(after, tuple(news))


def renewed(occurrence: Occurrence, time: int, now: int) -> Occurrence:
    """Return an occurrence with a new EventId and the times of its event."""
    event_id = new_event_id()
    # A client acknowledges the event that it shows, which need not be the latest: a comment of
    # somebody else may have come between.
    known = (*occurrence.known_events, event_id)[-REMEMBERED_EVENTS:]
    return replace(occurrence, time=time, received=now, event_id=event_id, known_events=known)


def with_occurrence(state: ConditionState, occurrence: Occurrence) -> ConditionState:
    """Return a state with a changed occurrence; a branch that waits for nobody is gone."""
    if occurrence.number == state.trunk.number:
        return replace(state, trunk=occurrence)
    branches = [occurrence if b.number == occurrence.number else b for b in state.branches]
    return replace(state, branches=tuple(b for b in branches if b.open))


def is_over(state: ConditionState, now: int) -> bool:
    """Tell whether the time of a shelved alarm is over, also by a clock that was set back. [µs]"""
    # With the time still ahead it would be shelved for longer than anybody may ask for.
    return state.shelved_until <= now or now < state.shelving_since - CLOCK_SLACK


def over(state: ConditionState, now: int) -> Step:
    """Shelve an alarm no longer, as the time is over. [µs]"""
    trunk = renewed(state.trunk, now, now)
    after = replace(state, trunk=trunk).unshelved(now)
    return Step(after, (News(Kind.UNSHELVED, trunk),))


def removed(state: ConditionState, now: int) -> Step:
    """Tell that an alarm is gone with its heat pump: there is nothing to do. [µs]"""
    branches = tuple(renewed(branch, now, now) for branch in state.branches)
    trunk = renewed(state.trunk, now, now)
    after = replace(state, enabled=False, enabled_since=now, trunk=trunk, branches=branches)
    news = [News(None, branch) for branch in branches]
    return Step(after, (*news, News(Kind.REMOVED, trunk)))
