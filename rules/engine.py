"""The rule engine: evaluate rules in order of source time and return alarms that change.

What an alarm does is a function of the samples and their times alone: not of how they were bundled,
nor of when somebody asked. So a replay of recorded samples raises what was raised live.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, TypeVar

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.drivers.clock import MICROSECONDS, SHORTEST_POLL
from heatpump_twin.drivers.fault_codes import FaultCode
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.rules.feed import Feed
from heatpump_twin.rules.keepsake import Keepsake, collected, distributed
from heatpump_twin.rules.pack import Pack
from heatpump_twin.rules.phase_watch import PhaseWatch
from heatpump_twin.rules.review import reviewed
from heatpump_twin.rules.ruled_asset import RuledAsset, the_twin
from heatpump_twin.rules.setting_watch import SettingWatch
from heatpump_twin.rules.sight import sights_of
from heatpump_twin.rules.stretch import FEWEST, Slots, Stretch, in_stretches
from heatpump_twin.rules.watch import Watch
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmTransition
from heatpump_twin.twin_engine.failure_log import FailureLog
from heatpump_twin.twin_engine.happening import Happening
from heatpump_twin.twin_engine.image import Image

Faults = Mapping[str, Mapping[int, FaultCode]]
_SLOT = 0.5
"""Samples of so long a time count together. [s]"""
_FAST_SLOT = 0.5 * SHORTEST_POLL
"""On a fast clock: in real time, so that two polls of a device are never one. [s]"""
_SILENCE = 3600 * MICROSECONDS
"""Where no sample comes for longer, nothing is known of what was after this time. [µs]"""
_MOST = 100_000
"""Of what has happened so much is kept for whoever asks; the oldest is lost. [-]"""

T_co = TypeVar("T_co", covariant=True)


class _Looking(Protocol[T_co]):
    """Watch of one rule or event on all of its assets."""

    @property
    def name(self) -> str: ...

    def pause(self) -> None: ...

    def look(
        self, feed: Feed, now: int, failures: FailureLog, *, known: bool
    ) -> Sequence[T_co]: ...


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
        packs = list(packs)
        rules = {(rule.asset, rule.id): rule for pack in packs for rule in pack.rules}
        # An alarm before those that are its consequence; else in the order of the packs.
        self._rules = sorted(rules.values(), key=lambda rule: rule.suppressed_by is not None)
        self._events = {(e.asset, e.id): e for pack in packs for e in pack.events}.values()
        self._table = table
        self._failures = FailureLog("a rule cannot be evaluated", "of")
        assets = [the_twin(speed), *map(self._of, site.heat_pumps)]
        self._watches, self._phases = self._watch(assets), self._phases_of(assets)
        self._settings = SettingWatch(table)
        self._happened: deque[Happening] = deque(maxlen=_MOST)
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
        self._phases += self._phases_of([self._of(heat_pump)])

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
        for phase in self._phases:
            phase.remove(asset)
        self._phases = [phase for phase in self._phases if phase.assets]

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

    def _phases_of(self, assets: Sequence[RuledAsset]) -> list[PhaseWatch]:
        phases = [PhaseWatch(event, assets, self._table) for event in self._events]
        return [phase for phase in phases if phase.assets]

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
            changes += self._look(to, known=False)
        last = self._feed.done
        slots = list(self._feed.slots(to))
        for part in in_stretches(slots, last, len(self._table), _SILENCE):
            # Before its samples are there: what runs out until then does so with what was.
            changes += self._wait(min(part[0][0], last + _SILENCE), part[0][0])
            known = part[0][0] - last <= _SILENCE
            changes += self._go_through(part, known=known)
            last = self._feed.done
        changes += self._wait(min(to, last + _SILENCE) + 1, to)
        return sorted(changes, key=lambda change: change.time)

    def _go_through(self, slots: Slots, *, known: bool) -> list[AlarmTransition]:
        """Look at slots with no silence between them; ``known``: nor was there one before them."""
        if len(slots) >= FEWEST:
            return self._pass(Stretch(self._feed, slots))
        changes: list[AlarmTransition] = []
        for number, (slot, samples) in enumerate(slots):
            if number:
                changes += self._wait(slot, slot)
            self._feed.apply(slot, samples)
            changes += self._look(slot, known=known)
            self._happened += self._settings.look(samples, self._feed, slot)
        return changes

    def _pass(self, stretch: Stretch) -> list[AlarmTransition]:
        """Look at many slots at once: only where something can change."""
        sights = sights_of([*self._phases, *self._watches], self._settings, stretch, self._failures)
        told = reviewed(
            stretch, sights, self._feed.done, lambda s, now: self._attempt(s, now, known=True)
        )
        changes = [one for one in told if isinstance(one, AlarmTransition)]
        self._happened += (one for one in told if not isinstance(one, AlarmTransition))
        return changes

    def happened(self) -> list[Happening]:
        """Return what has happened until where `advance` has got, and was not returned before."""
        found = sorted(self._happened, key=lambda happening: happening.time)
        self._happened.clear()
        return found

    def _look(self, now: int, *, known: bool) -> list[AlarmTransition]:
        """Look at everything; what has begun or ended is kept for `happened`."""
        for phase in self._phases:
            self._happened += self._attempt(phase, now, known=known)
        return [
            change for watch in self._watches for change in self._attempt(watch, now, known=known)
        ]

    def _wait(self, until: int, to: int) -> list[AlarmTransition]:
        """Let time pass in which no sample comes: delays run out, windows move along."""
        changes: list[AlarmTransition] = []
        while True:
            waiting: list[Watch | PhaseWatch] = [*self._watches, *self._phases]
            due = [
                (watch.due, place)
                for place, watch in enumerate(waiting)
                if watch.due is not None and watch.due < until
            ]
            if not due:
                return changes
            moment, place = min(due)
            if place < len(self._watches):
                changes += self._attempt(self._watches[place], moment or to, known=True)
            else:
                phase = self._phases[place - len(self._watches)]
                self._happened += self._attempt(phase, moment or to, known=True)

    def _attempt(self, watch: _Looking[T_co], now: int, *, known: bool) -> Sequence[T_co]:
        try:
            changes = watch.look(self._feed, now, self._failures, known=known)
        except Exception:  # noqa: BLE001 (the boundary of one rule: the others go on)
            self._failures.failed(watch.name)
            watch.pause()
            return ()
        self._failures.worked(watch.name)
        return changes
