"""Evaluate the rules periodically and announce alarms."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import load_packs
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart, Newcomer
from heatpump_twin.twin_engine.alarm import AlarmTransition

RULE_PERIOD = 0.5
"""How often rules are looked at; the shortest delay that makes sense is a poll period. [s]"""


class AlarmWatch(HeatPumpPart):
    """Alarm watch: evaluates all rules twice a second."""

    def __init__(
        self,
        foundation: Foundation,
        rules: RuleEngine,
        announce: Callable[[AlarmTransition], None],
    ) -> None:
        self.active: Counter[str] = Counter()
        """Number of active alarms by heat pump, and of the twin itself."""
        self._image, self._clock = foundation.image, foundation.clock
        self._rules = rules
        self._announce = announce

    async def run(self) -> None:
        """Evaluate the rules for ever."""
        while True:
            # By the clock and not by frames: a delay runs out also where no frame comes (ADR 2).
            for transition in self._rules.evaluate(self._image, self._clock.now()):
                self.active[transition.alarm.asset] += 1 if transition.active else -1
                self._announce(transition)
            await asyncio.sleep(RULE_PERIOD)

    async def add(self, newcomer: Newcomer) -> None:
        """Add the rules of a heat pump."""
        self._rules.add(newcomer.heat_pump)

    async def remove(self, asset: str) -> None:
        """Remove the rules of a heat pump, with its alarms."""
        # No return to normal is announced: nobody saw the fault go away.
        self._rules.remove(asset)
        self.active.pop(asset, None)


def build_rules(foundation: Foundation) -> RuleEngine:
    """Return a rule engine with the site's packs."""
    packs = load_packs(foundation.site.rules.packs)
    return RuleEngine(packs, foundation.site, foundation.table)
