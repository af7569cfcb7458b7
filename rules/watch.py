"""Watch one rule on all assets that have its inputs."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.config.phrase import Phrase, joined
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.rules.feed import Feed
from heatpump_twin.rules.fields import Delay
from heatpump_twin.rules.grammar.memory import Memory
from heatpump_twin.rules.grammar.parser import Inputs
from heatpump_twin.rules.ruled_asset import RuledAsset
from heatpump_twin.rules.schema import Limits, Rule
from heatpump_twin.rules.watched_inputs import WatchedInputs, watched
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmTransition
from heatpump_twin.twin_engine.failure_log import FailureLog
from heatpump_twin.twin_engine.wording import value_text

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
        self._inputs = WatchedInputs(rule.points, rule.parameters, assets, table)
        self._faults = {asset.id: asset.faults for asset in assets}
        self.definitions = [
            rule.definition(asset.id, asset.poll, limits)
            for asset, limits in zip(assets, self._limits(len(assets)), strict=True)
        ]
        self._on_delay = delays(rule.delay, assets)
        self._off_delay = delays(rule.off_delay, assets)
        self._active = np.zeros(len(assets), dtype=bool)
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
        self.holds = np.zeros(len(assets), dtype=bool)
        """Whether the alarm is active, or its condition true and the delay not over."""
        self.give_way(None)

    @property
    def assets(self) -> list[str]:
        """Ids of the assets, in the order of the arrays."""
        return [alarm.asset for alarm in self.definitions]

    def give_way(self, parent: Watch | None) -> None:
        """Raise no alarm where the one that this one is a consequence of is active."""
        self._parent = parent
        self._in_parent = self._places()

    def recall(self, active: Collection[str]) -> list[AlarmDefinition]:
        """Take alarms as active that were so; return those that were not yet."""
        was = np.array([alarm.key in active for alarm in self.definitions], dtype=bool)
        fresh = np.flatnonzero(was & ~self._active).tolist()
        self._active |= was
        return [self.definitions[i] for i in fresh]

    def remove(self, asset: str) -> None:
        """Watch an asset no more; what is known of the others stays."""
        kept = np.array([alarm.asset != asset for alarm in self.definitions], dtype=bool)
        self.definitions = [alarm for alarm in self.definitions if alarm.asset != asset]
        self._inputs.keep(kept)
        self._on_delay, self._off_delay = self._on_delay[kept], self._off_delay[kept]
        self._active, self._since = self._active[kept], self._since[kept]
        self.holds = self.holds[kept]
        for memory in self.memories.values():
            memory.keep(kept)
        self._in_parent = self._places()

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
        inputs = self._inputs.of(feed, elapsed, self.memories)
        when = self.rule.raises.evaluate(inputs)
        clear = self.rule.clears.evaluate(inputs) if self.rule.clears else 1 - when
        # What is unknown (NaN) is not 1: it neither raises an alarm nor clears one.
        # Nor does it raise what it would clear at once: the alarm would come and go at each look.
        raised = (when == 1) & (clear != 1) & ~self._suppressed()
        turning = np.where(self._active, clear == 1, raised)
        # The minimum: a clock that was set back must not make a delay longer than it is.
        since = np.where(self._since == _NOT_YET, now, np.minimum(self._since, now))
        # A delay of its own in each direction, so that a value about the limit does not chatter.
        delay = np.where(self._active, self._off_delay, self._on_delay)
        over = np.ceil(since + delay).astype(np.int64)
        due = turning & (now >= over)
        changes = []
        for i in np.flatnonzero(due).tolist():
            try:
                changes.append(self._transition(i, not self._active[i], inputs, feed, int(over[i])))
            except Exception:  # noqa: BLE001 (the boundary of one asset: the others go on)
                failures.failed(self.definitions[i].key)
                due[i] = False  # what could not be told has not happened, and is tried again
            else:
                failures.worked(self.definitions[i].key)
        # A condition that is broken off once begins its delay anew: that is what a delay is for.
        waits = turning & ~due
        self._since = np.where(waits, since, _NOT_YET)
        self._active ^= due
        self.holds = self._active | ((when == 1) & (clear != 1))
        waits &= over > now
        self.due = self._next(now, int(over[waits].min()) if waits.any() else None)
        return changes

    def _next(self, now: int, over: int | None) -> int | None:
        if not self._beat:
            return over
        beat = (now // self._beat + 1) * self._beat
        return beat if over is None else min(beat, over)

    def _suppressed(self) -> NDArray[np.bool_]:
        """Tell where the alarm of which this one is a consequence is active, or about to be."""
        if self._parent is None:
            return np.zeros(len(self._active), dtype=bool)
        there = self._in_parent >= 0
        # Of an asset without the parent's inputs the last element is taken, and then not.
        found: NDArray[np.bool_] = there & np.append(self._parent.holds, False)[self._in_parent]
        return found

    def _places(self) -> NDArray[np.int64]:
        """Return the place of each asset in the arrays of the parent; -1: it is not there."""
        places = {} if self._parent is None else {a: i for i, a in enumerate(self._parent.assets)}
        return np.array([places.get(asset, -1) for asset in self.assets], dtype=np.int64)

    def _limits(self, count: int) -> Iterator[Limits]:
        """Yield the low and the high limit of each asset, where they never change."""
        fixed = [one for one in self.rule.compared if not one.targets]
        plate = Inputs(self._inputs.parameters, {})
        limits = {one.above: np.broadcast_to(one.limit(plate), count) for one in fixed}
        for i in range(count):
            low, high = (limits[a][i] if a in limits else None for a in (False, True))
            yield _number(low), _number(high)

    def _compared(self, i: int, inputs: Inputs) -> tuple[float | None, float | None]:
        """Return the value of an asset and the limit that it is beyond, or was."""
        found: tuple[float | None, float | None] = None, None
        for one in self.rule.compared:
            count = len(self.definitions)
            with np.errstate(divide="ignore", invalid="ignore"):
                value, limit = (
                    float(np.broadcast_to(term(inputs), count)[i])
                    for term in (one.subject, one.limit)
                )
            beyond = value > limit if one.above else value < limit
            if beyond or found == (None, None):
                found = _number(value), _number(limit)
        return found

    def _transition(
        self, i: int, active: bool, inputs: Inputs, feed: Feed, time: int
    ) -> AlarmTransition:
        alarm = self._decoded(self.definitions[i], i, feed)
        specs = CATALOGUE[self.rule.asset]
        values = [
            Phrase(
                "{point} {value}",
                point=specs[point].title,
                value=value_text(specs[point], float(feed.value[index[i]])),
            )
            for point, index in self._inputs.index.items()
        ]
        title, said = alarm.title, joined(", ", [alarm.fault] if alarm.fault else values)
        message = (
            Phrase("{alarm} ({values})", alarm=title, values=said)
            if active
            else Phrase("{alarm}: back to normal ({values})", alarm=title, values=said)
        )
        main = self.rule.inputs[0]
        value, limit = self._compared(i, inputs)
        if not self.rule.compared:
            value = _number(inputs.value[main][i])
        status = int(inputs.status[main][i])
        return AlarmTransition(alarm, active, time, message, value, limit, status)

    def _decoded(self, alarm: AlarmDefinition, i: int, feed: Feed) -> AlarmDefinition:
        """Return an alarm as the fault code of now has it."""
        if self.rule.decodes is None:
            return alarm
        code = float(feed.value[self._inputs.index[self.rule.decodes][i]])
        known = self._faults[alarm.asset].get(int(code)) if math.isfinite(code) else None
        if known is None:
            return alarm
        return replace(
            alarm,
            cause=known.cause,
            action=known.action,
            severity=known.severity,
            fault=known.text,
        )


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def delays(delay: Delay, assets: Sequence[RuledAsset]) -> NDArray[np.float64]:
    """Return the delay of each asset. [µs]"""
    delays = [delay.of(asset.poll) * asset.pace * MICROSECONDS for asset in assets]
    return np.array(delays, dtype=np.float64)
