"""Who had the twin write a value, so that a change at the device can be told from one of ours."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass, replace

from heatpump_twin.config.phrase import Phrase
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.happening import SettingChange

_EARLY, _LATE = MICROSECONDS, 120 * MICROSECONDS
"""Around a write the device may show its value for the first time. [µs]"""
_MOST = 16
"""Writes of one point that are remembered."""
_ALIKE = 1e-3
"""Relative difference of values that are the same: registers hold few digits. [-]"""


@dataclass(slots=True, eq=False)
class Written:
    """A write that has gone, or is about to go, on the wire."""

    user: str
    begun: int
    values: list[float]
    """What was asked for, and what the device read back. [unit of the point]"""
    ended: int | None = None

    def shows(self, value: float, time: int) -> bool:
        """Tell whether it is this write that a device shows at a time. [µs]"""
        begins, ends = self.begun - _EARLY, math.inf if self.ended is None else self.ended + _LATE
        return begins <= time <= ends and any(
            math.isclose(value, written, rel_tol=_ALIKE, abs_tol=_ALIKE) for written in self.values
        )


class Authorship:
    """The latest writes of each point, until the device has shown them."""

    def __init__(self) -> None:
        self._writes: defaultdict[int, deque[Written]] = defaultdict(lambda: deque(maxlen=_MOST))

    def begin(self, index: int, value: float, user: str, now: int) -> Written:
        """Note that a value is about to be written to a point, until `end` of what it returns. [µs]

        The device may show it, and it be forgotten here, while the write is still under way.
        """
        written = Written(user, now, [value])
        self._writes[index].append(written)
        return written

    def end(self, written: Written, read_back: float | None, now: int) -> None:
        """Note that a write is over. [µs]"""
        written.ended = now
        if read_back is not None:
            written.values.append(read_back)

    def discard(self, index: int, written: Written) -> None:
        """Forget a write that never was: its value, if a device shows it, is somebody else's."""
        # It may have been shown, by chance, or been pushed out by later ones.
        with suppress(ValueError):
            self._writes[index].remove(written)

    def attributed(self, change: SettingChange) -> SettingChange:
        """Return a change with who made it, and say so."""
        writes = self._writes.get(change.point.index, ())
        found = next((w for w in reversed(writes) if w.shows(change.new, change.time)), None)
        if found is None:
            message = Phrase("{change}, at the device", change=change.message)
            return replace(change, message=message)
        # Shown once: who sets the same value at the device later is somebody else.
        self._writes[change.point.index].remove(found)
        message = Phrase("{change}, by {user}", change=change.message, user=found.user)
        return replace(change, user=found.user, message=message)
