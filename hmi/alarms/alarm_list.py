"""The alarm list of a person: what waits for somebody, is put away, or has just returned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from heatpump_twin.hmi.alarms.condition_report import Alarm, with_author

_KEPT_AFTER_RETURN = 100


@dataclass(slots=True)
class AlarmList:
    """Alarm list: active alarms, and those that returned to normal while one was logged in."""

    version: int = 0
    """Grows with every change."""
    current: bool = False
    """Whether it is what the server knows now; else it is the last that was known."""
    _alarms: dict[str, Alarm] = field(default_factory=dict)
    _unheard: set[str] = field(default_factory=set)
    """Keys of alarms that the refresh under way has not reported."""

    def take(self, alarm: Alarm) -> None:
        """Put the latest report of a condition into the list."""
        # Taken out and put in again, so that the oldest report comes first and is the first to
        # go.
        known = self._alarms.pop(alarm.key, None)
        self._unheard.discard(alarm.key)
        if alarm.retain or alarm.quiet or known is not None:
            self._alarms[alarm.key] = with_author(alarm, known)
            self.version += 1
        # What is put away has not gone: it must not be forgotten.
        over = [key for key, old in self._alarms.items() if not (old.retain or old.quiet)]
        for key in over[:-_KEPT_AFTER_RETURN]:
            del self._alarms[key]

    def note_put_away(self, alarm: Alarm) -> None:
        """Put in an alarm of which nobody is told, unless more is known of it already."""
        if alarm.key not in self._alarms:
            self.take(alarm)

    def age(self) -> None:
        """Mark the list as old: the server cannot be heard."""
        self.current = False
        self.version += 1

    def renew(self) -> None:
        """Have all rows told again: what they are made of has changed."""
        self.version += 1

    def begin_refresh(self) -> None:
        """Note that the server begins to report all that it retains."""
        self._unheard = {k for k, alarm in self._alarms.items() if alarm.retain or alarm.quiet}

    def end_refresh(self) -> None:
        """Note that it has reported all: what it did not is over, unnoticed by us."""
        for key in self._unheard:
            del self._alarms[key]
        self._unheard.clear()
        self.current = True
        self.version += 1

    def rows(self) -> list[Alarm]:
        """Return all alarms: what waits to be acknowledged before all else.

        Then active before returned, by severity, the newest first.
        """
        return sorted(self._alarms.values(), key=rank)

    def known(self) -> Mapping[str, Alarm]:
        """Return all alarms by their keys, in no order."""
        return self._alarms

    def active(self) -> list[Alarm]:
        """Return the alarms that need a person: active, or returned and not acknowledged."""
        return [alarm for alarm in self.rows() if alarm.waits]

    def find(self, key: str) -> Alarm | None:
        """Return the alarm of a condition."""
        return self._alarms.get(key)


def rank(alarm: Alarm) -> tuple[bool, bool, bool, int, float]:
    """Return by what alarms are in order, the least first."""
    return (
        not alarm.waits,
        alarm.acknowledged,
        not alarm.active,
        -alarm.severity,
        -_seconds(alarm.raised or alarm.time),
    )


def _seconds(time: datetime | None) -> float:
    return time.timestamp() if time else 0.0
