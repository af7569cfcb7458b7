"""What people do about alarms, as functions of a condition's state (OPC 10000-9, 5.5 to 5.8).

Each takes the state and the act, and returns the state after it with what is to be told; or raises
`RefusedAct` with the status of the call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from asyncua import ua

from heatpump_twin.server.alarms.alarm_steps import Act, News, Step, renewed, with_occurrence
from heatpump_twin.twin_engine.conditions.condition_state import ConditionState, Shelving, Switch
from heatpump_twin.twin_engine.conditions.occurrence import Occurrence
from heatpump_twin.twin_engine.historian.events.journal_entry import TransitionKind as Kind

CODES = ua.StatusCodes
LONGEST_SHELVE = 24 * 3600.0
"""MaxTimeShelved: nobody may forget an alarm for longer than a day. [s]"""
Apply = Callable[[ConditionState, Act], Step]


class RefusedAct(Exception):  # noqa: N818 - it is no error of ours
    """What was asked for cannot be done; it has the status that says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = int(status)


# ── of one occurrence ─────────────────────────────────────────────────────────────────────────────
def acknowledge(state: ConditionState, act: Act) -> Step:
    """Acknowledge the occurrence that an event was of (5.7.3)."""
    known = _meant(state, act)
    if known.acked:
        raise RefusedAct(CODES.BadConditionBranchAlreadyAcked)
    fresh = replace(
        known,
        acked=True,
        acked_since=act.now,
        # Only now there is something to confirm: that what was to be done has worked (B.1.3).
        confirmed=not act.confirms,
        confirmed_since=act.now if act.confirms else known.confirmed_since,
    )
    return _said(state, fresh, Kind.ACKNOWLEDGED, act)


def confirm(state: ConditionState, act: Act) -> Step:
    """Confirm the occurrence that an event was of (5.7.4)."""
    known = _meant(state, act)
    if known.confirmed:
        raise RefusedAct(CODES.BadConditionBranchAlreadyConfirmed)
    fresh = replace(known, confirmed=True, confirmed_since=act.now)
    return _said(state, fresh, Kind.CONFIRMED, act)


def add_comment(state: ConditionState, act: Act) -> Step:
    """Add a comment to the occurrence that an event was of (5.5.6)."""
    return _said(state, _meant(state, act), Kind.COMMENTED, act)


def _meant(state: ConditionState, act: Act) -> Occurrence:
    # Checked first: it is the reason that a user can do something about.
    if not state.enabled:
        raise RefusedAct(CODES.BadConditionDisabled)
    for occurrence in state.occurrences:
        if act.event_id in occurrence.known_events:
            return occurrence
    raise RefusedAct(CODES.BadEventIdUnknown)


def _said(state: ConditionState, occurrence: Occurrence, kind: Kind, act: Act) -> Step:
    told = renewed(_commented(occurrence, act), act.now, act.now)
    return Step(with_occurrence(state, told), (News(kind, told, act.user, act.comment),))


def _commented(occurrence: Occurrence, act: Act) -> Occurrence:
    # An empty comment leaves the earlier one (5.5.6).
    comment = act.comment or occurrence.comment
    return replace(occurrence, comment=comment, user=act.user, commented=act.now)


# ── of the whole condition ────────────────────────────────────────────────────────────────────────
def enable(state: ConditionState, act: Act) -> Step:
    """Enable the condition (5.5.5): what became true meanwhile is told now."""
    if state.enabled:
        raise RefusedAct(CODES.BadConditionAlreadyEnabled)
    after = replace(state, enabled=True, enabled_since=act.now)
    return _whole(after, Kind.ENABLED, act, branches=True)


def disable(state: ConditionState, act: Act) -> Step:
    """Disable the condition with its branches (5.5.4)."""
    if not state.enabled:
        raise RefusedAct(CODES.BadConditionAlreadyDisabled)
    after = replace(state, enabled=False, enabled_since=act.now)
    return _whole(after, Kind.DISABLED, act, branches=True)


