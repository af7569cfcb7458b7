"""Change conditions in the name of people: recorded and stored before they hear that it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog
from asyncua import ua

from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.status import BAD_RESOURCE_UNAVAILABLE, GOOD
from heatpump_twin.server.alarms.condition import Condition
from heatpump_twin.server.security.recorder import Recorder
from heatpump_twin.server.services.method_table import Caller, result
from heatpump_twin.twin_engine.commands.audit_entry import AuditKind
from heatpump_twin.twin_engine.conditions.condition_state import ConditionState
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore
from heatpump_twin.twin_engine.errors import AuditError, ConditionStoreError

log = structlog.stdlib.get_logger(__name__)

NOT_RECORDED = "Nothing was changed, because it cannot be recorded."


@dataclass(frozen=True, slots=True)
class Change:
    """What a person wants of a condition."""

    what: str
    texts: Mapping[str, str]
    """What the audit has of it: before, after, reason."""
    apply: Callable[[Condition, str, int], int]
    """Change a condition for a user at a time [µs]; return the status."""


class ConditionChanges:
    """The changes of all conditions, each with its record and its stored state."""

    def __init__(
        self,
        store: ConditionStore,
        recorder: Recorder,
        clock: Clock,
        changed: Callable[[Condition, bool], Awaitable[None]],
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._clock = clock
        self._changed = changed
        self._storing: set[asyncio.Task[None]] = set()

    async def make(
        self, condition: Condition, caller: Caller, change: Change
    ) -> ua.CallMethodResult:
        """Make a change for a caller, and return the result of the call."""
        who, key = (caller.user_name, caller.origin), condition.alarm.key
        now = self._clock.now()
        # Tried on a copy: a refusal is told at once, and what is not stored has not happened.
        draft, seen = replace(condition), condition.event_id
        status = change.apply(draft, caller.user_name, now)
        if status != GOOD:
            message = f"{change.what} refused"
            await self._recorder.note(
                AuditKind.CONDITION, who, key, status, message, **change.texts
            )
            return result(status)
        try:
            await self._recorded(condition, who, change, draft.state)
        except (AuditError, ConditionStoreError) as error:
            log.error("condition not changed", what=change.what, alarm=key, error=str(error))
            return result(BAD_RESOURCE_UNAVAILABLE, words=NOT_RECORDED)
        # Meanwhile the alarm may have gone and come again: then this was about another occurrence.
        moved = condition.event_id != seen
        status = change.apply(condition, caller.user_name, now)
        if moved:
            self.store_later(condition)
        if status == GOOD:
            log.info(
                "condition changed by a user",
                what=change.what, alarm=key, user=caller.user_name, origin=caller.origin,
            )  # fmt: skip
            await self._changed(condition, True)
        return result(status)

    def store_later(self, condition: Condition) -> None:
        """Store the state of a condition that changed by itself, without holding up its event."""
        self._later(self._keep(condition.state))

    async def settle(self) -> None:
        """Wait until all states are stored."""
        await asyncio.gather(*self._storing)

    async def _recorded(
        self, condition: Condition, who: tuple[str, str], change: Change, state: ConditionState
    ) -> None:
        key = condition.alarm.key
        number = await self._recorder.begin(AuditKind.CONDITION, who, key, **change.texts)
        try:
            await self._store.keep(state)
        except ConditionStoreError:
            await self._recorder.end(number, BAD_RESOURCE_UNAVAILABLE, NOT_RECORDED)
            raise
        await self._recorder.end(number, GOOD, change.what)

    async def _keep(self, state: ConditionState) -> None:
        try:
            await self._store.keep(state)
        except ConditionStoreError as error:
            log.warning("state of an alarm not stored", alarm=state.key, error=str(error))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)
