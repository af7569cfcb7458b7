"""Watch where something that lasts begins and ends on all assets that have its inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.phrase import Phrase, joined
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import BAD
from heatpump_twin.rules.event_rule import EventRule
from heatpump_twin.rules.feed import Feed
from heatpump_twin.rules.grammar.memory import BRIDGED
from heatpump_twin.rules.ruled_asset import RuledAsset
from heatpump_twin.rules.stretch import Stretch
from heatpump_twin.rules.watch import delays
from heatpump_twin.rules.watched_inputs import WatchedInputs, watched
from heatpump_twin.twin_engine.failure_log import FailureLog
from heatpump_twin.twin_engine.happening import PhaseChange
from heatpump_twin.twin_engine.wording import duration_text, value_text

_NEVER = -1


class PhaseWatch:
    """Watch of one event on all assets that have its inputs: arrays of one element per asset.

    From unknown to true nothing begins: at a start, and after a gap, it may have begun long ago.
    """

    def __init__(self, rule: EventRule, among: Sequence[RuledAsset], table: PointTable) -> None:
        found = watched(rule.asset, rule.points, among, table)
        self.rule = rule
        self.assets = [asset.id for asset in found]
        self._inputs = WatchedInputs(rule.points, rule.holds.parameters, found, table)
        self._shown = [
            [table.by_asset[a][point].index for point in rule.shows if point in table.by_asset[a]]
            for a in self.assets
        ]
        self._table = table
        self._delay = delays(rule.delay, found)
        self._state = np.full(len(found), np.nan)
        self._begun, self._turned, self._lost = (
            np.full(len(found), _NEVER, dtype=np.int64) for _ in range(3)
        )
        self.due: int | None = None
        """When it has to be looked at again, if no sample comes before. [µs]"""

    def over(self, stretch: Stretch) -> NDArray[np.float64]:
        """Return at each slot of a stretch whether it is so: 1, 0, or NaN; shape (slots, n)."""
        row = np.arange(len(stretch.time))
        return self.rule.holds.evaluate(self._inputs.over(stretch, row, np.zeros_like(row), {}))

    @property
    def name(self) -> str:
        """Id of the event, for the log."""
        return self.rule.id

    def pause(self) -> None:
        """Look at it again when the next sample comes, and not before."""
        self.due = None

    def remove(self, asset: str) -> None:
        """Watch an asset no more; what is known of the others stays."""
        kept = np.array([other != asset for other in self.assets], dtype=bool)
        self._shown = [s for s, k in zip(self._shown, kept, strict=True) if k]
        self.assets = [other for other in self.assets if other != asset]
        self._inputs.keep(kept)
        self._delay, self._state = self._delay[kept], self._state[kept]
        self._begun, self._turned = self._begun[kept], self._turned[kept]
        self._lost = self._lost[kept]

    def look(self, feed: Feed, now: int, failures: FailureLog, *, known: bool) -> list[PhaseChange]:
        """Return what has begun and ended by now; ``known``: what was since the last look is. [µs]

        ``failures`` are those of single assets: one whose values cannot be told harms no other.
        """
        value = self.rule.holds.evaluate(self._inputs.of(feed))
        self._forget(now, value, known=known)
        news = ~np.isnan(value) & ~np.isnan(self._state) & (value != self._state)
        turned = np.where(self._turned == _NEVER, now, np.minimum(self._turned, now))
        wait = np.where(value == 1, self._delay, 0.0)
        over = np.ceil(turned + wait).astype(np.int64)
        due = news & (now >= over)
        waits = news & ~due
        self._turned = np.where(waits, turned, _NEVER)
        self.due = int(over[waits].min()) if waits.any() else None
        # Told before the state is entered: with it goes when it began.
        changes = [
            change
            for i in np.flatnonzero(due).tolist()
            if (change := self._told(i, bool(value[i]), int(over[i]), feed, failures))
        ]
        self._begun = np.where(due & (value == 1), over, np.where(due, _NEVER, self._begun))
        entered = due | (np.isnan(self._state) & ~np.isnan(value))
        self._state = np.where(entered, value, self._state)
        return changes

    def _forget(self, now: int, value: NDArray[np.float64], *, known: bool) -> None:
        """Know no more of what was unknown for too long."""
        # One lost poll ends no run.
        gap = (self._lost != _NEVER) & (now - self._lost > BRIDGED)
        if not known:
            gap = np.ones(len(gap), dtype=bool)
        self._state[gap] = np.nan
        self._begun[gap] = self._turned[gap] = _NEVER
        since = np.where(self._lost == _NEVER, now, np.minimum(self._lost, now))
        self._lost = np.where(np.isnan(value), since, _NEVER)

    def _told(
        self, i: int, begins: bool, time: int, feed: Feed, failures: FailureLog
    ) -> PhaseChange | None:
        asset = self.assets[i]
        name = f"{asset}.{self.rule.id}"
        since = None if begins or self._begun[i] == _NEVER else int(self._begun[i])
        try:
            message = self._message(i, begins, None if since is None else time - since, feed)
        except Exception:  # noqa: BLE001 (the boundary of one asset: the others go on)
            failures.failed(name)
            return None
        failures.worked(name)
        return PhaseChange(asset, self.rule.id, begins, time, message, since)

    def _message(self, i: int, begins: bool, lasted: int | None, feed: Feed) -> str:
        said: str = self.rule.begins if begins else self.rule.ends
        if lasted is not None:
            duration = duration_text(lasted / MICROSECONDS)
            said = Phrase("{event} after {duration}", event=said, duration=duration)
        values = [
            Phrase(
                "{point} {value}",
                point=self._table[index].spec.title,
                value=value_text(self._table[index].spec, float(feed.value[index])),
            )
            for index in self._shown[i]
            if not feed.status[index] & BAD
        ]
        if not values:
            return said
        return Phrase("{alarm} ({values})", alarm=said, values=joined(", ", values))
