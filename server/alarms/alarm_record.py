"""Write what happens to conditions: their state, the journal and the events of clients, at once."""

from __future__ import annotations

from dataclasses import replace

import structlog
from asyncua import ua

from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server.alarms.alarm_steps import News, Step
from heatpump_twin.server.alarms.condition import Condition
from heatpump_twin.server.alarms.condition_event import event_of
from heatpump_twin.server.channel.internal_server import TwinInternalServer
from heatpump_twin.server.space.event import SERVER_NODE
from heatpump_twin.twin_engine.conditions.condition_state import ConditionState
from heatpump_twin.twin_engine.conditions.condition_store import ConditionChange, ConditionStore
from heatpump_twin.twin_engine.errors import ConditionStoreError
from heatpump_twin.twin_engine.historian.events.event_rows import EventRecord
from heatpump_twin.twin_engine.historian.events.journal_entry import JournalEntry, TransitionKind

log = structlog.stdlib.get_logger(__name__)


class AlarmRecorder:
    """The writer of all that happens to conditions."""

    def __init__(self, store: ConditionStore, iserver: TwinInternalServer, clock: Clock) -> None:
        self._store = store
        self._iserver = iserver
        self._clock = clock

    async def keep(
        self, condition: Condition, step: Step, origin: str, *, journal: bool = True
    ) -> None:
        """Write a step that a person has asked for; raise `ConditionStoreError`."""
        await self._store.keep(self._change(condition, step, origin, journal=journal))

    def note(
        self, condition: Condition, step: Step, *, journal: bool = True, state: bool = True
    ) -> None:
        """Have a step written without holding up its events: its journal, its state, or both."""
        change = self._change(condition, step, "", journal=journal)
        self._store.note(change if state else replace(change, state=None))

    async def settle(self) -> None:
        """Write what waits, if the database takes it; otherwise it is tried again."""
        try:
            await self._store.flush()
        except ConditionStoreError as error:
            log.warning("changes of alarms wait for the database", error=str(error))

    def _change(
        self, condition: Condition, step: Step, origin: str, *, journal: bool
    ) -> ConditionChange:
        news = [n for n in step.news if n.kind is not None and journal]
        entries = [_entry(step.state, item, origin) for item in news]
        # A disabled condition tells nobody of what it does, and the journal has it all the same.
        events = [self._event(condition, step, item) for item in told(condition, step)]
        return ConditionChange(step.state, entries, events)

    def _event(self, condition: Condition, step: Step, item: News) -> EventRecord:
        event = event_of(replace(condition, state=step.state), item.occurrence, self._clock.now())
        return self._iserver.history.record_of(event, condition.source)


def told(condition: Condition, step: Step) -> tuple[News, ...]:
    """Return what clients are told of a step: of a disabled condition only that it is."""
    enabled = step.state.enabled or condition.state.enabled
    return step.news if enabled else ()


def notifiers(condition: Condition) -> tuple[ua.NodeId, ...]:
    """Return the nodes that an event of a condition climbs up along (HasNotifier)."""
    return condition.source, SERVER_NODE


def _entry(state: ConditionState, item: News, origin: str) -> JournalEntry:
    occurrence = item.occurrence
    turned = item.kind is TransitionKind.RETURNED
    return JournalEntry(
        time=occurrence.time,
        key=state.key,
        kind=item.kind or "",
        occurrence=occurrence.number,
        branch=occurrence.number != state.trunk.number,
        raised=occurrence.raised,
        severity=occurrence.severity,
        value=occurrence.turned_value if turned else occurrence.value,
        limit=occurrence.limit,
        user=item.user,
        origin=origin,
        comment=item.comment,
        message=occurrence.message,
    )