def timed_shelve(state: ConditionState, act: Act) -> Step:
    """Shelve the alarm for a time (5.8.17.3)."""
    if not 0 < act.seconds <= LONGEST_SHELVE:
        raise RefusedAct(CODES.BadShelvingTimeOutOfRange)
    return _shelve(state, act, Shelving.TIMED, act.seconds)


def one_shot_shelve(state: ConditionState, act: Act) -> Step:
    """Shelve the alarm until it returns to normal, for the longest time at most (5.8.17.5)."""
    return _shelve(state, act, Shelving.ONE_SHOT, LONGEST_SHELVE)


def unshelve(state: ConditionState, act: Act) -> Step:
    """Shelve the alarm no longer (5.8.17.7)."""
    _enabled(state)
    if state.shelving is Shelving.UNSHELVED:
        raise RefusedAct(CODES.BadConditionNotShelved)
    return _whole(state.unshelved(act.now), Kind.UNSHELVED, act)


def _shelve(state: ConditionState, act: Act, how: Shelving, seconds: float) -> Step:
    _enabled(state)
    if state.shelving is how:
        raise RefusedAct(CODES.BadConditionAlreadyShelved)
    until = act.now + round(seconds * 1_000_000)
    after = replace(state, shelving=how, shelving_since=act.now, shelved_until=until)
    return _whole(after, Kind.SHELVED, act)


def silence(state: ConditionState, act: Act) -> Step:
    """Silence what sounds because of the alarm, until it is raised the next time (5.8.7)."""
    _enabled(state)
    if not state.retain:
        raise RefusedAct(CODES.BadInvalidState)
    after = replace(state, silenced=_turned(state.silenced, True, act))
    return _whole(after, Kind.SILENCED, act)


def suppress(state: ConditionState, act: Act) -> Step:
    """Suppress the alarm by design (5.8.8)."""
    after = replace(state, suppressed=_turned(state.suppressed, True, act))
    return _whole(after, Kind.SUPPRESSED, act)


def unsuppress(state: ConditionState, act: Act) -> Step:
    """Suppress the alarm no longer (5.8.10)."""
    after = replace(state, suppressed=_turned(state.suppressed, False, act))
    return _whole(after, Kind.UNSUPPRESSED, act)


def remove_from_service(state: ConditionState, act: Act) -> Step:
    """Take the alarm out of service, for maintenance (5.8.12)."""
    after = replace(state, out_of_service=_turned(state.out_of_service, True, act))
    return _whole(after, Kind.OUT_OF_SERVICE, act)


def place_in_service(state: ConditionState, act: Act) -> Step:
    """Place the alarm in service again (5.8.14)."""
    after = replace(state, out_of_service=_turned(state.out_of_service, False, act))
    return _whole(after, Kind.IN_SERVICE, act)


def reset(state: ConditionState, act: Act) -> Step:
    """Let a latched alarm go that has returned to normal and is acknowledged (5.8.5)."""
    _enabled(state)
    if not state.latched.on or state.active or state.trunk.open:
        raise RefusedAct(CODES.BadInvalidState)
    return _whole(replace(state, latched=Switch(False, act.now)), Kind.RESET, act)


def _turned(switch: Switch, on: bool, act: Act) -> Switch:
    if switch.on is on:
        raise RefusedAct(CODES.BadInvalidState)
    return Switch(on, act.now)


def _enabled(state: ConditionState) -> None:
    if not state.enabled:
        raise RefusedAct(CODES.BadConditionDisabled)


def _whole(state: ConditionState, kind: Kind, act: Act, *, branches: bool = False) -> Step:
    """Tell of a change of the whole condition by an event of its present occurrence."""
    trunk = replace(state.trunk, user=act.user)
    if act.comment:
        trunk = _commented(trunk, act)
    trunk = renewed(trunk, act.now, act.now)
    others = state.branches
    if branches:
        others = tuple(renewed(branch, act.now, act.now) for branch in others)
    news = [News(kind, trunk, act.user, act.comment)]
    news += [News(None, branch) for branch in others if branches]
    return Step(replace(state, trunk=trunk, branches=others), tuple(news))
