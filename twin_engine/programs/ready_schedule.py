"""Hot water in the heating circuit by a time of day: when to start."""

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
    """Water at a temperature at a time, once."""

    asset: str
    ready_at: int
    """[µs since the Unix epoch, UTC]"""
    target: float
    """Supply temperature. [°C]"""
    user: str
    origin: str


class Due(StrEnum):
    """What a schedule asks for now."""

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
    """Tell what to do now; without a ``lead`` a schedule waits until its time has come.

    A start that was missed (the twin was down, the device did not answer) is made up for until
    ``GRACE`` after the time: a building that is late is better than one that stays cold.
    """
    if now > schedule.ready_at + round(GRACE * MICROSECONDS):
        return Due.MISSED
    start = schedule.ready_at if lead is None else start_at(schedule, lead)
    return Due.NOW if now >= start else Due.LATER
