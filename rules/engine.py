"""The rule engine: evaluate rules on the image and return alarms that change."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.config.phrase import Phrase, joined
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import BAD
from heatpump_twin.rules.expression import Inputs
from heatpump_twin.rules.pack import Pack
from heatpump_twin.rules.ruled_asset import RuledAsset, the_twin
from heatpump_twin.rules.schema import Delay, Rule
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmTransition
from heatpump_twin.twin_engine.failure_log import FailureLog
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.wording import value_text

_NOT_YET = -1


class RuleEngine:
    """Rule engine: all rules of some packs on the twin itself and on all heat pumps of a site.

    A rule of a later pack takes the place of one with the same asset and id: so a site sets its own
    limits. ``speed`` is that of the clock by which `evaluate` is told the time.
    """

    def __init__(
        self, packs: Iterable[Pack], site: Site, table: PointTable, speed: float = 1.0
    ) -> None:
        self._speed = speed
        self._rules = {(rule.asset, rule.id): rule for pack in packs for rule in pack.rules}
        self._table = table
        self._failures = FailureLog("a rule cannot be evaluated", "of")
        self._watches = self._watch([the_twin(speed), *map(self._of, site.heat_pumps)])

    def alarms_of(self, heat_pump: HeatPump) -> list[AlarmDefinition]:
        """Return every alarm that can occur on a heat pump whose points are in the table."""
        return [
            alarm for watch in self._watch([self._of(heat_pump)]) for alarm in watch.definitions
        ]

    def add(self, heat_pump: HeatPump) -> None:
        """Add a heat pump whose points are in the table."""
        self._watches += self._watch([self._of(heat_pump)])

    def recall(self, active: Collection[str]) -> list[AlarmDefinition]:
        """Take alarms as active that were so before a restart; return those that were not yet.

        They return to normal as any other: when their rule says so.
        """
        return [alarm for watch in self._watches for alarm in watch.recall(active)]

    def remove(self, asset: str) -> None:
        """Remove a heat pump with its alarms, which do not return to normal."""
        for watch in self._watches:
            watch.remove(asset)
        self._watches = [watch for watch in self._watches if watch.definitions]

    def _of(self, heat_pump: HeatPump) -> RuledAsset:
        return RuledAsset.of(heat_pump, self._speed)

    def _watch(self, assets: Sequence[RuledAsset]) -> list[_Watch]:
        # A watch for each rule and not for each heat pump: one pass of arrays over 250 machines
        # costs about as much as over one.
        watches = (_Watch(rule, assets, self._table) for rule in self._rules.values())
        return [watch for watch in watches if watch.definitions]

    def definitions(self) -> list[AlarmDefinition]:
        """Return every alarm that can occur: a rule on each asset that has all of its inputs."""
        return [alarm for watch in self._watches for alarm in watch.definitions]

    def evaluate(self, image: Image, now: int) -> list[AlarmTransition]:
        """Return the alarms that have changed. Delays are as fine as this is called often.

        Where a rule raises, its alarms stay as they are and the log has the exception once; so it
        is for one asset whose change cannot be told. The others are evaluated as ever.
        """
        return [change for watch in self._watches for change in self._attempt(watch, image, now)]

    @property
    def due(self) -> int | None:
        """When the next delay is over, if nothing changes before; None: none runs. [µs]"""
        return min((due for watch in self._watches if (due := watch.due) is not None), default=None)

    def _attempt(self, watch: _Watch, image: Image, now: int) -> list[AlarmTransition]:
        try:
            changes = watch.evaluate(image, now, self._failures)
        except Exception:  # noqa: BLE001 (the boundary of one rule: the others go on)
            self._failures.failed(watch.name)
            return []
        self._failures.worked(watch.name)
        return changes


class _Watch:
    """Watch of one rule on all assets that have its inputs: arrays of one element per asset."""

    def __init__(self, rule: Rule, among: Sequence[RuledAsset], table: PointTable) -> None:
        assets = [
            asset
            for asset in among
            if asset.kind is rule.asset
            and table.by_asset.get(asset.id, {}).keys() >= set(rule.points)
        ]
        self._rule = rule
        self.name = rule.id
        self.definitions = [_definition(rule, asset.id) for asset in assets]
        self._index = {
            point: np.array([table.by_asset[asset.id][point].index for asset in assets], dtype=int)
            for point in rule.points
        }
        self._parameters = {
            name: np.array([asset.parameters[name] for asset in assets], dtype=np.float64)
            for name in rule.parameters
        }
        self._on_delay = _delays(rule.delay, assets)
        self._off_delay = _delays(rule.off_delay, assets)
        self._active = np.zeros(len(assets), dtype=bool)
        self._since = np.full(len(assets), _NOT_YET, dtype=np.int64)

    @property
    def due(self) -> int | None:
        waits = self._since != _NOT_YET
        if not waits.any():
            return None
        delay = np.where(self._active, self._off_delay, self._on_delay)
        return math.ceil(float((self._since + delay)[waits].min()))

    def recall(self, active: Collection[str]) -> list[AlarmDefinition]:
        was = np.array([alarm.key in active for alarm in self.definitions], dtype=bool)
        fresh = np.flatnonzero(was & ~self._active).tolist()
        self._active |= was
        return [self.definitions[i] for i in fresh]

    def remove(self, asset: str) -> None:
        kept = np.array([alarm.asset != asset for alarm in self.definitions], dtype=bool)
        self.definitions = [alarm for alarm in self.definitions if alarm.asset != asset]
        self._index = {point: index[kept] for point, index in self._index.items()}
        self._parameters = {name: value[kept] for name, value in self._parameters.items()}
        self._on_delay, self._off_delay = self._on_delay[kept], self._off_delay[kept]
        self._active, self._since = self._active[kept], self._since[kept]

    def evaluate(self, image: Image, now: int, failures: FailureLog) -> list[AlarmTransition]:
        inputs = self._inputs(image)
        when = self._rule.when.evaluate(inputs)
        clear = self._rule.clear.evaluate(inputs) if self._rule.clear else 1 - when
        # What is unknown (NaN) is not 1: it neither raises an alarm nor clears one.
        turning = np.where(self._active, clear == 1, when == 1)
        # The minimum: a clock that was set back must not make a delay longer than it is.
        since = np.where(self._since == _NOT_YET, now, np.minimum(self._since, now))
        # A delay of its own in each direction, so that a value about the limit does not chatter.
        delay = np.where(self._active, self._off_delay, self._on_delay)
        due = turning & (now - since >= delay)
        changes = []
        for i in np.flatnonzero(due).tolist():
            try:
                changes.append(self._transition(i, not self._active[i], image, now))
            except Exception:  # noqa: BLE001 (the boundary of one asset: the others go on)
                failures.failed(self.definitions[i].key)
                due[i] = False  # what could not be told has not happened, and is tried again
            else:
                failures.worked(self.definitions[i].key)
        # A condition that is broken off once begins its delay anew: that is what a delay is for.
        self._since = np.where(turning & ~due, since, _NOT_YET)
        self._active ^= due
        return changes

    def _inputs(self, image: Image) -> Inputs:
        status = {point: image.status[index] for point, index in self._index.items()}
        value = {
            point: np.where(status[point] & BAD, np.nan, image.value[index])
            for point, index in self._index.items()
        }
        return Inputs(value | self._parameters, status)

    def _transition(self, i: int, active: bool, image: Image, now: int) -> AlarmTransition:
        alarm = self.definitions[i]
        specs = CATALOGUE[self._rule.asset]
        values = [
            Phrase(
                "{point} {value}",
                point=specs[point].title,
                value=value_text(specs[point], float(image.value[index[i]])),
            )
            for point, index in self._index.items()
        ]
        title, said = alarm.title, joined(", ", values)
        message = (
            Phrase("{alarm} ({values})", alarm=title, values=said)
            if active
            else Phrase("{alarm}: back to normal ({values})", alarm=title, values=said)
        )
        return AlarmTransition(alarm, active, now, message)


def _definition(rule: Rule, asset: str) -> AlarmDefinition:
    return AlarmDefinition(
        asset,
        rule.id,
        rule.title,
        rule.severity,
        rule.cause,
        rule.action,
        rule.points,
        rule.health,
    )


def _delays(delay: Delay, assets: Sequence[RuledAsset]) -> NDArray[np.float64]:
    """Return the delay of each asset. [µs]"""
    delays = [delay.of(asset.poll) * asset.pace * MICROSECONDS for asset in assets]
    return np.array(delays, dtype=np.float64)
