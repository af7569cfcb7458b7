"""The rule engine: evaluate rules in order of source time and return alarms that change.

What an alarm does is a function of the samples and their times alone: not of how they were bundled,
nor of when somebody asked. So a replay of recorded samples raises what was raised live.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.drivers.clock import MICROSECONDS, SHORTEST_POLL
from heatpump_twin.drivers.fault_codes import FaultCode
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.rules.feed import Feed
from heatpump_twin.rules.keepsake import Keepsake, collected, distributed
from heatpump_twin.rules.pack import Pack
from heatpump_twin.rules.ruled_asset import RuledAsset, the_twin
from heatpump_twin.rules.watch import Watch
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmTransition
from heatpump_twin.twin_engine.failure_log import FailureLog
from heatpump_twin.twin_engine.image import Image

Faults = Mapping[str, Mapping[int, FaultCode]]
_SLOT = 0.5
"""Samples of so long a time count together. [s]"""
_FAST_SLOT = 0.5 * SHORTEST_POLL
"""On a fast clock: in real time, so that two polls of a device are never one. [s]"""
_SILENCE = 3600 * MICROSECONDS
"""Where no sample comes for longer, nothing is known of what was after this time. [µs]"""


class RuleEngine:
    """Rule engine: all rules of some packs on the twin itself and on all heat pumps of a site.

    A rule of a later pack takes the place of one with the same asset and id: so a site sets its own
    limits. The samples come by `follow` or `take`.

    Parameters
    ----------
    faults : mapping
        What the fault codes of each heat pump mean, by its id.
    speed : float
        That of the clock of the samples' times.
    slot : int, optional
        Samples of so long a time count together; default: half a second. [µs]
    beat : int
        What remembers is not looked at more often than that where no sample comes. [µs]
    """

    def __init__(
        self,
        packs: Iterable[Pack],
        site: Site,
        table: PointTable,
        speed: float = 1.0,
        faults: Faults = MappingProxyType({}),
        slot: int | None = None,
        beat: int = 0,
    ) -> None:
        self._speed, self._beat, self._faults = speed, beat, dict(faults)
        rules = {(rule.asset, rule.id): rule for pack in packs for rule in pack.rules}
        # An alarm before those that are its consequence; else in the order of the packs.
        self._rules = sorted(rules.values(), key=lambda rule: rule.suppressed_by is not None)
        self._table = table
        self._failures = FailureLog("a rule cannot be evaluated", "of")
        self._watches = self._watch([the_twin(speed), *map(self._of, site.heat_pumps)])
        self._feed = Feed(table, slot or round(max(_SLOT, _FAST_SLOT * speed) * MICROSECONDS))

    def follow(self, image: Image) -> None:
        """Take the values of an image, and each that it is told from now on."""
        self._feed.follow(image)

    def take(self, frame: Frame) -> None:
        """Take samples; they count when `advance` reaches their time."""
        self._feed.take(frame)

    def alarms_of(self, heat_pump: HeatPump) -> list[AlarmDefinition]:
        """Return every alarm that can occur on a heat pump whose points are in the table."""
        return [
            alarm for watch in self._watch([self._of(heat_pump)]) for alarm in watch.definitions
        ]

    def add(self, heat_pump: HeatPump, faults: Faults = MappingProxyType({})) -> None:
        """Add a heat pump whose points are in the table, with the meaning of its fault codes."""
        self._faults |= faults
        self._watches += self._watch([self._of(heat_pump)])

    def recall(self, active: Collection[str]) -> list[AlarmDefinition]:
        """Take alarms as active that were so before a restart; return those that were not yet.

        They return to normal as any other: when their rule says so.
        """
        return [alarm for watch in self._watches for alarm in watch.recall(active)]

    def remember(self) -> Keepsake:
        """Return a copy of all that the rules remember."""
        return collected(self._watches)

    def recollect(self, keepsake: Keepsake) -> None:
        """Take what the rules remembered before a restart, as far as it fits them.

        What was between then and the first sample is not known.
        """
        distributed(keepsake, self._watches)

    def remove(self, asset: str) -> None:
        """Remove a heat pump with its alarms, which do not return to normal."""
        for watch in self._watches:
            watch.remove(asset)
        self._watches = [watch for watch in self._watches if watch.definitions]

    def _of(self, heat_pump: HeatPump) -> RuledAsset:
        return RuledAsset.of(heat_pump, self._speed, self._faults.get(heat_pump.id, {}))

    def _watch(self, assets: Sequence[RuledAsset]) -> list[Watch]:
        # A watch for each rule and not for each heat pump: one pass of arrays over 250 machines
        # costs about as much as over one.
        watches = [Watch(rule, assets, self._table, self._beat) for rule in self._rules]
        by_rule = {(watch.rule.asset, watch.rule.id): watch for watch in watches}
        for watch in watches:
            watch.give_way(by_rule.get((watch.rule.asset, watch.rule.suppressed_by or "")))
        return [watch for watch in watches if watch.definitions]

    def definitions(self) -> list[AlarmDefinition]:
        """Return every alarm that can occur: a rule on each asset that has all of its inputs."""
        return [alarm for watch in self._watches for alarm in watch.definitions]

    def advance(self, to: int) -> list[AlarmTransition]:
        """Return the alarms that have changed until a time, each at its own; in this order. [µs]

        All samples of that time must have come; one that comes later counts when it does.
        Where a rule raises, its alarms stay as they are and the log has the exception once; so it
        is for one asset whose change cannot be told. The others are evaluated as ever.
        """
        changes = []
        if self._feed.was_set_back(to):
            for watch in self._watches:
                changes += self._attempt(watch, to, known=False)
        last = self._feed.done
        for slot, samples in self._feed.slots(to):
            # Before they are there: what runs out until then does so with what was.
            changes += self._wait(min(slot, last + _SILENCE), slot)
            self._feed.apply(slot, samples)
            known = slot - last <= _SILENCE
            for watch in self._watches:
                changes += self._attempt(watch, slot, known=known)
            last = slot
        changes += self._wait(min(to, last + _SILENCE) + 1, to)
        return sorted(changes, key=lambda change: change.time)

    def _wait(self, until: int, to: int) -> list[AlarmTransition]:
        """Let time pass in which no sample comes: delays run out, windows move along."""
        changes: list[AlarmTransition] = []
        while True:
            due = [watch for watch in self._watches if watch.due is not None and watch.due < until]
            if not due:
                return changes
            watch = min(due, key=lambda watch: watch.due or 0)
            changes += self._attempt(watch, watch.due or to, known=True)

    def _attempt(self, watch: Watch, now: int, *, known: bool) -> list[AlarmTransition]:
        try:
            changes = watch.look(self._feed, now, self._failures, known=known)
        except Exception:  # noqa: BLE001 (the boundary of one rule: the others go on)
            self._failures.failed(watch.rule.id)
            watch.pause()
            return []
        self._failures.worked(watch.rule.id)
        return changes
