"""Watch one rule on all assets that have its inputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.rules.feed import Feed
from heatpump_twin.rules.fields import Delay
from heatpump_twin.rules.grammar.logic import Array
from heatpump_twin.rules.grammar.memory import Memory
from heatpump_twin.rules.grammar.parser import Inputs
from heatpump_twin.rules.ruled_asset import RuledAsset
from heatpump_twin.rules.schema import Rule
from heatpump_twin.rules.transitions import Turn, fixed_limits
from heatpump_twin.rules.watched_inputs import WatchedInputs, watched
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmTransition
from heatpump_twin.twin_engine.failure_log import FailureLog

_NOT_YET = -1


class Watch:
    """Watch of one rule on all assets that have its inputs: arrays of one element per asset."""

    def __init__(
        self,
        rule: Rule,
        among: Sequence[RuledAsset],
        table: PointTable,
        beat: int = 0,
    ) -> None:
        assets = watched(rule.asset, rule.points, among, table)
        self.rule = rule
        self.inputs = WatchedInputs(rule.points, rule.parameters, assets, table)
        self._faults = {asset.id: asset.faults for asset in assets}
        self.definitions = [
            rule.definition(asset.id, asset.poll, limits)
            for asset, limits in zip(
                assets, fixed_limits(rule, self.inputs.parameters, len(assets)), strict=True
            )
        ]
        self._on_delay = delays(rule.delay, assets)
        self._off_delay = delays(rule.off_delay, assets)
        self.active = np.zeros(len(assets), dtype=bool)
        self._since = np.full(len(assets), _NOT_YET, dtype=np.int64)
        self.memories: Mapping[str, Memory] = {
            text: recipe.make(len(assets)) for text, recipe in rule.recipes.items()
        }
        beats = (max(memory.beat, beat) for memory in self.memories.values())
        self._beat = min(beats, default=0)
        self.looked: int | None = None
        """When it was last looked at; None: never. [µs]"""
        self.due: int | None = None
        """When it has to be looked at again, if no sample comes before. [µs]"""
        self.untold = False
        """Whether something could not be told, which is tried again at the next look."""
        self.holds = np.zeros(len(assets), dtype=bool)
        """Whether the alarm is active, or its condition true and the delay not over."""
        self.give_way(None)

    @property
    def assets(self) -> list[str]:
        """Ids of the assets, in the order of the arrays."""
        return [alarm.asset for alarm in self.definitions]

    @property
    def parent(self) -> Watch | None:
        """Watch of the alarm of which this one is a consequence."""
        return self._parent

    def give_way(self, parent: Watch | None) -> None:
        """Raise no alarm where the one that this one is a consequence of is active."""
        self._parent = parent
        self._in_parent = self._places()

    def recall(self, active: Collection[str]) -> list[AlarmDefinition]:
        """Take alarms as active that were so; return those that were not yet."""
        was = np.array([alarm.key in active for alarm in self.definitions], dtype=bool)
        fresh = np.flatnonzero(was & ~self.active).tolist()
        self.active |= was
        return [self.definitions[i] for i in fresh]

    def remove(self, asset: str) -> None:
        """Watch an asset no more; what is known of the others stays."""
        kept = np.array([alarm.asset != asset for alarm in self.definitions], dtype=bool)
        self.definitions = [alarm for alarm in self.definitions if alarm.asset != asset]
        self.inputs.keep(kept)
        self._on_delay, self._off_delay = self._on_delay[kept], self._off_delay[kept]
        self.active, self._since = self.active[kept], self._since[kept]
        self.holds = self.holds[kept]
        for memory in self.memories.values():
            memory.keep(kept)
        self._in_parent = self._places()

    @property
    def name(self) -> str:
        """Id of the rule, for the log."""
        return self.rule.id

    def pause(self) -> None:
        """Look at it again when the next sample comes, and not before."""
        self.due = None

    def look(
        self, feed: Feed, now: int, failures: FailureLog, *, known: bool
    ) -> list[AlarmTransition]:
        """Return what has changed by now; ``known``: what was since the last look is. [µs]"""
        elapsed = 0 if self.looked is None else max(now - self.looked, 0)
        known = known and (self.looked is None or now >= self.looked)
        self.looked = now
        if not known:
            for memory in self.memories.values():
                memory.forget_inputs()
            self._since[:] = _NOT_YET
        inputs = self.inputs.of(feed, elapsed, self.memories)
        changes = self.judge(inputs, feed, now, failures)
        self.due = self._next(now)
        return changes

    def conditions(self, inputs: Inputs) -> tuple[Array, Array]:
        """Return what raises the alarm and what clears it: 1 true, 0 false, NaN unknown."""
        when = self.rule.raises.evaluate(inputs)
        return when, self.rule.clears.evaluate(inputs) if self.rule.clears else 1 - when

    def judge(
        self, inputs: Inputs, feed: Feed, now: int, failures: FailureLog
    ) -> list[AlarmTransition]:
        """Return what has changed by now, with the inputs of now. [µs]"""
        when, clear = self.conditions(inputs)
        # What is unknown (NaN) is not 1: it neither raises an alarm nor clears one.
        # Nor does it raise what it would clear at once: the alarm would come and go at each look.
        raised = (when == 1) & (clear != 1) & ~self._suppressed()
        turning = np.where(self.active, clear == 1, raised)
        # The minimum: a clock that was set back must not make a delay longer than it is.
        since = np.where(self._since == _NOT_YET, now, np.minimum(self._since, now))
        # A delay of its own in each direction, so that a value about the limit does not chatter.
        delay = np.where(self.active, self._off_delay, self._on_delay)
        over = np.ceil(since + delay).astype(np.int64)
        due = turning & (now >= over)
        changes = []
        for i in np.flatnonzero(due).tolist():
            try:
                changes.append(self._turned(i, int(over[i]), inputs, feed))
            except Exception:  # noqa: BLE001 (the boundary of one asset: the others go on)
                failures.failed(self.definitions[i].key)
                due[i] = False  # what could not be told has not happened, and is tried again
            else:
                failures.worked(self.definitions[i].key)
        # A condition that is broken off once begins its delay anew: that is what a delay is for.
        waits = turning & ~due
        self._since = np.where(waits, since, _NOT_YET)
        self.active = self.active ^ due
        self.holds = self.active | ((when == 1) & (clear != 1))
        later = waits & (over > now)
        self.untold = bool((waits & ~later).any())
        self.due = int(over[later].min()) if later.any() else None
        return changes

    def beats(self, begin: int, end: int) -> NDArray[np.int64]:
        """Return when it is looked at between two times, where no sample comes. [µs]"""
        if not self._beat:
            return np.empty(0, dtype=np.int64)
        count = np.arange(begin // self._beat + 1, -(-end // self._beat), dtype=np.int64)
        return count * self._beat

    def go_on(self, memories: Mapping[str, Memory], now: int) -> None:
        """Go on from a look at which it remembers that. [µs]"""
        self.memories, self.looked = memories, now
        self.due = self._next(now)

    def _next(self, now: int) -> int | None:
        if not self._beat:
            return self.due
        beat = (now // self._beat + 1) * self._beat
        return beat if self.due is None else min(beat, self.due)

    def _suppressed(self) -> NDArray[np.bool_]:
        """Tell where the alarm of which this one is a consequence is active, or about to be."""
        if self._parent is None:
            return np.zeros(len(self.active), dtype=bool)
        there = self._in_parent >= 0
        # Of an asset without the parent's inputs the last element is taken, and then not.
        found: NDArray[np.bool_] = there & np.append(self._parent.holds, False)[self._in_parent]
        return found

    def _places(self) -> NDArray[np.int64]:
        """Return the place of each asset in the arrays of the parent; -1: it is not there."""
        places = {} if self._parent is None else {a: i for i, a in enumerate(self._parent.assets)}
        return np.array([places.get(asset, -1) for asset in self.assets], dtype=np.int64)

    def _turned(self, i: int, time: int, inputs: Inputs, feed: Feed) -> AlarmTransition:
        shown = {p: float(feed.value[index[i]]) for p, index in self.inputs.index.items()}
        alarm = self.definitions[i]
        turn = Turn(self.rule, alarm, i, not self.active[i], time)
        return turn.told(inputs, shown, self._faults[alarm.asset])


def delays(delay: Delay, assets: Sequence[RuledAsset]) -> NDArray[np.float64]:
    """Return the delay of each asset. [µs]"""
    delays = [delay.of(asset.poll) * asset.pace * MICROSECONDS for asset in assets]
    return np.array(delays, dtype=np.float64)
