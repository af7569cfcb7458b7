"""Make the episodes of alarms of what the alarm journal has on record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from heatpump_twin.twin_engine.alarm_report.episode import Episode
from heatpump_twin.twin_engine.historian.events.journal_entry import JournalEntry, TransitionKind

_BEGIN_HUSH = {
    TransitionKind.SHELVED: "shelved",
    TransitionKind.SUPPRESSED: "suppressed",
    TransitionKind.OUT_OF_SERVICE: "out of service",
    TransitionKind.DISABLED: "disabled",
}
_END_HUSH = {
    TransitionKind.UNSHELVED: "shelved",
    TransitionKind.UNSUPPRESSED: "suppressed",
    TransitionKind.IN_SERVICE: "out of service",
    TransitionKind.ENABLED: "disabled",
}


def episodes_of(entries: Iterable[JournalEntry]) -> list[Episode]:
    """Return every time that an alarm was active, in order of raising, from entries in order."""
    found: dict[tuple[str, int], Episode] = {}
    hushed: dict[str, set[str]] = {}
    for entry in entries:
        place, kind = (entry.key, entry.occurrence), TransitionKind(entry.kind)
        quiet = hushed.setdefault(entry.key, set())
        if kind in _BEGIN_HUSH:
            quiet.add(_BEGIN_HUSH[kind])
        elif kind in _END_HUSH:
            quiet.discard(_END_HUSH[kind])
        elif kind is TransitionKind.RAISED:
            found[place] = Episode(entry.key, entry.severity, entry.time, hushed=bool(quiet))
        elif place in found:
            found[place] = _after(found[place], kind, entry.time)
    return list(found.values())


def _after(episode: Episode, kind: TransitionKind, time: int) -> Episode:
    match kind:
        case TransitionKind.RETURNED | TransitionKind.REMOVED if episode.returned is None:
            return replace(episode, returned=time)
        case TransitionKind.ACKNOWLEDGED if episode.acknowledged is None:
            return replace(episode, acknowledged=time)
    return episode
