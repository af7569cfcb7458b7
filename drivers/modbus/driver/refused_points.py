"""The points that a device refuses: how often, since when, and which to ask for again now."""

from __future__ import annotations

from dataclasses import dataclass

from heatpump_twin.drivers.modbus.driver.block_inquiry import is_silence
from heatpump_twin.drivers.protocol import LinkError

ABSENT_AFTER = 3
"""Refusals in a row, each alone and while others were answered, until a point counts as absent."""
_SOON = 2
"""Polls between two attempts to read one of the absent points."""
_LONG = 600.0
"""Time for which absent points are asked for so soon. [s]"""
_COST = 10.0
"""Time-outs from one attempt to the next where the device keeps silent instead of refusing."""


@dataclass
class PointRefusal:
    """What came instead of a point's value."""

    error: LinkError
    since: float
    """[s], by the loop's clock"""
    times: int = 1

    @property
    def is_absent(self) -> bool:
        """Whether it was refused so often that the point counts as absent."""
        return self.times >= ABSENT_AFTER

    @property
    def is_silence(self) -> bool:
        """Whether the device did not even refuse."""
        return is_silence(self.error)


class RefusedPoints:
    """The refused points of one device, and when it is time to ask for them.

    ``timeout`` is what a silent one costs, ``seldom`` the time between attempts once points have
    been absent for long. [s]
    """

    def __init__(self, timeout: float, seldom: float) -> None:
        self.by_name: dict[str, PointRefusal] = {}
        """The one that was asked for longest ago first."""
        self._timeout = timeout
        self._seldom = seldom
        self._polls = 0
        self._asked_at = 0.0

    def note(self, point: str, error: LinkError, now: float) -> PointRefusal:
        """Record that a point was refused, alone and while others were answered."""
        refusal = self.by_name.pop(point, None)
        if refusal is None:
            refusal = PointRefusal(error, now)
        else:
            refusal.error = error
            refusal.times += 1
        self.by_name[point] = refusal
        return refusal

    def due(self, now: float) -> list[str]:
        """Return the points to ask for at the end of this poll."""
        self._polls += 1
        doubted = [name for name, refusal in self.by_name.items() if not refusal.is_absent]
        absent = next((name for name, r in self.by_name.items() if r.is_absent), None)
        if absent is None or not self._is_time(self.by_name[absent], now):
            return doubted
        self._polls, self._asked_at = 0, now
        return [*doubted, absent]

    def _is_time(self, refusal: PointRefusal, now: float) -> bool:
        ago = now - self._asked_at
        if now - refusal.since > _LONG and ago < self._seldom:
            return False
        if refusal.is_silence and ago < _COST * self._timeout:
            return False
        return self._polls >= _SOON
