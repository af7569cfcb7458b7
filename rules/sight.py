"""What rules and events see over a stretch: when they have to look, and with which inputs.

Live, a rule looks at each slot. Where slots are there in numbers, its conditions are evaluated at
all of them at once, as arrays over time; then it looks only where they change, where a delay runs
out, or where the alarm is raised or cleared that explains it. At all other moments a look would
change nothing, and so the outcome is the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.rules.feed import Feed
from heatpump_twin.rules.grammar.memory import Memory
from heatpump_twin.rules.grammar.parser import Inputs
from heatpump_twin.rules.phase_watch import PhaseWatch
from heatpump_twin.rules.setting_watch import SettingWatch
from heatpump_twin.rules.stretch import Stretch, differs
from heatpump_twin.rules.watch import Watch
from heatpump_twin.twin_engine.alarm import AlarmTransition
from heatpump_twin.twin_engine.failure_log import FailureLog
from heatpump_twin.twin_engine.happening import Happening

NEVER = 2**62
Told = AlarmTransition | Happening
Looking = Watch | PhaseWatch


class Sight(Protocol):
    """What is seen over a stretch."""

    name: str
    """For the log."""
    depends: bool
    """Whether what others do decides when it looks."""

    def next(self, now: int) -> int:
        """Return the first moment after one at which it has to look. [µs]"""
        ...

    def look(self, feed: Feed, now: int, failures: FailureLog, *, known: bool) -> Sequence[Told]:
        """Return what has changed by now. [µs]"""
        ...

    def pause(self) -> None:
        """Look again when something changes."""

    def leave(self) -> None:
        """Go on live from the end of the stretch."""


def sights_of(
    watches: Sequence[Looking], settings: SettingWatch, stretch: Stretch, failures: FailureLog
) -> list[Sight]:
    """Return what rules, events and settings see, in this order."""
    return [
        *(_sight(watch, stretch, failures) for watch in watches),
        _OfSettings(settings, stretch),
    ]


def _sight(watch: Looking, stretch: Stretch, failures: FailureLog) -> Sight:
    try:
        return _OfAlarm(watch, stretch) if isinstance(watch, Watch) else _OfPhase(watch, stretch)
    except Exception:  # noqa: BLE001 (the boundary of one rule: the others go on)
        failures.failed(watch.name)
        # Live it fails at each slot, and may do so at some of them only.
        return _AtEachSlot(watch, stretch)


class _AtEachSlot:
    """Looks at each slot, as live."""

    depends = False

    def __init__(self, watch: Looking, stretch: Stretch) -> None:
        self.name, self._watch = watch.name, watch
        self._moments: list[int] = stretch.time.tolist()

    def next(self, now: int) -> int:
        due = self._watch.due
        return min(_first(self._moments, now), NEVER if due is None else due)

    def pause(self) -> None:
        self._watch.pause()

    def look(self, feed: Feed, now: int, failures: FailureLog, *, known: bool) -> Sequence[Told]:
        return self._watch.look(feed, now, failures, known=known)

    def leave(self) -> None:
        """Nothing: it has been live."""


class _OfPhase(_AtEachSlot):
    """Looks where a condition of an event is not what it was."""

    def __init__(self, phase: PhaseWatch, stretch: Stretch) -> None:
        super().__init__(phase, stretch)
        self._moments = stretch.time[_changes(phase.over(stretch))].tolist()


class _OfSettings:
    """Looks where a setting may have changed."""

    name = "settings"
    depends = False

    def __init__(self, settings: SettingWatch, stretch: Stretch) -> None:
        self._settings, self._stretch = settings, stretch
        self._moments: list[int] = stretch.time[settings.may_change(stretch)].tolist()

    def next(self, now: int) -> int:
        return _first(self._moments, now)

    def pause(self) -> None:
        """Nothing: it waits for no time."""

    def look(self, feed: Feed, now: int, failures: FailureLog, *, known: bool) -> Sequence[Told]:  # noqa: ARG002
        return self._settings.look(self._stretch.samples_at(now), feed, now)

    def leave(self) -> None:
        """Nothing: it remembers what it has seen."""


class _OfAlarm:
    """Looks where the conditions of a rule are not what they were.

    What remembers is looked at at its beats as well, and its memories are gone through in a copy:
    what they told at each moment is kept here.
    """

    def __init__(self, watch: Watch, stretch: Stretch) -> None:
        self.name, self._watch, self._stretch = watch.name, watch, stretch
        self.depends = watch.parent is not None
        begin = int(stretch.time[0])
        self._looked = begin if watch.looked is None else watch.looked
        self._explained: NDArray[np.bool_] | None = None
        self._evaluate(np.union1d(stretch.time, watch.beats(begin, stretch.end)))

    def next(self, now: int) -> int:
        watch = self._watch
        if watch.untold or self._is_explained_anew():
            return _first(self._moments, now)
        # An alarm that is not active is not cleared.
        moments = self._changes if watch.active.any() else self._raising
        return min(_first(moments, now), NEVER if watch.due is None else watch.due)

    def pause(self) -> None:
        self._watch.pause()

    def look(self, feed: Feed, now: int, failures: FailureLog, *, known: bool) -> Sequence[Told]:  # noqa: ARG002
        parent = self._watch.parent
        self._explained = None if parent is None else parent.holds
        return self._watch.judge(self._at(now), feed, now, failures)

    def leave(self) -> None:
        self._watch.go_on(self._memories, self._stretch.end)

    def _is_explained_anew(self) -> bool:
        """Tell whether the alarm that explains this one was raised or cleared since the look."""
        parent = self._watch.parent
        if parent is None or parent.holds is self._explained:
            return False
        return self._explained is None or not np.array_equal(parent.holds, self._explained)

    def _evaluate(self, moments: NDArray[np.int64]) -> None:
        watch = self._watch
        self._moments: list[int] = moments.tolist()
        self._memories: Mapping[str, Memory] = {
            text: memory.copy() for text, memory in watch.memories.items()
        }
        row = np.searchsorted(self._stretch.time, moments, side="right") - 1
        elapsed = np.diff(moments, prepend=self._looked)
        self._inputs = watch.inputs.over(self._stretch, row, elapsed, self._memories)
        when, clear = watch.conditions(self._inputs)
        raising = _changes(((when == 1) & (clear != 1)).astype(np.float64))
        clearing = _changes((clear == 1).astype(np.float64))
        self._raising: list[int] = moments[raising].tolist()
        self._changes: list[int] = moments[raising | clearing].tolist()

    def _at(self, now: int) -> Inputs:
        """Return the inputs of a moment, with what the memories told then."""
        place = bisect_right(self._moments, now) - 1
        if self._memories and self._moments[place] != now:
            # A delay runs out between two looks, and a window has moved since.
            place += 1
            self._evaluate(np.insert(np.array(self._moments, dtype=np.int64), place, now))
        seen, fixed = self._inputs, self._watch.inputs.parameters
        value = {p: x if p in fixed else x[place] for p, x in seen.value.items()}
        status = {p: x[place] for p, x in seen.status.items()}
        return Inputs(value, status, told={text: x[place] for text, x in seen.told.items()})


def _changes(rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which rows are not as the one before; the first: nothing is known of what was."""
    return np.append(True, differs(rows))


def _first(moments: list[int], now: int) -> int:
    """Return the first of some moments that is later than one. [µs]"""
    place = bisect_right(moments, now)
    return moments[place] if place < len(moments) else NEVER
