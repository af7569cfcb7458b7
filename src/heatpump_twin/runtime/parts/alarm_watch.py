"""Evaluate the rules periodically; announce alarms, and report what else has happened."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import structlog

from heatpump_twin.drivers.clock import MICROSECONDS, real_period
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.keepsake_file import KeepsakeFile
from heatpump_twin.rules.pack import load_packs
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart, Newcomer
from heatpump_twin.server.twin_server import TwinServer
from heatpump_twin.twin_engine.alarm import AlarmSink
from heatpump_twin.twin_engine.commands.authorship import Authorship
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore
from heatpump_twin.twin_engine.errors import ConditionStoreError
from heatpump_twin.twin_engine.happening import Happening, SettingChange

log = structlog.stdlib.get_logger(__name__)

RULE_PERIOD = 0.5
"""How often rules are looked at; the shortest delay that makes sense is a poll period. [s]"""

GRACE = 0.25
"""Real time in which a sample has come, at the latest; a later one counts when it comes. [s]"""

KEEP_PERIOD = 60.0
"""How often it is written what rules remember, which `kill -9` then takes at most. [s]"""

READ_PERIOD = 5.0
"""How often what was known before is tried to be read, while the database is away. [s]"""


class AlarmWatch(HeatPumpPart):
    """Alarm watch: evaluates all rules twice a second of the clock."""

    def __init__(
        self,
        foundation: Foundation,
        rules: RuleEngine,
        server: TwinServer,
        store: ConditionStore,
        authors: Authorship,
        listeners: Sequence[AlarmSink],
    ) -> None:
        self.active: Counter[str] = Counter()
        """Number of active alarms by heat pump, and of the twin itself."""
        self._clock = foundation.clock
        self._period = real_period(RULE_PERIOD, foundation.clock.speed)
        self._grace = round(GRACE * max(foundation.clock.speed, 1.0) * MICROSECONDS)
        self._memory = KeepsakeFile(foundation.data.rule_memory)
        self._rules = rules
        rules.follow(foundation.image)
        self._server = server
        self._store = store
        self._authors = authors
        self._listeners = listeners

    async def run(self) -> None:
        """Evaluate the rules for ever; what they remember is kept."""
        kept = await asyncio.to_thread(self._memory.read)
        if kept is not None:
            self._rules.recollect(kept)
        try:
            await self._look()
        finally:
            # In this thread: it is the last that is done, and a stop waits for it.
            self._memory.write(self._rules.remember())

    async def _look(self) -> None:
        pause, keep = 0.0, KEEP_PERIOD
        while True:
            if not self._store.is_loaded and (pause := pause - self._period) < 0:
                await self._read()
                pause = READ_PERIOD
            # By the clock and not by frames: a delay runs out also where no frame comes (ADR 2).
            for transition in self._rules.advance(self._clock.now() - self._grace):
                self.active[transition.alarm.asset] += 1 if transition.active else -1
                self._server.announce(transition)
                for listener in self._listeners:
                    listener(transition)
            for happening in self._rules.happened():
                self._server.report(self._attributed(happening))
            if (keep := keep - self._period) < 0:
                keep = KEEP_PERIOD
                await asyncio.to_thread(self._memory.write, self._rules.remember())
            await asyncio.sleep(self._period)

    def _attributed(self, happening: Happening) -> Happening:
        if isinstance(happening, SettingChange):
            return self._authors.attributed(happening)
        return happening

    async def add(self, newcomer: Newcomer) -> None:
        """Add the rules of a heat pump, with what was known of its alarms."""
        self._rules.add(newcomer.heat_pump, newcomer.assembly.faults)
        self._recall(f"{newcomer.asset}.")

    async def _read(self) -> None:
        """Read what was known of alarms before this start, and go on from there."""
        try:
            await self._store.load()
        except ConditionStoreError as error:
            log.warning("what was known of alarms cannot be read yet", error=str(error))
        else:
            self._recall("")

    def _recall(self, prefix: str) -> None:
        known = {k: state for k, state in self._store.known.items() if k.startswith(prefix)}
        fresh = self._rules.recall({key for key, state in known.items() if state.active})
        self.active.update(alarm.asset for alarm in fresh)
        self._server.recall(known, self._rules.definitions())

    async def remove(self, asset: str) -> None:
        """Remove the rules of a heat pump, with its alarms."""
        # No return to normal is announced: nobody saw the fault go away.
        self._rules.remove(asset)
        self.active.pop(asset, None)


def build_rules(foundation: Foundation) -> RuleEngine:
    """Return a rule engine with the site's packs."""
    packs = load_packs(foundation.site.rules.packs)
    return RuleEngine(
        packs,
        foundation.site,
        foundation.table,
        foundation.clock.speed,
        foundation.assembly.faults,
    )
