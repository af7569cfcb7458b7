"""Count what comes too often instead of recording each, so that nobody can fill the disk."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import is_bad
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry

FREE = 20
"""So many of a kind from one place are recorded one by one in a `WINDOW`."""
FREE_OF_ALL = 300
"""The same for all places together, as an attacker may have many."""
WINDOW = 60 * MICROSECONDS
"""[µs]"""
_MOST_PLACES = 1000
_MOST_NAMES = 10

_Place = tuple[str, bool, str, str]


@dataclass
class _Counted:
    since: int
    passed: int = 0
    held: int = 0
    names: set[str] = field(default_factory=set)
    last: AuditEntry | None = None


class AuditFlood:
    """Brake in front of the audit, for what strangers can cause without end.

    The first ones of a kind from one place pass; the rest of a minute becomes one record, with its
    number and the names that were used.
    """

    def __init__(self) -> None:
        self._places: OrderedDict[_Place, _Counted] = OrderedDict()
        self._all = _Counted(0)

    def passing(self, entry: AuditEntry) -> bool:
        """Tell whether an entry is recorded by itself; one that is not is counted."""
        if entry.time - self._all.since >= WINDOW or entry.time < self._all.since:
            self._all = _Counted(entry.time)
        counted = self._counted(entry)
        if counted.passed < FREE and self._all.passed < FREE_OF_ALL:
            counted.passed += 1
            self._all.passed += 1
            return True
        counted.held += 1
        counted.last = entry
        if len(counted.names) < _MOST_NAMES:
            counted.names.add(entry.user[:64])
        return False

    def due(self, now: int, *, all_: bool = False) -> list[AuditEntry]:
        """Return a record for each place whose minute is over, of what it did not record."""
        over = [p for p, c in self._places.items() if all_ or not 0 <= now - c.since < WINDOW]
        found = [_summary(counted) for counted in map(self._places.pop, over)]
        return [entry for entry in found if entry is not None]

    def _counted(self, entry: AuditEntry) -> _Counted:
        host = entry.origin.rpartition(":")[0] or entry.origin
        bad = is_bad(entry.status)
        # Of failures the name is a stranger's choice: it must not make a place of its own.
        place = (entry.kind, bad, host, "" if bad else entry.user)
        if place not in self._places and len(self._places) >= _MOST_PLACES:
            place = (entry.kind, bad, "many places", "")
        return self._places.setdefault(place, _Counted(entry.time))


def _summary(counted: _Counted) -> AuditEntry | None:
    if counted.last is None:
        return None
    names = ", ".join(sorted(counted.names))
    message = f"{counted.held} more within a minute, the last one: {counted.last.message}"
    return replace(counted.last, message=message, reason=f"names: {names}")
