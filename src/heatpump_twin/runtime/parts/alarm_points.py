"""Show how the alarms of the site behave as points of the site."""

from __future__ import annotations

import asyncio

import structlog

from heatpump_twin.config.catalogue import SITE
from heatpump_twin.drivers.clock import real_period
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart
from heatpump_twin.twin_engine.alarm import AlarmTransition
from heatpump_twin.twin_engine.alarm_report.alarm_tally import AlarmTally
from heatpump_twin.twin_engine.alarm_report.episode import DAY, Episode
from heatpump_twin.twin_engine.alarm_report.journal_episodes import episodes_of
from heatpump_twin.twin_engine.conditions.alarm_journal import AlarmJournal
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore
from heatpump_twin.twin_engine.errors import DatabaseAway

log = structlog.stdlib.get_logger(__name__)

_PERIOD = 1.0
"""[s]"""


class AlarmPoints(HeatPumpPart):
    """Points of the site that show the tally of its alarms, once a second of its clock."""

    def __init__(
        self,
        foundation: Foundation,
        rules: RuleEngine,
        conditions: ConditionStore,
        journal: AlarmJournal,
    ) -> None:
        self._rules, self._conditions, self._journal = rules, conditions, journal
        self._image, self._clock = foundation.image, foundation.clock
        self._points = foundation.table.by_asset[SITE]
        self._tally = AlarmTally()

    def take(self, transition: AlarmTransition) -> None:
        """Count an alarm that was raised or returned to normal."""
        self._tally.take(transition, hushed=self._is_hushed(transition.alarm.key))

    async def run(self) -> None:
        """Show the values of now, for ever."""
        period = real_period(_PERIOD, self._clock.speed)
        restored = False
        while True:
            # Before that was read, what stands from the last run is not known either.
            restored = restored or (self._conditions.is_loaded and await self._restore())
            self.show()
            await asyncio.sleep(period)

    async def _restore(self) -> bool:
        """Take up the last day and what stands; tell whether the journal could be read."""
        now = self._clock.now()
        try:
            entries = await self._journal.read(now - DAY, now)
        except DatabaseAway as error:
            log.debug("the alarms of the last day cannot be read yet", error=str(error))
            return False
        there = {alarm.key for alarm in self._rules.definitions()}
        standing = [
            Episode(key, state.trunk.severity, state.trunk.raised, hushed=state.hushed)
            for key, state in self._conditions.known.items()
            if state.active
        ]
        found = {(e.key, e.raised): e for e in (*standing, *episodes_of(entries)) if e.key in there}
        self._tally.recall(sorted(found.values(), key=lambda episode: episode.raised))
        return True

    def show(self) -> None:
        """Put the values of now into the image."""
        now = self._clock.now()
        # Of what stands, and not of each alarm there is: that would be thousands a second.
        hushed = {key for key in self._tally.standing if self._is_hushed(key)}
        values = self._tally.values(now, hushed)
        points = [self._points[name].index for name in values]
        self._image.ingest(Frame.of(points, list(values.values()), GOOD, now))

    async def remove(self, asset: str) -> None:
        """Count the alarms of a heat pump that was taken out as standing no more."""
        self._tally.forget(asset)

    def _is_hushed(self, key: str) -> bool:
        state = self._conditions.known.get(key)
        return state is not None and state.hushed
