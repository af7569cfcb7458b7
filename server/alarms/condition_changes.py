"""Change conditions in the name of people: recorded and stored before they hear that it is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from asyncua import ua

from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.status import BAD_RESOURCE_UNAVAILABLE, GOOD
from heatpump_twin.server.alarms.alarm_acts import RefusedAct
from heatpump_twin.server.alarms.alarm_record import AlarmRecorder
from heatpump_twin.server.alarms.alarm_steps import Act, Step
from heatpump_twin.server.alarms.condition import Condition
from heatpump_twin.server.alarms.condition_methods import ConditionMethod
from heatpump_twin.server.security.recorder import Recorder
from heatpump_twin.server.services.method_table import Caller, result
from heatpump_twin.twin_engine.commands.audit_entry import AuditKind
from heatpump_twin.twin_engine.errors import AuditError, ConditionStoreError

log = structlog.stdlib.get_logger(__name__)

NOT_RECORDED = "Nothing was changed, because it cannot be recorded."


class ConditionChanges:
    """The changes of all conditions by people."""

    def __init__(
        self,
        records: AlarmRecorder,
        recorder: Recorder,
        clock: Clock,
        changed: Callable[[Condition, Step], Awaitable[None]],
    ) -> None:
        self._records = records
        self._recorder = recorder
        self._clock = clock
        self._changed = changed

    async def make(
        self, condition: Condition, caller: Caller, method: ConditionMethod, inputs: Sequence[Any]
    ) -> ua.CallMethodResult:
        """Make a change for a caller, and return the result of the call."""
        who, key = (caller.user_name, caller.origin), condition.alarm.key
        act = method.act(caller.user_name, self._clock.now(), inputs, condition.alarm)
        texts = _texts(method, act, condition)
        before = condition.state
        # Tried first: a refusal is told at once, and what is not stored has not happened.
        try:
            step = method.apply(before, act)
        except RefusedAct as refusal:
            message = f"{method.what} refused"
            await self._recorder.note(
                AuditKind.CONDITION, who, key, refusal.status, message, **texts
            )
            return result(refusal.status)
        try:
            await self._recorded(condition, caller, method.what, texts, step)
        except (AuditError, ConditionStoreError) as error:
            log.error("condition not changed", what=method.what, alarm=key, error=str(error))
            return result(BAD_RESOURCE_UNAVAILABLE, words=NOT_RECORDED)
        # Meanwhile the alarm may have gone and come again: then this is done to what is now.
        if condition.state is not before:
            try:
                step = method.apply(condition.state, act)
            except RefusedAct as refusal:
                self._records.note(condition, Step(condition.state, ()))
                return result(refusal.status)
            self._records.note(condition, step, journal=False)
        log.info(
            "condition changed by a user",
            what=method.what, alarm=key, user=caller.user_name, origin=caller.origin,
        )  # fmt: skip
        await self._changed(condition, step)
        return result(GOOD)

    async def _recorded(
        self,
        condition: Condition,
        caller: Caller,
        what: str,
        texts: Mapping[str, str],
        step: Step,
    ) -> None:
        who, key = (caller.user_name, caller.origin), condition.alarm.key
        number = await self._recorder.begin(AuditKind.CONDITION, who, key, **texts)
        try:
            await self._records.keep(condition, step, caller.origin)
        except ConditionStoreError:
            await self._recorder.end(number, BAD_RESOURCE_UNAVAILABLE, NOT_RECORDED)
            raise
        await self._recorder.end(number, GOOD, what)


def _texts(method: ConditionMethod, act: Act, condition: Condition) -> Mapping[str, str]:
    """Return what the audit has of a change: before, after, reason."""
    if method.what == "comment":
        return {"before": condition.state.trunk.comment, "after": act.comment}
    after = f"{method.after} ({act.seconds:g} s)" if act.seconds else method.after
    return {"before": method.before, "after": after, "reason": act.comment}
