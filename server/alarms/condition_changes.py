"""Change conditions in the name of people: recorded and stored before they hear that it is done."""

from __future__ import annotations

import asyncio
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

CODES = ua.StatusCodes
_SETTLE_TIMEOUT = 3.0
"""[s]"""
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
        self._running: set[asyncio.Task[ua.CallMethodResult]] = set()

    async def make(
        self, condition: Condition, caller: Caller, method: ConditionMethod, inputs: Sequence[Any]
    ) -> ua.CallMethodResult:
        """Make a change for a caller, and return the result of the call."""
        # A task of its own: whoever hangs up takes the call away, and not what is being stored.
        task = asyncio.create_task(self._make(condition, caller, method, inputs))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def settle(self) -> None:
        """Wait until the changes that were begun are made, for a few seconds at most."""
        if self._running:
            await asyncio.wait(self._running, timeout=_SETTLE_TIMEOUT)

    async def _make(
        self, condition: Condition, caller: Caller, method: ConditionMethod, inputs: Sequence[Any]
    ) -> ua.CallMethodResult:
        # One person at a time: the next one meets what has become of it.
        async with condition.turn:
            if condition.gone:
                return result(CODES.BadNodeIdUnknown)
            act = method.act(caller.user_name, self._clock.now(), inputs, condition.alarm)
            who, key = (caller.user_name, caller.origin), condition.alarm.key
            texts = _texts(method, act, condition)
            # Tried first: a refusal is told at once.
            try:
                method.apply(condition.state, act)
            except RefusedAct as refusal:
                await self._recorder.note(
                    AuditKind.CONDITION, who, key, refusal.status, _refused(method), **texts
                )
                return result(refusal.status)
            try:
                number = await self._recorder.begin(AuditKind.CONDITION, who, key, **texts)
            except AuditError as error:
                return _not_recorded(condition, method, error)
            answer, message = await self._done(condition, caller, method, act)
            await self._end(number, answer.StatusCode.value, message)
            return answer

    async def _done(
        self, condition: Condition, caller: Caller, method: ConditionMethod, act: Act
    ) -> tuple[ua.CallMethodResult, str]:
        """Store a change and make it; return the result of the call, and what the audit says."""
        try:
            step = await self._stored(condition, caller, method, act)
        except RefusedAct as refusal:
            return result(refusal.status), _refused(method)
        except ConditionStoreError as error:
            return _not_recorded(condition, method, error), NOT_RECORDED
        log.info(
            "condition changed by a user",
            what=method.what, alarm=condition.alarm.key, user=caller.user_name,
            origin=caller.origin,
        )  # fmt: skip
        await self._changed(condition, step)
        return result(GOOD), method.what

    async def _stored(
        self, condition: Condition, caller: Caller, method: ConditionMethod, act: Act
    ) -> Step:
        """Return the step that is on disk, and is one from the present state."""
        before = condition.state
        step = method.apply(before, act)
        await self._records.keep(condition, step, caller.origin)
        # Meanwhile the alarm may have gone and come again: then this is done to what is now.
        while condition.state is not before and not condition.gone:
            before = condition.state
            try:
                step = method.apply(before, act)
            except RefusedAct:
                self._records.note(condition, Step(before, ()))
                raise
            try:
                await self._records.keep(condition, step, caller.origin, journal=False)
            except ConditionStoreError:
                # The journal has it already, so it counts; the state follows.
                if not condition.gone:
                    step = method.apply(condition.state, act)
                    self._records.note(condition, step, journal=False)
                break
        if condition.gone:
            raise RefusedAct(CODES.BadNodeIdUnknown)
        return step

    async def _end(self, number: int, status: int, message: str) -> None:
        try:
            await self._recorder.end(number, status, message)
        except AuditError as error:
            # What was stored counts. The audit says itself that it has no outcome.
            log.error("the outcome is not in the audit", number=number, error=str(error))


def _refused(method: ConditionMethod) -> str:
    return f"{method.what} refused"


def _not_recorded(
    condition: Condition, method: ConditionMethod, error: Exception
) -> ua.CallMethodResult:
    log.error(
        "condition not changed", what=method.what, alarm=condition.alarm.key, error=str(error)
    )
    return result(BAD_RESOURCE_UNAVAILABLE, words=NOT_RECORDED)


def _texts(method: ConditionMethod, act: Act, condition: Condition) -> Mapping[str, str]:
    """Return what the audit has of a change: before, after, reason."""
    if method.what == "comment":
        return {"before": condition.state.trunk.comment, "after": act.comment}
    after = f"{method.after} ({act.seconds:g} s)" if act.seconds else method.after
    return {"before": method.before, "after": after, "reason": act.comment}
