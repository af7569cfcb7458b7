"""Ready schedule: supply water at a target temperature by a given time, and when to start."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from heatpump_twin.drivers.clock import MICROSECONDS

LONGEST_AHEAD = 7 * 86400.0
"""How far ahead a schedule may be. [s]"""
GRACE = 3600.0
"""How long after its time a start that was missed still makes sense. [s]"""


@dataclass(frozen=True, slots=True)
class ReadySchedule:
    """One schedule: supply water at ``target`` at the time ``ready_at``, once."""

    asset: str
    ready_at: int
    """[µs since the Unix epoch, UTC]"""
    target: float
    """Supply temperature. [°C]"""
    user: str
    origin: str


class Due(StrEnum):
    """State of a schedule now: later, to be started now, or missed."""

    LATER = "later"
    NOW = "now"
    MISSED = "missed"


def start_at(schedule: ReadySchedule, lead: float) -> int:
    """Return when heating has to start. [µs since the Unix epoch, UTC]

    Parameters
    ----------
    lead : float
        How long the water takes, with the reserve that makes it on time. [s]
    """
    return schedule.ready_at - round(lead * MICROSECONDS)


def due(schedule: ReadySchedule, lead: float | None, now: int) -> Due:
    """Tell whether a schedule is due; without a ``lead`` (s) it waits until its ready time.

    A start that was missed (the twin was down, the device did not answer) is made up for until
    ``GRACE`` after the time: a building that is late is better than one that stays cold.
    """
    # Missed is asked first: a twin that comes back a day later must not heat for yesterday.
    if now > schedule.ready_at + round(GRACE * MICROSECONDS):
        return Due.MISSED
    # Without a lead the ready time itself: late, but the building is not forgotten.
    start = schedule.ready_at if lead is None else start_at(schedule, lead)
    return Due.NOW if now >= start else Due.LATER
