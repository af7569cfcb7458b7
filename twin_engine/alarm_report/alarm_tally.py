"""The figures of ISA-18.2 of now: kept up with each alarm, as points of the site."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping

import numpy as np

from heatpump_twin.config.notifications.quiet_hours import URGENT
from heatpump_twin.twin_engine.alarm import AlarmTransition
from heatpump_twin.twin_engine.alarm_report.alarm_figures import STALE
from heatpump_twin.twin_engine.alarm_report.episode import DAY, Episode
from heatpump_twin.twin_engine.alarm_report.floods import WINDOW, chattering, floods

_MOST = 100_000
"""Of the last day so many are counted."""


class AlarmTally:
    """Tally of what was raised in the last day, and of what stands."""

    def __init__(self) -> None:
        self._standing: dict[str, Episode] = {}
        self._turned: set[str] = set()
        """Alarms that were raised or returned in this run."""
        self._recent: deque[Episode] = deque(maxlen=_MOST)

    @property
    def standing(self) -> Collection[str]:
        """Keys of the alarms that stand."""
        return self._standing.keys()

    def recall(self, episodes: Iterable[Episode]) -> None:
        """Take what was before a restart, in order of time; what has come since stays behind it."""
        fresh = list(self._recent)
        known = {(e.key, e.raised) for e in fresh}
        before = [e for e in episodes if (e.key, e.raised) not in known]
        self._recent.clear()
        self._recent.extend([*(e for e in before if not e.hushed), *fresh])
        standing = {e.key: e for e in before if e.returned is None and e.key not in self._turned}
        self._standing = {**standing, **self._standing}

    def take(self, transition: AlarmTransition, *, hushed: bool = False) -> None:
        """Take an alarm that was raised or returned to normal."""
        alarm = transition.alarm
        self._turned.add(alarm.key)
        if not transition.active:
            self._standing.pop(alarm.key, None)
            return
        episode = Episode(alarm.key, alarm.severity, transition.time, hushed=hushed)
        self._standing[alarm.key] = episode
        if not hushed:
            self._recent.append(episode)

    def forget(self, asset: str) -> None:
        """Count the alarms of a heat pump that was taken out as standing no more."""
        self._standing = {k: e for k, e in self._standing.items() if e.asset != asset}

    def values(self, now: int, hushed: Collection[str] = ()) -> Mapping[str, float]:
        """Return the values of the site's points at a time, without what is hushed then. [µs]"""
        while self._recent and self._recent[0].raised < now - DAY:
            self._recent.popleft()
        recent = list(self._recent)
        raised = np.array([episode.raised for episode in recent], dtype=np.int64)
        raised.sort()
        flooded = any(flood.end > now for flood in floods(raised))
        standing = [episode for key, episode in self._standing.items() if key not in hushed]
        return {
            "alarms_standing": len(standing),
            "urgent_alarms_standing": sum(e.severity >= URGENT for e in standing),
            "stale_alarms": sum(e.lasted(now) > STALE for e in standing),
            "alarms_in_ten_minutes": int((raised > now - WINDOW).sum()),
            "alarms_in_a_day": len(recent),
            "alarm_flood": float(flooded),
            "chattering_alarms": len(chattering(recent)),
        }
